"""A dry run answers as the real one would, and stores nothing."""

import pytest
from rest import ISTIO

GATEWAY = {
    "selector": {"istio": "none"},
    "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["a.example"]}],
}


async def test_of_a_creation(api):
    reply = await api("POST", api.path(query="dryRun=All"), {"metadata": {"name": "a"}})
    assert (reply.status, bool(reply.json["metadata"]["uid"])) == (201, True)
    assert "resourceVersion" not in reply.json["metadata"]
    assert (await api("GET", api.path(name="a"))).status == 404


async def test_of_a_creation_under_a_generated_name(api):
    reply = await api("POST", api.path(query="dryRun=All"), {"metadata": {"generateName": "a-"}})
    assert reply.json["metadata"]["name"].startswith("a-")
    assert (await api("GET", api.path())).names == []


async def test_of_a_replacement_and_a_patch(api):
    made = await api.create("a", data={"n": "1"})
    put = await api("PUT", api.path(name="a", query="dryRun=All"), {**made, "data": {"n": "2"}})
    patched = await api.patch(api.path(name="a"), {"data": {"n": "3"}}, query="dryRun=All")
    assert [(reply.status, reply.json["data"]["n"]) for reply in (put, patched)] == [(200, "2"), (200, "3")]
    assert (await api("GET", api.path(name="a"))).json == made


async def test_of_a_deletion(api):
    made = await api.create("a")
    reply = await api("DELETE", api.path(name="a", query="dryRun=All"))
    assert (reply.status, reply.json["status"]) == (200, "Success")
    assert (await api("GET", api.path(name="a"))).json == made


async def test_of_a_custom_kind(api):
    body = {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "a"}, "spec": GATEWAY}
    reply = await api("POST", api.path("gateways", group=ISTIO, query="dryRun=All"), body)
    assert (reply.status, reply.json["metadata"]["generation"]) == (201, 1)
    assert (await api("GET", api.path("gateways", "a", group=ISTIO))).status == 404


async def test_it_takes_no_address_of_a_service(api):
    dry = await api(
        "POST", api.path("services", query="dryRun=All"), {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}
    )
    assert dry.status == 201
    await api.create("a", "services", spec={"ports": [{"port": 80}]})


async def test_what_is_wrong_is_wrong_in_a_dry_run(api):
    invalid = await api(
        "POST", api.path("services", query="dryRun=All"), {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 0}]}}
    )
    assert (invalid.status, invalid.reason) == (422, "Invalid")
    await api.create("a")
    twice = await api("POST", api.path(query="dryRun=All"), {"metadata": {"name": "a"}})
    assert (twice.status, twice.reason) == (409, "AlreadyExists")
    missing = await api("PUT", api.path(name="b", query="dryRun=All"), {"metadata": {"name": "b"}})
    assert missing.status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_there_is_only_all(api, method):
    await api.create("a")
    path = api.path(name="" if method == "POST" else "a", query="dryRun=Some")
    content = "application/merge-patch+json" if method == "PATCH" else "application/json"
    reply = await api(method, path, {"metadata": {"name": "a"}}, Content_Type=content)
    assert (reply.status, reply.causes) == (422, [("FieldValueNotSupported", "dryRun")])
