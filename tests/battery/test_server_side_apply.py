"""Server-side apply: who owns which field, and what happens when two want one."""

import pytest
from rest import ISTIO

V1 = "networking.istio.io/v1"
SERVER = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["a.example"]}


def _config(**fields: object) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, **fields}


def _service(*ports: dict, **metadata: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", **metadata},
        "spec": {"ports": list(ports)},
    }


def _managers(obj: dict) -> dict[tuple[str, str], dict]:
    return {(each["manager"], each["operation"]): each["fieldsV1"] for each in obj["metadata"].get("managedFields", ())}


async def test_it_creates_what_is_not_there(api):
    reply = await api.apply(api.path(name="a"), _config(data={"n": "1"}))
    assert (reply.status, reply.json["data"]) == (201, {"n": "1"})
    assert _managers(reply.json) == {("tester", "Apply"): {"f:data": {"f:n": {}}}}
    again = await api.apply(api.path(name="a"), _config(data={"n": "1"}))
    assert (again.status, again.version) == (200, reply.version)


async def test_the_body_may_be_yaml(api):
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  color: 'yes'\n"
    reply = await api(
        "PATCH", api.path(name="a", query="fieldManager=t"), body, Content_Type="application/apply-patch+yaml"
    )
    assert (reply.status, reply.json["data"]) == (201, {"color": "yes"})


async def test_what_its_manager_leaves_out_goes(api):
    await api.apply(api.path(name="a"), _config(data={"n": "1", "m": "2"}))
    reply = await api.apply(api.path(name="a"), _config(data={"n": "1"}))
    assert reply.json["data"] == {"n": "1"}


async def test_what_others_own_stays(api):
    await api.apply(api.path(name="a"), _config(data={"n": "1"}), "one")
    await api.apply(api.path(name="a"), _config(data={"m": "2"}), "two")
    reply = await api.apply(api.path(name="a"), _config(), "one")
    assert reply.json["data"] == {"m": "2"}


async def test_what_two_own_stays_until_both_leave_it(api):
    for manager in ("one", "two"):
        await api.apply(api.path(name="a"), _config(data={"n": "1"}), manager)
    assert (await api.apply(api.path(name="a"), _config(), "one")).json["data"] == {"n": "1"}
    assert "data" not in (await api.apply(api.path(name="a"), _config(), "two")).json


async def test_another_owner_is_a_conflict_that_is_named(api):
    await api.apply(api.path(name="a"), _config(data={"n": "1"}), "one")
    reply = await api.apply(api.path(name="a"), _config(data={"n": "2"}), "two")
    assert (reply.status, reply.reason) == (409, "Conflict")
    assert reply.causes == [("FieldManagerConflict", ".data.n")]
    assert reply.message == 'Apply failed with 1 conflict: conflict with "one": .data.n'
    assert reply.cause_messages == {".data.n": 'conflict with "one"'}


async def test_a_conflict_with_an_update_names_its_version(api):
    await api.create("a", data={"n": "1", "m": "1"})
    reply = await api.apply(api.path(name="a"), _config(data={"n": "2", "m": "2"}), "two")
    assert reply.message.startswith('Apply failed with 2 conflicts: conflicts with "Python" using v1')
    assert reply.causes == [("FieldManagerConflict", ".data.m"), ("FieldManagerConflict", ".data.n")]


async def test_force_takes_the_field_over(api):
    await api.apply(api.path(name="a"), _config(data={"n": "1", "m": "1"}), "one")
    reply = await api.apply(api.path(name="a"), _config(data={"n": "2"}), "two", "force=true")
    assert reply.json["data"] == {"n": "2", "m": "1"}
    assert _managers(reply.json) == {
        ("one", "Apply"): {"f:data": {"f:m": {}}},
        ("two", "Apply"): {"f:data": {"f:n": {}}},
    }


async def test_the_same_value_is_shared(api):
    await api.apply(api.path(name="a"), _config(data={"n": "1"}), "one")
    reply = await api.apply(api.path(name="a"), _config(data={"n": "1"}), "two")
    assert (reply.status, len(_managers(reply.json))) == (200, 2)


async def test_an_update_takes_over_what_it_changes(api):
    await api.apply(api.path(name="a"), _config(data={"n": "1", "m": "1"}), "one")
    reply = await api.patch(api.path(name="a"), {"data": {"n": "2"}}, query="fieldManager=two")
    assert _managers(reply.json) == {
        ("one", "Apply"): {"f:data": {"f:m": {}}},
        ("two", "Update"): {"f:data": {"f:n": {}}},
    }


async def test_writers_are_named_by_their_user_agent(api):
    reply = await api(
        "POST", api.path(), {"metadata": {"name": "a"}, "data": {"n": "1"}}, User_Agent="robot/v1 (linux)"
    )
    (manager,) = reply.json["metadata"]["managedFields"]
    assert (manager["manager"], manager["operation"], manager["fieldsType"]) == ("robot", "Update", "FieldsV1")
    assert (manager["apiVersion"], manager["fieldsV1"]) == ("v1", {"f:data": {".": {}, "f:n": {}}})


async def test_lists_with_keys_are_owned_by_item(api):
    await api.apply(api.path("services", "a"), _service({"name": "http", "port": 80, "protocol": "TCP"}), "one")
    reply = await api.apply(api.path("services", "a"), _service({"name": "tls", "port": 443, "protocol": "TCP"}), "two")
    assert [port["name"] for port in reply.json["spec"]["ports"]] == ["http", "tls"]
    owned = _managers(reply.json)[("two", "Apply")]["f:spec"]["f:ports"]
    assert list(owned) == ['k:{"port":443,"protocol":"TCP"}']
    left = await api.apply(api.path("services", "a"), _service(), "one")
    assert [port["name"] for port in left.json["spec"]["ports"]] == ["tls"]


async def test_a_key_may_be_left_out_where_it_has_a_default(api):
    reply = await api.apply(api.path("services", "a"), _service({"name": "http", "port": 80}))
    assert reply.status == 201, reply.body
    assert list(_managers(reply.json)[("tester", "Apply")]["f:spec"]["f:ports"]) == ['k:{"port":80,"protocol":"TCP"}']


async def test_finalizers_are_a_set(api):
    await api.apply(
        api.path(name="a"), {**_config(), "metadata": {"name": "a", "finalizers": ["example.com/a"]}}, "one"
    )
    body = {**_config(), "metadata": {"name": "a", "finalizers": ["example.com/b"]}}
    reply = await api.apply(api.path(name="a"), body, "two")
    assert reply.json["metadata"]["finalizers"] == ["example.com/a", "example.com/b"]
    await api.patch(api.path(name="a"), {"metadata": {"finalizers": None}})


async def test_lists_of_custom_kinds_are_one_field(api):
    body = {
        "apiVersion": V1,
        "kind": "Gateway",
        "metadata": {"name": "a"},
        "spec": {"selector": {"x": "y"}, "servers": [SERVER]},
    }
    path = api.path("gateways", "a", group=ISTIO)
    made = await api.apply(path, body, "one")
    assert _managers(made.json)[("one", "Apply")] == {"f:spec": {"f:selector": {"f:x": {}}, "f:servers": {}}}
    other = {**body, "spec": {"servers": [{**SERVER, "hosts": ["b.example"]}]}}
    assert (await api.apply(path, other, "two")).causes == [("FieldManagerConflict", ".spec.servers")]


async def test_a_dry_run_shows_what_would_be(api):
    reply = await api.apply(api.path(name="a"), _config(data={"n": "1"}), query="dryRun=All")
    assert (reply.status, reply.json["data"]) == (201, {"n": "1"})
    assert (await api("GET", api.path(name="a"))).status == 404


REFUSED = {
    "without-a-manager": ("", _config(), 422, "is required for apply patch"),
    "managed-fields": (
        "fieldManager=t",
        {**_config(), "metadata": {"name": "a", "managedFields": [{}]}},
        400,
        "metadata.managedFields must be nil",
    ),
    "another-name": ("fieldManager=t", {**_config(), "metadata": {"name": "b"}}, 400, "name"),
    "no-kind": ("fieldManager=t", {"metadata": {"name": "a"}}, 400, ""),
    "another-kind": ("fieldManager=t", {**_config(), "kind": "Secret"}, 400, ""),
    "no-object": ("fieldManager=t", [], 400, ""),
    "a-stranger's-field": ("fieldManager=t", _config(dat={"n": "1"}), 500, "field not declared in schema"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_applied(api, case, expected):
    query, body, status, text = REFUSED[case]
    reply = await api.patch(api.path(name="a"), body, "apply", query)
    assert reply.status == (expected("an-apply-of-an-unknown-field") if status == 500 else status), reply.body
    assert text in reply.message


async def test_force_is_for_apply_alone(api):
    await api.create("a")
    reply = await api.patch(api.path(name="a"), {}, "merge", "force=true")
    assert (reply.status, reply.causes) == (422, [("FieldValueForbidden", "force")])


async def test_a_manager_has_a_short_printable_name(api):
    for name in ("x" * 129, "a%00b"):
        reply = await api.apply(api.path(name="a"), _config(), name)
        assert (reply.status, reply.causes[0][1]) == (422, "fieldManager")


async def test_a_stale_version_is_a_conflict(api):
    made = await api.apply(api.path(name="a"), _config(data={"n": "1"}))
    await api.patch(api.path(name="a"), {"data": {"n": "2"}})
    stale = {**_config(), "metadata": {"name": "a", "resourceVersion": made.version}}
    reply = await api.apply(api.path(name="a"), stale, query="force=true")
    assert (reply.status, reply.reason) == (409, "Conflict")


async def test_the_managers_may_be_wiped_and_start_again(api):
    await api.apply(api.path(name="a"), _config(data={"n": "1"}), "one")
    wiped = await api.patch(api.path(name="a"), {"metadata": {"managedFields": [{}]}})
    assert "managedFields" not in wiped.json["metadata"]
    reply = await api.apply(api.path(name="a"), _config(data={"n": "1"}), "two")
    assert ("two", "Apply") in _managers(reply.json)
    assert not {manager for manager, _operation in _managers(reply.json)} - {"two", "before-first-apply"}


async def test_status_has_managers_of_its_own(api):
    spec = {"hosts": ["a.example"], "http": [{"route": [{"destination": {"host": "web"}}]}]}
    body = {"apiVersion": V1, "kind": "VirtualService", "metadata": {"name": "a"}, "spec": spec}
    await api.apply(api.path("virtualservices", "a", group=ISTIO), body, "one")
    status = {
        "apiVersion": V1,
        "kind": "VirtualService",
        "metadata": {"name": "a"},
        "status": {"observedGeneration": 1},
    }
    path = api.path("virtualservices", "a", group=ISTIO) + "/status"
    reply = await api.apply(path, status, "two")
    assert reply.status == 200, reply.body
    entries = {(each["manager"], each.get("subresource", "")) for each in reply.json["metadata"]["managedFields"]}
    assert entries == {("one", ""), ("two", "status")}
