"""The four ways to patch, and what each does to what was there."""

import pytest
from rest import ISTIO

ROUTES = {"hosts": ["a.example"], "http": [{"route": [{"destination": {"host": "web"}}]}]}
SERVICE = {"ports": [{"name": "http", "port": 80}, {"name": "https", "port": 443}], "selector": {"app": "web"}}
MERGES = {
    "null-removes": ({"data": {"a": None}}, {"b": "2"}),
    "maps-are-merged": ({"data": {"c": "3"}}, {"a": "1", "b": "2", "c": "3"}),
    "null-of-a-map": ({"data": None}, None),
    "what-was-not-there": ({"data": {"z": None}}, {"a": "1", "b": "2"}),
}


@pytest.mark.parametrize("case", MERGES)
@pytest.mark.parametrize("kind", ["merge", "strategic"])
async def test_maps_are_merged_and_null_removes(api, kind, case):
    await api.create("a", data={"a": "1", "b": "2"})
    body, left = MERGES[case]
    reply = await api.patch(api.path(name="a"), body, kind)
    assert (reply.status, reply.json.get("data")) == (200, left)


async def test_a_merge_patch_replaces_lists(api):
    await api.create("a", "services", spec=SERVICE)
    reply = await api.patch(api.path("services", "a"), {"spec": {"ports": [{"port": 81}]}})
    assert [port["port"] for port in reply.json["spec"]["ports"]] == [81]


STRATEGIC = {
    "a-new-key-comes-first": ([{"port": 81, "name": "x"}], [("x", 81), ("http", 80), ("https", 443)]),
    "a-key-that-is-there-is-merged": ([{"port": 80, "name": "web"}], [("web", 80), ("https", 443)]),
    "one-is-deleted": ([{"$patch": "delete", "port": 80}], [("https", 443)]),
    "all-are-replaced": ([{"$patch": "replace"}, {"port": 82, "name": "y"}], [("y", 82)]),
}


@pytest.mark.parametrize("case", STRATEGIC)
async def test_a_strategic_patch_merges_lists_by_their_key(api, case):
    await api.create("a", "services", spec=SERVICE)
    ports, left = STRATEGIC[case]
    reply = await api.patch(api.path("services", "a"), {"spec": {"ports": ports}}, "strategic")
    assert reply.status == 200, reply.body
    assert [(port["name"], port["port"]) for port in reply.json["spec"]["ports"]] == left


async def test_a_strategic_patch_may_say_the_order(api):
    await api.create("a", "services", spec=SERVICE)
    order = [{"port": 443}, {"port": 81}, {"port": 80}]
    body = {"spec": {"$setElementOrder/ports": order, "ports": [{"port": 81, "name": "x"}]}}
    reply = await api.patch(api.path("services", "a"), body, "strategic")
    assert [port["port"] for port in reply.json["spec"]["ports"]] == [443, 81, 80]


async def test_a_strategic_patch_may_replace_a_map(api):
    await api.create("a", "services", spec=SERVICE)
    body = {"spec": {"selector": {"$patch": "replace", "other": "yes"}}}
    reply = await api.patch(api.path("services", "a"), body, "strategic")
    assert reply.json["spec"]["selector"] == {"other": "yes"}


async def test_a_strategic_patch_takes_words_out_of_a_plain_list(api):
    await api.create("a", finalizers=["example.com/a", "example.com/b"])
    body = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a"], "finalizers": ["example.com/c"]}}
    reply = await api.patch(api.path(name="a"), body, "strategic")
    assert reply.json["metadata"]["finalizers"] == ["example.com/c", "example.com/b"]
    await api.patch(api.path(name="a"), {"metadata": {"finalizers": None}})


async def test_a_strategic_patch_keeps_some_keys(api):
    await api.create("a", data={"a": "1", "b": "2"})
    reply = await api.patch(api.path(name="a"), {"data": {"$retainKeys": ["b", "c"], "c": "3"}}, "strategic")
    assert reply.json["data"] == {"b": "2", "c": "3"}


OPERATIONS = {
    "add": ([{"op": "add", "path": "/data/c", "value": "3"}], {"a": "1", "b": "2", "c": "3"}),
    "remove": ([{"op": "remove", "path": "/data/a"}], {"b": "2"}),
    "replace": ([{"op": "replace", "path": "/data/a", "value": "x"}], {"a": "x", "b": "2"}),
    "move": ([{"op": "move", "from": "/data/a", "path": "/data/c"}], {"b": "2", "c": "1"}),
    "copy": ([{"op": "copy", "from": "/data/a", "path": "/data/c"}], {"a": "1", "b": "2", "c": "1"}),
    "test-that-holds": (
        [{"op": "test", "path": "/data/a", "value": "1"}, {"op": "remove", "path": "/data/a"}],
        {"b": "2"},
    ),
}


@pytest.mark.parametrize("case", OPERATIONS)
async def test_a_json_patch_does_its_operations_in_order(api, case):
    await api.create("a", data={"a": "1", "b": "2"})
    operations, left = OPERATIONS[case]
    reply = await api.patch(api.path(name="a"), operations, "json")
    assert (reply.status, reply.json["data"]) == (200, left)


@pytest.mark.parametrize(
    ("operations", "status"),
    [
        ([{"op": "test", "path": "/data/a", "value": "other"}], 422),
        ([{"op": "remove", "path": "/data/missing"}], 422),
        ([{"op": "replace", "path": "/metadata/name", "value": "b"}], 400),
        ({"op": "add"}, 400),
        (b"[not json", 400),
    ],
)
async def test_a_json_patch_that_cannot_be_done_changes_nothing(api, operations, status):
    made = await api.create("a", data={"a": "1"})
    reply = await api.patch(api.path(name="a"), operations, "json")
    assert reply.status == status, reply.body
    assert (await api("GET", api.path(name="a"))).json == made


async def test_a_json_patch_replaces_what_is_there(api, expected):
    await api.create("a", data={"a": "1"})
    reply = await api.patch(api.path(name="a"), [{"op": "replace", "path": "/data/b", "value": "x"}], "json")
    assert reply.status == expected("json-patch-replaces-what-is-not-there")


async def test_custom_kinds_have_no_strategic_patch(api):
    await api.create("a", "virtualservices", group=ISTIO, spec=ROUTES)
    reply = await api.patch(api.path("virtualservices", "a", group=ISTIO), {}, "strategic")
    assert (reply.status, reply.reason) == (415, "UnsupportedMediaType")
    assert "application/merge-patch+json" in reply.message


async def test_a_patch_of_no_known_type_is_refused(api):
    await api.create("a")
    reply = await api("PATCH", api.path(name="a"), {}, Content_Type="application/json")
    assert (reply.status, reply.reason) == (415, "UnsupportedMediaType")


@pytest.mark.parametrize("kind", ["json", "merge", "strategic"])
async def test_what_is_not_there_is_not_made_by_a_patch(api, kind):
    reply = await api.patch(api.path(name="a"), [] if kind == "json" else {}, kind)
    assert (reply.status, reply.reason, reply.message) == (404, "NotFound", 'configmaps "a" not found')


@pytest.mark.parametrize("kind", ["merge", "strategic"])
async def test_a_patch_is_validated_as_a_whole(api, kind):
    await api.create("a", "services", spec=SERVICE)
    reply = await api.patch(api.path("services", "a"), {"spec": {"ports": [{"port": 70000, "name": "x"}]}}, kind)
    assert (reply.status, reply.causes[0]) == (422, ("FieldValueInvalid", "spec.ports[0].port"))


async def test_a_patch_to_a_wrong_type_is_refused(api):
    await api.create("a")
    reply = await api.patch(api.path(name="a"), {"data": ["a"]})
    assert (reply.status, reply.reason) == (422, "Invalid")


async def test_an_empty_key_of_a_secret_is_filled_from_text(api):
    await api.create("a", "secrets", stringData={"a": "b"})
    reply = await api.patch(api.path("secrets", "a"), {"stringData": {"c": "d"}})
    assert (reply.json["data"], "stringData" in reply.json) == ({"a": "Yg==", "c": "ZA=="}, False)
