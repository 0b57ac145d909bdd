"""What clients find out about a server before they ask it for anything."""

import pytest

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
V3 = "application/json"


async def test_the_core_versions(api):
    reply = await api("GET", "/api")
    assert (reply.json["kind"], reply.json["versions"]) == ("APIVersions", ["v1"])


async def test_the_groups(api):
    groups = {group["name"]: group for group in (await api("GET", "/apis")).json["groups"]}
    istio = groups["networking.istio.io"]
    assert {version["version"] for version in istio["versions"]} == {"v1", "v1beta1", "v1alpha3"}
    assert istio["preferredVersion"] == {"groupVersion": "networking.istio.io/v1", "version": "v1"}
    assert {"apps", "discovery.k8s.io", "coordination.k8s.io", "events.k8s.io", "apiextensions.k8s.io"} <= groups.keys()


async def test_one_group(api):
    reply = await api("GET", "/apis/networking.istio.io")
    assert (reply.json["kind"], reply.json["name"]) == ("APIGroup", "networking.istio.io")


async def test_the_resources_of_a_version(api):
    reply = await api("GET", "/apis/networking.istio.io/v1")
    assert (reply.json["kind"], reply.json["groupVersion"]) == ("APIResourceList", "networking.istio.io/v1")
    named = {resource["name"]: resource for resource in reply.json["resources"]}
    gateway = named["gateways"]
    assert (gateway["kind"], gateway["singularName"], gateway["namespaced"]) == ("Gateway", "gateway", True)
    assert (gateway["shortNames"], gateway["categories"]) == (["gw"], ["istio-io", "networking-istio-io"])
    assert set(gateway["verbs"]) == {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
    assert set(named["gateways/status"]["verbs"]) == {"get", "patch", "update"}


@pytest.mark.parametrize(
    ("plural", "kind", "short", "namespaced"),
    [
        ("namespaces", "Namespace", ["ns"], False),
        ("configmaps", "ConfigMap", ["cm"], True),
        ("secrets", "Secret", None, True),
        ("services", "Service", ["svc"], True),
        ("serviceaccounts", "ServiceAccount", ["sa"], True),
        ("events", "Event", ["ev"], True),
        ("pods", "Pod", ["po"], True),
        ("nodes", "Node", ["no"], False),
        ("endpoints", "Endpoints", ["ep"], True),
    ],
)
async def test_a_core_resource(api, plural, kind, short, namespaced):
    named = {resource["name"]: resource for resource in (await api("GET", "/api/v1")).json["resources"]}
    found = named[plural]
    assert (found["kind"], found.get("shortNames"), found["namespaced"]) == (kind, short, namespaced)


async def test_all_at_once(api):
    for path, group in (("/api", ""), ("/apis", "networking.istio.io")):
        reply = await api("GET", path, Accept=f"{AGGREGATED},application/json")
        assert reply.json["kind"] == "APIGroupDiscoveryList"
        assert reply.headers["Content-Type"] == AGGREGATED
        found = {item["metadata"].get("name", ""): item for item in reply.json["items"]}[group]
        version = found["versions"][0]
        assert version["version"] == "v1"
        resource = {each["resource"]: each for each in version["resources"]}["services" if not group else "gateways"]
        assert (resource["scope"], resource["responseKind"]["kind"]) == (
            "Namespaced",
            "Gateway" if group else "Service",
        )
        assert "status" in {each["subresource"] for each in resource["subresources"]}


async def test_all_at_once_may_be_asked_again_cheaply(api):
    first = await api("GET", "/apis", Accept=AGGREGATED)
    again = await api("GET", "/apis", Accept=AGGREGATED, If_None_Match=first.headers["Etag"])
    assert (again.status, again.body) == (304, b"")


async def test_the_schemas_are_listed_with_addresses_that_may_be_kept(api):
    paths = (await api("GET", "/openapi/v3")).json["paths"]
    assert {"api/v1", "apis/networking.istio.io/v1", "apis/apps/v1"} <= paths.keys()
    address = paths["apis/networking.istio.io/v1"]["serverRelativeURL"]
    assert address.startswith("/openapi/v3/apis/networking.istio.io/v1?hash=")
    reply = await api("GET", address, Accept=V3)
    assert "immutable" in reply.headers["Cache-Control"]
    assert reply.json["openapi"].startswith("3.")


async def test_a_schema_knows_its_kind_and_how_it_is_patched(api):
    document = (await api("GET", "/openapi/v3/apis/networking.istio.io/v1")).json
    kinds = {
        mark["kind"]: schema
        for schema in document["components"]["schemas"].values()
        for mark in schema.get("x-kubernetes-group-version-kind", ())
        if mark["version"] == "v1" and mark["group"] == "networking.istio.io"
    }
    assert {"Gateway", "VirtualService"} <= kinds.keys()
    assert "hosts" in kinds["VirtualService"]["properties"]["spec"]["properties"]
    path = document["paths"]["/apis/networking.istio.io/v1/namespaces/{namespace}/gateways/{name}"]
    assert "fieldValidation" in {parameter["name"] for parameter in path["patch"]["parameters"]}
    assert path["patch"]["x-kubernetes-group-version-kind"]["kind"] == "Gateway"


async def test_the_old_schema_has_both_forms(api):
    reply = await api("GET", "/openapi/v2", Accept="application/json")
    assert (reply.status, reply.json["swagger"]) == (200, "2.0")
    compact = await api("GET", "/openapi/v2", Accept="application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
    assert compact.status == 200
    assert compact.body[:1] == b"\n"


async def test_the_version(api):
    version = (await api("GET", "/version")).json
    assert (version["major"], version["minor"].isdigit(), version["gitVersion"][:3]) == ("1", True, "v1.")


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/readyz/ping", "/livez/ping"])
async def test_it_says_that_it_is_well(api, path):
    reply = await api("GET", path)
    assert (reply.status, reply.body) == (200, b"ok")


async def test_it_says_at_length_that_it_is_well(api):
    reply = await api("GET", "/readyz?verbose")
    assert reply.body.startswith(b"[+]ping ok")
    assert b"readyz check passed" in reply.body


async def test_the_root_names_its_paths(api):
    paths = (await api("GET", "/")).json["paths"]
    assert {"/api", "/apis", "/openapi/v3", "/version", "/readyz"} <= set(paths)
