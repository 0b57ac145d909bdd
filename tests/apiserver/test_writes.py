"""Create, replace and patch over HTTP."""

import pytest

from pylae.apimachinery.failure import invalid_value
from pylae.apimachinery.object import rfc3339
from pylae.apiserver.backend import Admission

SHOP = "/api/v1/namespaces/shop"
CONFIGMAPS = f"{SHOP}/configmaps"
GATEWAYS = "/apis/networking.istio.io/v1/namespaces/shop/gateways"
SERVER = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


async def test_what_is_created_is_answered_as_it_is_stored(api):
    created = await api.create(CONFIGMAPS, "ConfigMap", "a", data={"k": "v"})
    assert (created["apiVersion"], created["kind"], created["data"]) == ("v1", "ConfigMap", {"k": "v"})
    metadata = created["metadata"]
    assert (metadata["namespace"], metadata["creationTimestamp"]) == ("shop", rfc3339(api.clock.now))
    assert metadata["uid"]
    reply = await api("GET", f"{CONFIGMAPS}/a")
    assert (reply.status, reply.json) == (200, created)


async def test_what_is_there_already_is_a_conflict(api):
    await api.create(CONFIGMAPS, "ConfigMap", "a")
    reply = await api("POST", CONFIGMAPS, {"metadata": {"name": "a"}})
    assert (reply.status, reply.json["reason"]) == (409, "AlreadyExists")
    assert reply.message == 'configmaps "a" already exists'
    assert reply.json["details"] == {"name": "a", "kind": "configmaps"}


async def test_a_namespace_that_is_not_there_takes_nothing(api):
    reply = await api("POST", "/api/v1/namespaces/x/secrets", {"metadata": {"name": "a"}})
    assert (reply.status, reply.message) == (404, 'namespaces "x" not found')


async def test_a_generated_name_is_the_prefix_and_five_characters(api):
    reply = await api("POST", CONFIGMAPS, {"metadata": {"generateName": "job-"}})
    assert reply.status == 201
    assert len(reply.json["metadata"]["name"]) == len("job-") + 5


async def test_a_replacement_needs_no_version_but_heeds_one(api):
    first = await api.create(CONFIGMAPS, "ConfigMap", "a", data={"k": "1"})
    second = await api("PUT", f"{CONFIGMAPS}/a", {"metadata": {"name": "a"}, "data": {"k": "2"}})
    assert (second.status, second.json["data"]) == (200, {"k": "2"})
    assert second.json["metadata"]["uid"] == first["metadata"]["uid"]
    stale = await api("PUT", f"{CONFIGMAPS}/a", first | {"data": {"k": "3"}})
    assert (stale.status, stale.json["reason"]) == (409, "Conflict")
    assert "the object has been modified" in stale.message
    fresh = await api("PUT", f"{CONFIGMAPS}/a", second.json | {"data": {"k": "3"}})
    assert fresh.status == 200


async def test_a_replacement_meant_for_an_earlier_object_is_a_conflict(api):
    await api.create(CONFIGMAPS, "ConfigMap", "a")
    reply = await api("PUT", f"{CONFIGMAPS}/a", {"metadata": {"name": "a", "uid": "another"}})
    assert (reply.status, reply.json["reason"]) == (409, "Conflict")


async def test_a_write_that_changes_nothing_keeps_the_version(api):
    created = await api.create(CONFIGMAPS, "ConfigMap", "a", data={"k": "v"})
    for method, body, content_type in [
        ("PUT", created, "application/json"),
        ("PATCH", {}, MERGE),
        ("PATCH", {"data": {"k": "v"}}, STRATEGIC),
        ("PATCH", [], JSON_PATCH),
    ]:
        reply = await api(method, f"{CONFIGMAPS}/a", body, Content_Type=content_type)
        assert (reply.status, reply.json) == (200, created)


@pytest.mark.parametrize(
    ("body", "content_type", "labels"),
    [
        ({"metadata": {"labels": {"b": "2", "a": None}}}, MERGE, {"b": "2"}),
        ({"metadata": {"labels": {"b": "2"}}}, STRATEGIC, {"a": "1", "b": "2"}),
        ([{"op": "replace", "path": "/metadata/labels/a", "value": "3"}], JSON_PATCH, {"a": "3"}),
    ],
)
async def test_patches_change_what_they_name(api, body, content_type, labels):
    await api.create(CONFIGMAPS, "ConfigMap", "a", labels={"a": "1"})
    reply = await api("PATCH", f"{CONFIGMAPS}/a", body, Content_Type=content_type)
    assert (reply.status, reply.json["metadata"]["labels"]) == (200, labels)


async def test_a_patch_with_a_version_is_a_precondition(api):
    await api.create(CONFIGMAPS, "ConfigMap", "a")
    reply = await api("PATCH", f"{CONFIGMAPS}/a", {"metadata": {"resourceVersion": "1"}}, Content_Type=MERGE)
    assert (reply.status, reply.json["reason"]) == (409, "Conflict")


@pytest.mark.parametrize("content_type", [STRATEGIC, "text/plain"])
async def test_a_patch_that_a_custom_resource_does_not_take_is_415(api, content_type):
    await api.create(GATEWAYS, "Gateway", "web", spec={"servers": [SERVER]})
    reply = await api("PATCH", f"{GATEWAYS}/web", {}, Content_Type=content_type)
    assert (reply.status, reply.json["reason"]) == (415, "UnsupportedMediaType")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_what_is_not_there_is_named(api, method):
    body = None if method in ("GET", "DELETE") else {"metadata": {"name": "a"}}
    reply = await api(method, f"{GATEWAYS}/a", body, **({"Content_Type": MERGE} if method == "PATCH" else {}))
    assert (reply.status, reply.message) == (404, 'gateways.networking.istio.io "a" not found')
    assert reply.json["details"] == {"name": "a", "group": "networking.istio.io", "kind": "gateways"}


async def test_status_is_written_by_its_own_address_only(api):
    created = await api.create(GATEWAYS, "Gateway", "web", spec={"servers": [SERVER]}, status={"mine": True})
    assert "status" not in created
    reply = await api("PATCH", f"{GATEWAYS}/web/status", {"status": {"a": 1}, "spec": {}}, Content_Type=MERGE)
    assert (reply.status, reply.json["status"], reply.json["spec"]) == (200, {"a": 1}, created["spec"])
    assert reply.json["metadata"]["generation"] == 1
    reply = await api(
        "PATCH", f"{GATEWAYS}/web", {"status": None, "spec": {"selector": {"a": "b"}}}, Content_Type=MERGE
    )
    assert (reply.json["status"], reply.json["metadata"]["generation"]) == ({"a": 1}, 2)


async def test_an_object_is_the_same_in_every_version(api):
    await api.create(GATEWAYS, "Gateway", "web", spec={"servers": [SERVER]})
    for version in ("v1", "v1beta1", "v1alpha3"):
        path = f"/apis/networking.istio.io/{version}/namespaces/shop/gateways"
        one = (await api("GET", f"{path}/web")).json
        assert (one["apiVersion"], one["spec"]["servers"]) == (f"networking.istio.io/{version}", [SERVER])
        (item,) = (await api("GET", path)).json["items"]
        assert item == one
        patched = await api("PATCH", f"{path}/web", {"metadata": {"labels": {"v": version}}}, Content_Type=MERGE)
        assert (patched.status, patched.json["apiVersion"]) == (200, f"networking.istio.io/{version}")


async def test_unknown_and_repeated_fields_are_refused_warned_about_or_ignored(api):
    body = b'{"metadata":{"name":"a"},"spec":{"selectorr":{},"servers":[],"servers":[]}}'
    strict = await api("POST", f"{GATEWAYS}?fieldValidation=Strict", body, Content_Type="application/json")
    assert strict.status == 400
    assert 'strict decoding error: unknown field "spec.selectorr", duplicate field "spec.servers"' in strict.message
    warned = await api("POST", f"{GATEWAYS}?fieldValidation=Warn&dryRun=All", body, Content_Type="application/json")
    assert warned.status == 201
    assert {r"unknown field \"spec.selectorr\"", r"duplicate field \"spec.servers\""} <= set(warned.warnings)
    ignored = await api("POST", f"{GATEWAYS}?fieldValidation=Ignore", body, Content_Type="application/json")
    assert (ignored.status, ignored.warnings) == (201, [])
    assert "selectorr" not in ignored.json["spec"]


async def test_wrong_types_are_all_named_with_their_places(api):
    spec = {"servers": [{"port": {"number": "eighty"}, "hosts": "all"}]}
    reply = await api("POST", GATEWAYS, {"metadata": {"name": "a"}, "spec": spec})
    assert (reply.status, reply.json["reason"]) == (422, "Invalid")
    fields = {cause["field"] for cause in reply.json["details"]["causes"]}
    assert {"spec.servers[0].port.number", "spec.servers[0].hosts"} <= fields


async def test_a_dry_run_stores_nothing(api):
    created = await api.create(CONFIGMAPS, "ConfigMap", "a", data={"k": "1"})
    new = await api("POST", f"{CONFIGMAPS}?dryRun=All", {"metadata": {"name": "b"}})
    assert (new.status, new.json["metadata"].get("resourceVersion")) == (201, None)
    changed = await api("PATCH", f"{CONFIGMAPS}/a?dryRun=All", {"data": {"k": "2"}}, Content_Type=MERGE)
    assert (changed.status, changed.json["data"]) == (200, {"k": "2"})
    assert changed.json["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]
    gone = await api("DELETE", f"{CONFIGMAPS}/a?dryRun=All")
    assert gone.status == 200
    assert (await api("GET", CONFIGMAPS)).json["items"] == [created]


async def test_admission_refuses_and_warns_with_its_own_words(serve):
    def admit(resource, obj):
        if resource.plural != "configmaps":
            return Admission()
        bad = obj.get("data", {}).get("bad")
        errors = (invalid_value("data.bad", bad, "is bad"),) if bad else ()
        return Admission(errors, ('say "hello"\nto 世界', "second"))

    api = await serve(admit=admit)
    path = "/api/v1/namespaces/default/configmaps"
    accepted = await api("POST", path, {"metadata": {"name": "a"}})
    assert accepted.warnings == [r"say \"hello\" to 世界", "second"]
    refused = await api("POST", path, {"metadata": {"name": "b"}, "data": {"bad": "x"}})
    assert (refused.status, refused.json["reason"]) == (422, "Invalid")
    assert refused.message == 'ConfigMap "b" is invalid: data.bad: Invalid value: "x": is bad'


async def test_a_crash_in_admission_is_a_500_that_tells_nothing_and_the_server_goes_on(serve):
    def admit(resource, obj):
        raise RuntimeError("the key is hunter2")

    api = await serve(admit=admit)
    reply = await api("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "a"}})
    assert (reply.status, reply.json["reason"]) == (500, "InternalError")
    assert b"hunter2" not in reply.body
    assert (await api("GET", "/api/v1/namespaces/default/configmaps")).json["items"] == []


async def test_what_only_is_stored_says_so(api):
    path = "/apis/apps/v1/namespaces/shop/deployments"
    reply = await api("POST", path, {"metadata": {"name": "web"}, "spec": {"replicas": 3, "template": {"any": ["x"]}}})
    assert reply.status == 201
    assert reply.warnings[0].startswith("Deployment is stored, but nothing runs it here")
    assert (await api("GET", f"{path}/web")).json["spec"] == {"replicas": 3, "template": {"any": ["x"]}}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"null", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"metadata":"text"}', 422),
        (b'{"metadata":{"name":7}}', 422),
        (b'{"metadata":{"name":"Not_A_Name"}}', 422),
        (b'{"metadata":{}}', 422),
        (b'{"kind":"Secret","metadata":{"name":"a"}}', 400),
        (b'{"apiVersion":"v7","metadata":{"name":"a"}}', 400),
        (b'{"metadata":{"name":"a","namespace":"other"}}', 400),
        (b'{"metadata":{"name":"a","resourceVersion":"7"}}', 400),
        (b'{"metadata":{"name":"a"},"data":{"k":7}}', 422),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_bad_input_is_a_status_and_disturbs_nothing(api, body, status):
    reply = await api("POST", CONFIGMAPS, body, Content_Type="application/json")
    assert (reply.status, reply.json["kind"], reply.json["status"]) == (status, "Status", "Failure"), reply.json
    assert reply.message
    assert (await api("GET", CONFIGMAPS)).json["items"] == []


@pytest.mark.parametrize(
    "kind", ["services", "secrets", "endpoints", "events", "configmaps", "pods", "nodes", "namespaces"]
)
@pytest.mark.parametrize("wrong", ["text", 7, [], [7], None, True, {"x": []}], ids=str)
async def test_no_shape_of_a_body_crashes_the_server(api, kind, wrong):
    scope = "/api/v1" if kind in ("nodes", "namespaces") else SHOP
    fields = (
        "metadata",
        "spec",
        "status",
        "data",
        "stringData",
        "type",
        "ports",
        "subsets",
        "involvedObject",
        "series",
    )
    for field in fields:
        for body in ({"metadata": {"name": "a"}, field: wrong}, {"metadata": {"name": "a"}, field: {"ports": wrong}}):
            created = await api("POST", f"{scope}/{kind}?dryRun=All", body)
            assert created.status in (201, 400, 422), (body, created.json)


async def test_media_types_that_are_not_known_are_415(api):
    reply = await api("POST", CONFIGMAPS, b"a: b", Content_Type="application/toml")
    assert (reply.status, reply.json["reason"]) == (415, "UnsupportedMediaType")
