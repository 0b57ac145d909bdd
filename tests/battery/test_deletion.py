"""Deletion: finalizers, propagation, grace, and what a Namespace takes with it."""

import pytest


async def test_a_finalizer_holds_until_it_is_taken_away(api):
    await api.create("a", finalizers=["example.com/hold"])
    reply = await api("DELETE", api.path(name="a"))
    assert (reply.status, reply.json["kind"]) == (200, "ConfigMap")
    assert reply.json["metadata"]["deletionGracePeriodSeconds"] == 0
    held = (await api("GET", api.path(name="a"))).json
    assert held["metadata"]["deletionTimestamp"] == reply.json["metadata"]["deletionTimestamp"]
    again = await api("DELETE", api.path(name="a"))
    assert again.json["metadata"]["deletionTimestamp"] == held["metadata"]["deletionTimestamp"]
    await api.patch(api.path(name="a"), [{"op": "remove", "path": "/metadata/finalizers"}], "json")
    assert (await api("GET", api.path(name="a"))).status == 404


async def test_what_is_going_takes_no_new_finalizers(api):
    await api.create("a", finalizers=["example.com/hold"])
    await api("DELETE", api.path(name="a"))
    reply = await api.patch(api.path(name="a"), {"metadata": {"finalizers": ["example.com/hold", "example.com/new"]}})
    assert (reply.status, reply.causes) == (422, [("FieldValueForbidden", "metadata.finalizers")])
    await api.patch(api.path(name="a"), {"metadata": {"finalizers": None}})


async def test_what_is_going_may_still_be_changed(api):
    await api.create("a", finalizers=["example.com/hold"])
    await api("DELETE", api.path(name="a"))
    reply = await api.patch(api.path(name="a"), {"data": {"n": "1"}})
    assert (reply.status, reply.json["data"]) == (200, {"n": "1"})
    await api("PUT", api.path(name="a"), {"metadata": {"name": "a"}})
    assert (await api("GET", api.path(name="a"))).status == 404


async def test_nobody_writes_when_it_was_deleted(api):
    await api.create("a")
    reply = await api.patch(api.path(name="a"), {"metadata": {"deletionTimestamp": "2001-01-01T00:00:00Z"}})
    assert "deletionTimestamp" not in reply.json.get("metadata", {})


async def _finalizers_after(api, policy):
    await api.create("a")
    reply = await api("DELETE", api.path(name="a"), {"propagationPolicy": policy})
    assert reply.status == 200
    finalizers = reply.json.get("metadata", {}).get("finalizers", [])
    if finalizers:
        await api.patch(api.path(name="a"), {"metadata": {"finalizers": None}})
    return finalizers


async def test_propagation_leaves_a_mark_where_a_controller_is_to_act(api, expected):
    assert await _finalizers_after(api, "Background") == []
    assert await _finalizers_after(api, "Orphan") == expected("finalizers-of-what-is-deleted-with-orphan")
    assert await _finalizers_after(api, "Foreground") == expected("finalizers-of-what-is-deleted-with-foreground")


@pytest.mark.parametrize(
    "options",
    [
        {"propagationPolicy": "Sideways"},
        {"orphanDependents": True, "propagationPolicy": "Orphan"},
        {"dryRun": ["Some"]},
    ],
)
async def test_options_that_make_no_sense_are_refused(api, options):
    await api.create("a")
    reply = await api("DELETE", api.path(name="a"), options)
    assert (reply.status, reply.reason) == (422, "Invalid"), reply.body
    assert (await api("GET", api.path(name="a"))).status == 200


async def test_options_may_be_in_the_query_and_the_body_wins(api):
    await api.create("a")
    dry = await api("DELETE", api.path(name="a", query="dryRun=All"))
    assert dry.status == 200
    assert (await api("GET", api.path(name="a"))).status == 200
    body = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
    assert (await api("DELETE", api.path(name="a", query="gracePeriodSeconds=5"), body)).status == 200


async def test_what_is_not_there_cannot_be_deleted(api):
    reply = await api("DELETE", api.path(name="a"))
    assert (reply.status, reply.reason, reply.message) == (404, "NotFound", 'configmaps "a" not found')
    assert reply.json["details"] == {"name": "a", "kind": "configmaps"}


async def test_a_namespace_that_is_deleted_takes_no_more(api, expected):
    await api.create("a", finalizers=["example.com/hold"])
    gone = await api("DELETE", f"/api/v1/namespaces/{api.namespace}")
    assert (gone.status, gone.json["status"]["phase"]) == (200, "Terminating")
    reply = await api("POST", api.path(), {"metadata": {"name": "b"}})
    assert (reply.status, reply.reason) == (403, "Forbidden")
    assert "because it is being terminated" in reply.message
    assert reply.causes == [("NamespaceTerminating", "metadata.namespace")]
    await api.patch(api.path(name="a"), {"metadata": {"finalizers": None}})
    assert (await api("GET", f"/api/v1/namespaces/{api.namespace}")).status == expected(
        "a-deleted-namespace-afterwards"
    )


@pytest.mark.parametrize("name", ["default", "kube-system"])
async def test_some_namespaces_stay(api, name):
    reply = await api("DELETE", f"/api/v1/namespaces/{name}")
    assert (reply.status, reply.reason) == (403, "Forbidden")
    assert reply.message == f'namespaces "{name}" is forbidden: this namespace may not be deleted'
