"""Status apart from what is wanted, and other things below an object."""

from rest import ISTIO

V1 = "networking.istio.io/v1"
ROUTES = {"hosts": ["a.example"], "http": [{"route": [{"destination": {"host": "web"}}]}]}


async def _made(api):
    return await api.create("a", "virtualservices", group=ISTIO, spec=ROUTES, status={"observedGeneration": 5})


def _path(api, below=""):
    return api.path("virtualservices", "a", group=ISTIO) + below


async def test_a_status_is_not_created_with_its_object(api):
    assert "status" not in await _made(api)


async def test_a_write_of_the_object_leaves_its_status(api):
    made = await _made(api)
    await api("PUT", _path(api, "/status"), {**made, "status": {"observedGeneration": 1}})
    reply = await api.patch(_path(api), {"spec": {"hosts": ["b.example"]}, "status": {"observedGeneration": 9}})
    assert (reply.json["status"], reply.json["metadata"]["generation"]) == ({"observedGeneration": 1}, 2)


async def test_a_write_of_the_status_leaves_the_object(api):
    made = await _made(api)
    wanted = {**made, "spec": {**ROUTES, "hosts": ["b.example"]}, "status": {"observedGeneration": 1}}
    wanted["metadata"] = {**made["metadata"], "labels": {"a": "b"}}
    reply = await api("PUT", _path(api, "/status"), wanted)
    assert (reply.json["spec"]["hosts"], reply.json["status"]) == (["a.example"], {"observedGeneration": 1})
    assert (reply.json["metadata"]["generation"], "labels" in reply.json["metadata"]) == (1, False)


async def test_a_status_is_patched_and_read(api):
    await _made(api)
    condition = {"type": "Ready", "status": "True"}
    reply = await api.patch(_path(api, "/status"), {"status": {"conditions": [condition]}})
    assert (reply.status, reply.json["status"]["conditions"]) == (200, [condition])
    assert (await api("GET", _path(api, "/status"))).json == reply.json
    assert (await api("GET", _path(api))).json == reply.json


async def test_a_status_has_the_version_of_its_object(api):
    made = await _made(api)
    await api.patch(_path(api), {"metadata": {"labels": {"a": "b"}}})
    reply = await api("PUT", _path(api, "/status"), {**made, "status": {}})
    assert (reply.status, reply.reason) == (409, "Conflict")


async def test_of_a_service_as_well(api):
    made = await api.create("a", "services", spec={"ports": [{"port": 80}], "type": "LoadBalancer"})
    assert made["status"] == {"loadBalancer": {}}
    ingress = [{"ip": "192.0.2.1"}]
    path = api.path("services", "a") + "/status"
    reply = await api.patch(path, {"status": {"loadBalancer": {"ingress": ingress}}})
    assert reply.json["status"]["loadBalancer"]["ingress"][0]["ip"] == "192.0.2.1"
    changed = await api.patch(api.path("services", "a"), {"status": {"loadBalancer": {"ingress": []}}})
    assert changed.json["status"]["loadBalancer"]["ingress"][0]["ip"] == "192.0.2.1"


async def test_not_every_kind_has_a_status(api):
    await api.create("a")
    reply = await api("GET", api.path(name="a") + "/status")
    assert (reply.status, reply.reason) == (404, "NotFound")
    assert reply.message == "the server could not find the requested resource"


async def test_a_status_cannot_be_created_or_deleted(api):
    await _made(api)
    for method in ("POST", "DELETE"):
        reply = await api(method, _path(api, "/status"), {})
        assert (reply.status, reply.reason) == (405, "MethodNotAllowed"), reply.body
