"""OpenAPI, version 3 and version 2."""

import json

import pytest

from pylae.apimachinery import openapi, openapi_v2
from pylae.apimachinery.failure import Failure
from pylae.apimachinery.openapi_v2 import _GNOSTIC
from pylae.apimachinery.registry import REGISTRY

GVK = "x-kubernetes-group-version-kind"
PLACES = [(group, version) for group in REGISTRY.groups() for version in REGISTRY.versions(group)]
STRATEGIC = "application/strategic-merge-patch+json"


def document(group, version):
    return json.loads(openapi.document(REGISTRY, group, version))


def references(value):
    if isinstance(value, dict):
        for key, member in value.items():
            if key == "$ref":
                yield member
            else:
                yield from references(member)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_the_index_leads_to_every_document_by_a_url_that_changes_with_it():
    paths = openapi.index(REGISTRY)["paths"]
    assert {"api/v1", "apis/networking.istio.io/v1", "apis/apps/v1"} <= paths.keys()
    digest = openapi.document_hash(REGISTRY, "networking.istio.io", "v1")
    url = f"/openapi/v3/apis/networking.istio.io/v1?hash={digest}"
    assert paths["apis/networking.istio.io/v1"] == {"serverRelativeURL": url}
    assert len({entry["serverRelativeURL"].partition("hash=")[2] for entry in paths.values()}) == len(paths)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_every_reference_of_a_document_leads_somewhere(place):
    found = document(*place)
    schemas = {f"#/components/schemas/{name}" for name in found["components"]["schemas"]}
    assert set(references(found)) <= schemas


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_every_kind_has_its_schema_under_its_name(place):
    kinds = [schema[GVK] for schema in document(*place)["components"]["schemas"].values() if GVK in schema]
    served = REGISTRY.served(*place)
    assert kinds == [[{"group": r.group, "version": place[1], "kind": r.kind}] for r in served]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_every_patch_lists_the_parameters_without_which_kubectl_validates_by_itself(place):
    patches = [item["patch"] for item in document(*place)["paths"].values() if "patch" in item]
    assert len(patches) == len([r for r in REGISTRY.served(*place) if not r.virtual])
    for patch in patches:
        parameters = {parameter["name"] for parameter in patch["parameters"]}
        assert parameters == {"dryRun", "fieldManager", "fieldValidation", "force"}
        assert "application/merge-patch+json" in patch["requestBody"]["content"]
        assert patch[GVK]["version"] == place[1]


@pytest.mark.parametrize(
    ("place", "path", "strategic"),
    [
        (("", "v1"), "/api/v1/namespaces/{namespace}/secrets/{name}", True),
        (("", "v1"), "/api/v1/namespaces/{name}", True),
        (("", "v1"), "/api/v1/namespaces/{namespace}/pods/{name}", False),
        (("apps", "v1"), "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", False),
        (("networking.istio.io", "v1"), "/apis/networking.istio.io/v1/namespaces/{namespace}/gateways/{name}", False),
    ],
)
def test_strategic_patches_are_told_of_only_where_the_schema_says_how_to_make_them(place, path, strategic):
    assert (STRATEGIC in document(*place)["paths"][path]["patch"]["requestBody"]["content"]) is strategic


def test_clients_learn_the_merge_keys_from_the_schema():
    schemas = document("", "v1")["components"]["schemas"]
    ports = schemas["io.k8s.api.core.v1.Service"]["properties"]["spec"]["properties"]["ports"]
    assert (ports["x-kubernetes-patch-merge-key"], ports["x-kubernetes-patch-strategy"]) == ("port", "merge")
    metadata = schemas["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]["properties"]
    assert metadata["finalizers"]["x-kubernetes-patch-strategy"] == "merge"
    assert "x-kubernetes-patch-merge-key" not in metadata["finalizers"]
    assert metadata["ownerReferences"]["x-kubernetes-patch-merge-key"] == "uid"


def test_names_of_schemas_are_those_of_kubernetes():
    assert (
        "io.istio.networking.v1alpha3.Gateway" in document("networking.istio.io", "v1alpha3")["components"]["schemas"]
    )
    assert "io.k8s.api.apps.v1.Deployment" in document("apps", "v1")["components"]["schemas"]


def test_fields_are_described_for_kubectl_explain():
    gateway = document("networking.istio.io", "v1")["components"]["schemas"]["io.istio.networking.v1.Gateway"]
    assert gateway["description"]
    assert gateway["properties"]["spec"]["properties"]["servers"]["description"]


def test_reviews_are_only_posted():
    paths = document("authorization.k8s.io", "v1")["paths"]
    assert list(paths["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"]) == ["post"]


def test_a_document_that_is_not_served_is_not_found():
    with pytest.raises(Failure) as refused:
        openapi.document(REGISTRY, "none.example", "v1")
    assert refused.value.code == 404


def gnostic():
    return _GNOSTIC.classes["Document"].FromString(openapi_v2.protobuf(REGISTRY))


def extensions(owner):
    return {extension.name: json.loads(extension.value.yaml) for extension in owner.vendor_extension}


def test_version_2_has_every_typed_kind_in_every_version():
    swagger = openapi_v2.swagger(REGISTRY)
    assert swagger["swagger"] == "2.0"
    kinds = [kind for schema in swagger["definitions"].values() for kind in schema.get(GVK, [])]
    typed = [r for r in REGISTRY if not (r.strategic and openapi.is_open(r))]
    served = [(r.group, version, r.kind) for r in typed for version in r.versions]
    assert [(kind["group"], kind["version"], kind["kind"]) for kind in kinds] == served
    assert {ref.removeprefix("#/definitions/") for ref in references(swagger)} <= swagger["definitions"].keys()


def test_the_protobuf_form_says_the_same_as_the_json_form():
    message, swagger = gnostic(), openapi_v2.swagger(REGISTRY)
    assert (message.swagger, message.info.title) == ("2.0", "Pylae")
    schemas = {named.name: named.value for named in message.definitions.additional_properties}
    assert schemas.keys() == swagger["definitions"].keys()
    for name, schema in schemas.items():
        assert_same(schema, swagger["definitions"][name])


def assert_same(message, schema):
    assert list(message.type.value) == ([schema["type"]] if "type" in schema else [])
    assert message._ref == schema.get("$ref", "")
    assert message.description == schema.get("description", "")
    assert list(message.required) == schema.get("required", [])
    assert extensions(message) == {key: value for key, value in schema.items() if key.startswith("x-kubernetes-")}
    members = {named.name: named.value for named in message.properties.additional_properties}
    assert members.keys() == schema.get("properties", {}).keys()
    for name, member in members.items():
        assert_same(member, schema["properties"][name])
    if "items" in schema:
        (item,) = message.items.schema
        assert_same(item, schema["items"])
    if "additionalProperties" in schema:
        assert_same(message.additional_properties.schema, schema["additionalProperties"])


def test_old_clients_find_the_patch_operation_of_each_kind():
    found = {}
    for named in gnostic().paths.path:
        patch = named.value.patch
        kind = extensions(patch)[GVK]
        found[kind["kind"], kind["version"]] = patch
    assert STRATEGIC in found["Secret", "v1"].consumes
    assert STRATEGIC not in found["Gateway", "v1alpha3"].consumes
    names = [p.parameter.non_body_parameter.query_parameter_sub_schema.name for p in found["Gateway", "v1"].parameters]
    assert {"dryRun", "fieldValidation"} <= set(names)


def test_arrays_of_version_2_have_exactly_one_kind_of_item():
    def walk(schema):
        assert schema.get("type") != "array" or "items" in schema
        for below in [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]:
            if below is not None:
                walk(below)

    for schema in openapi_v2.swagger(REGISTRY)["definitions"].values():
        walk(schema)


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("io.k8s.api.core.v1.Service", True),
        ("io.istio.networking.v1alpha3.Gateway", True),
        ("io.k8s.api.apps.v1.Deployment", False),
        ("io.k8s.api.core.v1.Pod", False),
    ],
)
def test_version_2_hides_schemas_that_would_crash_kubectl_1_20(name, there):
    """It computes strategic merge patches by any schema it finds, and an open one has nothing to go by."""
    assert (name in openapi_v2.swagger(REGISTRY)["definitions"]) is there
