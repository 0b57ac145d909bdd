"""Two who change one object, and conditions on a change."""

import pytest


async def test_a_stale_version_is_a_conflict(api):
    made = await api.create("a", data={"n": "1"})
    await api.patch(api.path(name="a"), {"data": {"n": "2"}})
    reply = await api("PUT", api.path(name="a"), made)
    assert (reply.status, reply.reason) == (409, "Conflict")
    assert reply.message == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert reply.json["details"] == {"name": "a", "kind": "configmaps"}


async def test_without_a_version_a_replacement_wins(api):
    await api.create("a", data={"n": "1"})
    reply = await api("PUT", api.path(name="a"), {"metadata": {"name": "a"}, "data": {"m": "2"}})
    assert (reply.status, reply.json["data"]) == (200, {"m": "2"})


async def test_a_patch_may_name_the_version_that_it_is_for(api):
    made = await api.create("a", data={"n": "1"})
    version = made["metadata"]["resourceVersion"]
    once = {"metadata": {"resourceVersion": version}, "data": {"n": "2"}}
    assert (await api.patch(api.path(name="a"), once)).status == 200
    again = await api.patch(api.path(name="a"), {**once, "data": {"n": "3"}})
    assert (again.status, again.reason) == (409, "Conflict")


@pytest.mark.parametrize("body", [{"data": {"n": "1"}}, {}], ids=["as-it-was", "empty"])
async def test_a_patch_that_changes_nothing_makes_no_version(api, body):
    made = await api.create("a", data={"n": "1"})
    reply = await api.patch(api.path(name="a"), body)
    assert reply.json == made


async def test_a_replacement_that_changes_nothing_makes_no_version(api):
    made = await api.create("a", data={"n": "1"})
    assert (await api("PUT", api.path(name="a"), made)).version == made["metadata"]["resourceVersion"]


async def test_what_identifies_an_object_stays(api):
    made = await api.create("a")
    for metadata in ({"uid": "other"}, {"uid": "other", "resourceVersion": ""}):
        reply = await api("PUT", api.path(name="a"), {"metadata": {"name": "a", **metadata}})
        assert (reply.status, reply.reason) == (409, "Conflict")
        assert "Precondition failed: UID in precondition" in reply.message
    reply = await api.patch(api.path(name="a"), {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z"}})
    assert reply.json["metadata"]["creationTimestamp"] == made["metadata"]["creationTimestamp"]


@pytest.mark.parametrize("key", ["uid", "resourceVersion"])
async def test_a_deletion_may_be_for_one_state_only(api, key):
    made = await api.create("a")
    refused = await api("DELETE", api.path(name="a"), {"preconditions": {key: "1"}})
    assert (refused.status, refused.reason) == (409, "Conflict")
    assert "precondition" in refused.message.lower()
    done = await api("DELETE", api.path(name="a"), {"preconditions": {key: made["metadata"][key]}})
    assert done.status == 200


async def test_what_is_immutable_stays_as_it_is(api):
    await api.create("a", "secrets", immutable=True, stringData={"k": "v"})
    changed = await api.patch(api.path("secrets", "a"), {"stringData": {"k": "w"}})
    assert (changed.status, changed.causes) == (422, [("FieldValueForbidden", "data")])
    undone = await api.patch(api.path("secrets", "a"), {"immutable": False})
    assert undone.causes == [("FieldValueForbidden", "immutable")]
    labelled = await api.patch(api.path("secrets", "a"), {"metadata": {"labels": {"a": "b"}}})
    assert labelled.status == 200


async def test_the_type_of_a_secret_stays(api):
    await api.create("a", "secrets")
    reply = await api.patch(api.path("secrets", "a"), {"type": "example.com/other"})
    assert (reply.status, reply.causes) == (422, [("FieldValueInvalid", "type")])
    assert "field is immutable" in reply.message


async def test_the_cluster_address_of_a_service_stays(api):
    made = await api.create("a", "services", spec={"ports": [{"port": 80}]})
    assert made["spec"]["clusterIPs"] == [made["spec"]["clusterIP"]]
    reply = await api.patch(api.path("services", "a"), {"spec": {"clusterIP": "10.96.0.250", "clusterIPs": None}})
    assert (reply.status, reply.reason) == (422, "Invalid")
    kept = await api("PUT", api.path("services", "a"), {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 81}]}})
    assert kept.json["spec"]["clusterIP"] == made["spec"]["clusterIP"]
