"""Kinds that users define: established, served in their versions, shown, and gone with their objects."""

import pytest
from custom import DEFINITIONS, a_group, condition, definition, version
from rest import PATCH, TABLE, told

SIZE = {"type": "object", "properties": {"size": {"type": "integer"}, "name": {"type": "string"}}}


async def test_a_definition_is_accepted_and_established(define):
    kind = await define()
    made = await kind.definition()
    assert condition(made, "NamesAccepted")["reason"] == "NoConflicts"
    assert condition(made, "Established")["reason"] == "InitialNamesAccepted"
    assert made["status"]["acceptedNames"] == {
        "kind": "Widget",
        "listKind": "WidgetList",
        "plural": "widgets",
        "singular": "widget",
    }
    assert made["status"]["storedVersions"] == ["v1"]
    assert made["spec"]["names"] == made["status"]["acceptedNames"]
    assert made["spec"]["conversion"] == {"strategy": "None"}


async def test_objects_live_like_any_other(define, api):
    kind = await define()
    made = await kind.create(spec={"any": "thing"})
    assert (made.status, made.json["metadata"]["generation"]) == (201, 1)
    patched = await api.patch(kind.path("a"), {"spec": {"any": "other"}})
    assert patched.json["metadata"]["generation"] == 2
    listed = await api("GET", kind.path())
    assert (listed.json["kind"], listed.names) == ("WidgetList", ["a"])
    async with api.watch(kind.path(), f"resourceVersion={made.version}") as events:
        await api("DELETE", kind.path("a"))
        assert told(await events.take(2)) == [("MODIFIED", "a"), ("DELETED", "a")]


async def test_discovery_and_schemas_show_the_kind(define, api, eventually):
    kind = await define(version(spec=SIZE), names={"shortNames": ["wdg"], "categories": ["all"]})
    named = {each["name"]: each for each in (await api("GET", f"/apis/{kind.group}/v1")).json["resources"]}
    assert (named["widgets"]["shortNames"], named["widgets"]["categories"]) == (["wdg"], ["all"])

    async def has_schema():
        reply = await api("GET", f"/openapi/v3/apis/{kind.group}/v1")
        return reply.status == 200 and b'"size"' in reply.body

    await eventually(has_schema)


async def test_a_cluster_wide_kind(define, api):
    kind = await define(scope="Cluster")
    path = f"/apis/{kind.group}/v1/widgets"
    assert (await api("POST", path, kind.widget())).status == 201
    assert (await api("GET", kind.path())).status == 404
    await api("DELETE", f"{path}/a")


async def test_several_versions_show_the_same_object(define, api):
    kind = await define(
        version("v2", SIZE), version("v1", SIZE, storage=False), version("v1alpha1", served=False, storage=False)
    )
    await kind.create(spec={"size": 1})
    old = (await api("GET", kind.path("a", version="v1"))).json
    assert (old["apiVersion"], old["spec"]) == (f"{kind.group}/v1", {"size": 1})
    assert (await api("GET", kind.path("a", version="v1alpha1"))).status == 404
    group = (await api("GET", f"/apis/{kind.group}")).json
    assert [each["version"] for each in group["versions"]] == ["v2", "v1"]


async def test_a_deprecated_version_warns(define, api):
    kind = await define(
        version("v1"),
        version("v1beta1", storage=False, deprecated=True),
        version("v1alpha1", storage=False, deprecated=True, deprecationWarning="use v1"),
    )
    assert (await api("GET", kind.path(version="v1"))).warnings == []
    (warned,) = (await api("GET", kind.path(version="v1beta1"))).warnings
    assert warned == f"{kind.group}/v1beta1 Widget is deprecated; use {kind.group}/v1 Widget"
    assert (await api("GET", kind.path(version="v1alpha1"))).warnings == ["use v1"]


async def test_columns_of_its_own(define, api):
    columns = [
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
        {"name": "Names", "type": "string", "jsonPath": ".spec.names", "priority": 1},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    kind = await define(version(additionalPrinterColumns=columns))
    ready = {"conditions": [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True"}]}
    await kind.create(spec={"size": 3, "names": ["a", "b"]}, status=ready)
    await kind.create("b", spec={})
    table = (await api("GET", kind.path(), Accept=TABLE)).json
    assert [(each["name"], each["priority"]) for each in table["columnDefinitions"]] == [
        ("Name", 0),
        ("Size", 0),
        ("Ready", 0),
        ("Names", 1),
        ("Age", 0),
    ]
    assert [row["cells"][:4] for row in table["rows"]] == [["a", 3, "True", '["a","b"]'], ["b", None, None, None]]


async def test_without_columns_there_is_the_age(define, api):
    kind = await define()
    await kind.create()
    table = (await api("GET", kind.path(), Accept=TABLE)).json
    assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "Age"]


async def test_a_status_apart(define, api):
    kind = await define(version(subresources={"status": {}}))
    made = await kind.create(spec={"a": 1}, status={"b": 2})
    assert "status" not in made.json
    reply = await api.patch(kind.path("a", "/status"), {"spec": {"a": 9}, "status": {"b": 3}})
    assert (reply.json["spec"], reply.json["status"], reply.json["metadata"]["generation"]) == ({"a": 1}, {"b": 3}, 1)


async def test_without_a_status_apart_it_is_a_field(define, api):
    kind = await define()
    made = await kind.create(status={"b": 2})
    assert made.json["status"] == {"b": 2}
    assert (await api("GET", kind.path("a", "/status"))).status == 404


async def test_a_scale(define, api):
    scale = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    kind = await define(version(subresources={"status": {}, "scale": scale}))
    await kind.create(spec={"replicas": 2})
    seen = (await api("GET", kind.path("a", "/scale"))).json
    assert (seen["kind"], seen["apiVersion"], seen["spec"], seen["status"]) == (
        "Scale",
        "autoscaling/v1",
        {"replicas": 2},
        {"replicas": 0},
    )
    reply = await api.patch(kind.path("a", "/scale"), {"spec": {"replicas": 5}})
    assert reply.json["spec"] == {"replicas": 5}
    assert (await api("GET", kind.path("a"))).json["spec"] == {"replicas": 5}


async def test_fields_that_may_be_selected_by(define, api):
    kind = await define(version(spec=SIZE, selectableFields=[{"jsonPath": ".spec.name"}]))
    await kind.create("a", spec={"name": "x"})
    await kind.create("b", spec={"name": "y"})
    assert (await api("GET", kind.path() + "?fieldSelector=spec.name%3Dy")).names == ["b"]


async def test_a_strategic_patch_is_not_for_it(define, api):
    kind = await define()
    await kind.create()
    assert (await api.patch(kind.path("a"), {}, "strategic")).status == 415


async def test_what_a_deleted_definition_takes_with_it(define, api, eventually):
    kind = await define()
    await kind.create()
    gone = await api("DELETE", f"{DEFINITIONS}/{kind.name}")
    assert gone.status == 200

    async def away():
        return (await api("GET", f"{DEFINITIONS}/{kind.name}")).status == 404 and (
            await api("GET", kind.path())
        ).status == 404

    await eventually(away)


async def test_a_definition_may_be_changed(define, api, eventually):
    kind = await define(version(spec=SIZE))
    await kind.create(spec={"size": 1})
    wider = {"type": "object", "properties": {**SIZE["properties"], "depth": {"type": "integer"}}}
    operations = [{"op": "replace", "path": "/spec/versions/0/schema/openAPIV3Schema/properties/spec", "value": wider}]
    assert (await api.patch(f"{DEFINITIONS}/{kind.name}", operations, "json")).status == 200

    async def keeps_it():
        reply = await api.patch(kind.path("a"), {"spec": {"depth": 2}})
        return reply.json.get("spec") == {"size": 1, "depth": 2}

    await eventually(keeps_it)


REFUSED = {
    "a-name-that-is-another": ({"metadata": {"name": "other.example.com"}}, "metadata.name"),
    "no-storage-version": ({"spec": {"versions": [version(storage=False)]}}, "spec.versions"),
    "two-storage-versions": ({"spec": {"versions": [version("v1"), version("v2")]}}, "spec.versions"),
    "two-versions-of-one-name": (
        {"spec": {"versions": [version("v1"), version("v1", storage=False)]}},
        "spec.versions",
    ),
    "no-such-scope": ({"spec": {"scope": "Galaxy"}}, "spec.scope"),
    "no-schema": (
        {"spec": {"versions": [{"name": "v1", "served": True, "storage": True}]}},
        "spec.versions[0].schema.openAPIV3Schema",
    ),
    "a-bad-version-name": ({"spec": {"versions": [version("V_1")]}}, "spec.versions[0].name"),
    "a-kind-without-a-type": (
        {"spec": {"versions": [version(spec={"properties": {"a": {}}})]}},
        "{schema}.properties[spec].properties[a].type",
    ),
    "a-rule-that-cannot-be-read": (
        {"spec": {"versions": [version(spec={**SIZE, "x-kubernetes-validations": [{"rule": "self.size >"}]})]}},
        "{schema}.properties[spec].x-kubernetes-validations[0].rule",
    ),
    "a-default-of-another-type": (
        {
            "spec": {
                "versions": [version(spec={"type": "object", "properties": {"a": {"type": "integer", "default": "x"}}})]
            }
        },
        "{schema}.properties[spec].properties[a].default",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_definition_that_cannot_be(api, case, expected):
    change, field = REFUSED[case]
    field = field.replace("{schema}", expected("where-the-schema-of-a-single-version-is"))
    wanted = definition(a_group())
    wanted["metadata"] |= change.get("metadata", {})
    wanted["spec"] |= change.get("spec", {})
    reply = await api("POST", DEFINITIONS, wanted)
    assert (reply.status, reply.reason) == (422, "Invalid"), reply.body
    assert field in {cause[1] for cause in reply.causes}


async def test_what_a_definition_may_not_change(define, api):
    kind = await define()
    made = await kind.definition()
    for part in ({"scope": "Cluster"}, {"group": "other.example.com"}):
        reply = await api("PUT", f"{DEFINITIONS}/{kind.name}", {**made, "spec": {**made["spec"], **part}})
        assert (reply.status, reply.reason) == (422, "Invalid")
        assert "field is immutable" in reply.message


async def test_a_definition_is_applied_by_the_server(api, eventually):
    group = a_group()
    reply = await api(
        "PATCH", f"{DEFINITIONS}/widgets.{group}?fieldManager=t", definition(group), Content_Type=PATCH["apply"]
    )
    assert reply.status == 201
    await api("DELETE", f"{DEFINITIONS}/widgets.{group}")
