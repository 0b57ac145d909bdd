"""Delete over HTTP: preconditions, finalizers, collections, namespaces."""

import pytest

from pylae.apimachinery.object import rfc3339

SHOP = "/api/v1/namespaces/shop"
CONFIGMAPS = f"{SHOP}/configmaps"
GATEWAYS = "/apis/networking.istio.io/v1/namespaces/shop/gateways"
MERGE = "application/merge-patch+json"


async def hold(api, path: str, name: str) -> None:
    reply = await api("POST", path, {"metadata": {"name": name, "finalizers": ["example.com/hold"]}})
    assert reply.status == 201, reply.json


async def release(api, path: str):
    return await api("PATCH", path, {"metadata": {"finalizers": None}}, Content_Type=MERGE)


async def test_a_deletion_answers_success_with_the_uid(api):
    created = await api.create(GATEWAYS, "Gateway", "a", spec={"servers": []})
    reply = await api("DELETE", f"{GATEWAYS}/a", {"propagationPolicy": "Background", "gracePeriodSeconds": 30})
    assert (reply.status, reply.json["status"]) == (200, "Success")
    uid = created["metadata"]["uid"]
    expected = {"name": "a", "group": "networking.istio.io", "kind": "gateways", "uid": uid}
    assert reply.json["details"] == expected
    assert (await api("GET", f"{GATEWAYS}/a")).status == 404


@pytest.mark.parametrize("precondition", ["uid", "resourceVersion"])
async def test_preconditions_are_honoured(api, precondition):
    created = await api.create(CONFIGMAPS, "ConfigMap", "a")
    wrong = await api("DELETE", f"{CONFIGMAPS}/a", {"preconditions": {precondition: "another"}})
    assert (wrong.status, wrong.json["reason"]) == (409, "Conflict")
    right = await api("DELETE", f"{CONFIGMAPS}/a", {"preconditions": {precondition: created["metadata"][precondition]}})
    assert right.status == 200


async def test_a_dry_run_in_the_body_is_one(api):
    await api.create(CONFIGMAPS, "ConfigMap", "a")
    assert (await api("DELETE", f"{CONFIGMAPS}/a", {"dryRun": ["All"]})).status == 200
    assert (await api("GET", f"{CONFIGMAPS}/a")).status == 200


@pytest.mark.parametrize("body", [[], "text", {"dryRun": "All"}, {"preconditions": ["a"]}], ids=str)
async def test_options_that_cannot_be_read_delete_nothing(api, body):
    await api.create(CONFIGMAPS, "ConfigMap", "a")
    assert (await api("DELETE", f"{CONFIGMAPS}/a", body)).status == 400
    assert (await api("GET", f"{CONFIGMAPS}/a")).status == 200


async def test_finalizers_hold_an_object_until_the_last_is_gone(api):
    await hold(api, CONFIGMAPS, "a")
    first = await api("DELETE", f"{CONFIGMAPS}/a")
    assert first.json["metadata"]["deletionTimestamp"] == rfc3339(api.clock.now)
    again = await api("DELETE", f"{CONFIGMAPS}/a")
    assert again.json["metadata"]["resourceVersion"] == first.json["metadata"]["resourceVersion"]
    assert (await release(api, f"{CONFIGMAPS}/a")).status == 200
    assert (await api("GET", f"{CONFIGMAPS}/a")).status == 404


async def test_a_collection_is_deleted_by_selector_or_whole(api):
    for name in ("a1", "a2", "b1"):
        await api.create(CONFIGMAPS, "ConfigMap", name, labels={"first": name[0]})
    assert (await api("DELETE", f"{CONFIGMAPS}?labelSelector=first%3Da")).status == 200
    assert [item["metadata"]["name"] for item in (await api("GET", CONFIGMAPS)).json["items"]] == ["b1"]
    assert (await api("DELETE", CONFIGMAPS)).status == 200
    assert (await api("GET", CONFIGMAPS)).json["items"] == []


@pytest.mark.parametrize("path", ["/api/v1/namespaces", "/api/v1/configmaps"])
async def test_no_collection_is_deleted_across_namespaces(api, path):
    await api.create(CONFIGMAPS, "ConfigMap", "a")
    assert (await api("DELETE", path)).status == 405
    assert (await api("GET", f"{CONFIGMAPS}/a")).status == 200


async def test_a_namespace_takes_its_objects_along(api):
    await api.create(CONFIGMAPS, "ConfigMap", "a")
    await api.create(GATEWAYS, "Gateway", "a", spec={"servers": []})
    await api.create("/api/v1/namespaces", "Namespace", "shopping")
    await api.create("/api/v1/namespaces/shopping/configmaps", "ConfigMap", "a")
    reply = await api("DELETE", SHOP)
    assert (reply.status, reply.json["details"]["name"]) == (200, "shop")
    assert (await api("GET", SHOP)).status == 404
    assert (await api("GET", GATEWAYS)).json["items"] == []
    left = (await api("GET", "/api/v1/configmaps")).json["items"]
    assert [item["metadata"]["namespace"] for item in left] == ["shopping"]


async def test_a_namespace_waits_for_what_is_held_in_it(api):
    await hold(api, CONFIGMAPS, "held")
    await api.create(CONFIGMAPS, "ConfigMap", "free")
    reply = await api("DELETE", SHOP)
    assert (reply.status, reply.json["status"]["phase"]) == (200, "Terminating")
    assert (await api("GET", f"{CONFIGMAPS}/free")).status == 404
    refused = await api("POST", CONFIGMAPS, {"metadata": {"name": "late"}})
    assert (refused.status, refused.json["reason"]) == (403, "Forbidden")
    assert "because it is being terminated" in refused.message
    labelled = await api("PATCH", SHOP, {"metadata": {"labels": {"a": "b"}}}, Content_Type=MERGE)
    assert labelled.status == 200
    assert (await api("GET", SHOP)).status == 200
    await release(api, f"{CONFIGMAPS}/held")
    assert (await api("GET", SHOP)).status == 404


@pytest.mark.parametrize("name", ["default", "kube-system", "istio-system"])
async def test_some_namespaces_are_there_from_the_start_and_stay(api, name):
    assert (await api("GET", f"/api/v1/namespaces/{name}")).json["status"] == {"phase": "Active"}
    reply = await api("DELETE", f"/api/v1/namespaces/{name}")
    assert (reply.status, reply.message) == (
        403,
        f'namespaces "{name}" is forbidden: this namespace may not be deleted',
    )
