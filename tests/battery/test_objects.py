"""What a server does with an object that is created, read, replaced and deleted."""

import re
from datetime import datetime

import pytest
from rest import ISTIO

SLICES = "/apis/discovery.k8s.io/v1"
GATEWAY = {
    "selector": {"istio": "none"},
    "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["a.example"]}],
}
ROUTES = {"hosts": ["a.example"], "http": [{"route": [{"destination": {"host": "web"}}]}]}

KINDS = {
    "Secret": ("/api/v1", "secrets", {"data": {"a": "Yg=="}}, {"data": {"a": "Yw=="}}),
    "ConfigMap": ("/api/v1", "configmaps", {"data": {"a": "b"}}, {"data": {"a": "c"}}),
    "Service": ("/api/v1", "services", {"spec": {"ports": [{"port": 80}]}}, {"spec": {"ports": [{"port": 81}]}}),
    "ServiceAccount": ("/api/v1", "serviceaccounts", {}, {"automountServiceAccountToken": False}),
    "EndpointSlice": (
        SLICES,
        "endpointslices",
        {"addressType": "IPv4", "endpoints": [{"addresses": ["192.0.2.1"]}], "ports": [{"port": 80}]},
        {"addressType": "IPv4", "endpoints": [{"addresses": ["192.0.2.2"]}], "ports": [{"port": 80}]},
    ),
    "Gateway": (ISTIO, "gateways", {"spec": GATEWAY}, {"spec": {**GATEWAY, "selector": {"istio": "other"}}}),
    "VirtualService": (ISTIO, "virtualservices", {"spec": ROUTES}, {"spec": {**ROUTES, "hosts": ["b.example"]}}),
    "Lease": (
        "/apis/coordination.k8s.io/v1",
        "leases",
        {"spec": {"holderIdentity": "a"}},
        {"spec": {"holderIdentity": "b"}},
    ),
}
COUNTED = {"Gateway", "VirtualService", "EndpointSlice"}
SHOWN_AT_DELETION = {"Service", "ServiceAccount"}
"""What a DELETE of these answers is the object, and not a Status."""


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


async def test_a_life_from_creation_to_deletion(api, kind):
    group, plural, first, second = KINDS[kind]
    version = group.removeprefix("/apis/").removeprefix("/api/")
    made = await api(
        "POST", api.path(plural, group=group), {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, **first}
    )
    assert (made.status, made.json["kind"], made.json["apiVersion"]) == (201, kind, version)
    read = await api("GET", api.path(plural, "a", group=group))
    assert (read.status, read.json) == (200, made.json)
    wanted = {**read.json, **second}
    put = await api("PUT", api.path(plural, "a", group=group), wanted)
    assert put.status == 200, put.body
    assert put.json["metadata"]["uid"] == made.json["metadata"]["uid"]
    assert int(put.version) > int(made.version)
    listed = await api("GET", api.path(plural, group=group))
    assert (listed.json["kind"], listed.names, int(listed.version) >= int(put.version)) == (f"{kind}List", ["a"], True)
    gone = await api("DELETE", api.path(plural, "a", group=group))
    said = gone.json if kind in SHOWN_AT_DELETION else gone.json["details"]
    assert (gone.status, gone.json["kind"]) == (200, kind if kind in SHOWN_AT_DELETION else "Status")
    assert said.get("metadata", said)["uid"] == made.json["metadata"]["uid"]
    assert (await api("GET", api.path(plural, "a", group=group))).status == 404


async def test_generation_counts_what_is_wanted_where_there_is_one(api, kind):
    group, plural, first, second = KINDS[kind]
    made = await api.create("a", plural, group=group, **first)
    changed = await api.patch(api.path(plural, "a", group=group), second)
    numbers = [made["metadata"].get("generation"), changed.json["metadata"].get("generation")]
    assert numbers == ([1, 2] if kind in COUNTED else [None, None])


async def test_an_item_of_a_list_and_its_kind(api, kind, expected):
    group, plural, first, _second = KINDS[kind]
    await api.create("a", plural, group=group, **first)
    (item,) = (await api("GET", api.path(plural, group=group))).json["items"]
    assert ("kind" in item) == (group == ISTIO or expected("items-of-built-in-kinds-say-their-kind"))


async def test_the_server_says_when_and_under_which_uid(api):
    mine = {"uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z", "resourceVersion": ""}
    made = await api("POST", api.path(), {"metadata": {"name": "a", **mine}})
    metadata = made.json["metadata"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", metadata["uid"])
    assert datetime.fromisoformat(metadata["creationTimestamp"]).year > 2001
    assert (metadata["namespace"], int(metadata["resourceVersion"]) > 0) == (api.namespace, True)


async def test_a_name_is_generated(api):
    made = [await api("POST", api.path(), {"metadata": {"generateName": "job-"}}) for _ in range(3)]
    names = {reply.json["metadata"]["name"] for reply in made}
    assert len(names) == 3
    assert all(re.fullmatch("job-[bcdfghjklmnpqrstvwxz2456789]{5}", name) for name in names)
    assert made[0].json["metadata"]["generateName"] == "job-"


async def test_a_name_given_wins_over_one_to_generate(api):
    made = await api("POST", api.path(), {"metadata": {"name": "a", "generateName": "job-"}})
    assert made.json["metadata"]["name"] == "a"


async def test_without_a_name_nothing_is_made(api):
    reply = await api("POST", api.path(), {"metadata": {}})
    assert (reply.status, reply.reason, reply.causes) == (422, "Invalid", [("FieldValueRequired", "metadata.name")])
    assert reply.message == 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'


async def test_a_custom_kind_needs_its_kind_and_version_said(api, expected):
    reply = await api("POST", api.path("gateways", group=ISTIO), {"metadata": {"name": "a"}, "spec": GATEWAY})
    assert reply.status == expected("kind-may-be-left-out")


@pytest.mark.parametrize("name", ["A", "a_b", "-a", "a-", "a..b", "x" * 254])
async def test_a_name_is_a_subdomain(api, name):
    reply = await api("POST", api.path(), {"metadata": {"name": name}})
    assert (reply.status, reply.causes) == (422, [("FieldValueInvalid", "metadata.name")])


async def test_the_name_of_a_service_is_a_single_label(api):
    reply = await api("POST", api.path("services"), {"metadata": {"name": "a.b"}, "spec": {"ports": [{"port": 80}]}})
    assert reply.causes == [("FieldValueInvalid", "metadata.name")]


async def test_an_object_that_says_a_version_may_not_be_created(api, expected):
    reply = await api("POST", api.path(), {"metadata": {"name": "a", "resourceVersion": "1"}})
    assert reply.message == "resourceVersion should not be set on objects to be created"
    assert reply.status == expected("a-version-on-what-is-created")


async def test_a_wrong_type_is_refused(api, expected):
    reply = await api("POST", api.path(), {"metadata": {"name": "a"}, "data": {"a": 1}})
    assert (reply.status, reply.reason) == expected("wrong-type-of-a-built-in-kind")


@pytest.mark.parametrize("body", [b"{not json", b"[]", b'"text"', b""])
async def test_what_is_no_object_is_refused(api, body):
    reply = await api("POST", api.path(), body)
    assert (reply.status, reply.reason) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        ({"labels": {"a b": "c"}}, "metadata.labels"),
        ({"labels": {"a": "no spaces"}}, "metadata.labels"),
        ({"annotations": {"a b": "c"}}, "metadata.annotations"),
        ({"finalizers": ["not-qualified!"]}, "metadata.finalizers"),
        (
            {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "", "uid": "1"}]},
            "metadata.ownerReferences[0].name",
        ),
    ],
)
async def test_metadata_is_checked(api, metadata, field):
    reply = await api("POST", api.path(), {"metadata": {"name": "a", **metadata}})
    assert reply.status == 422, reply.body
    assert any(place.startswith(field) for _reason, place in reply.causes)


async def test_an_object_may_not_say_another_place_than_its_path(api):
    for document, text in [
        ({"metadata": {"name": "a", "namespace": "other"}}, "does not match"),
        ({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "a"}}, "Secret"),
        ({"apiVersion": "apps/v1", "kind": "ConfigMap", "metadata": {"name": "a"}}, "apps/v1"),
    ]:
        reply = await api("POST", api.path(), document)
        assert (reply.status, reply.reason) == (400, "BadRequest"), reply.body
        assert text in reply.message
    await api.create("a")
    reply = await api("PUT", api.path(name="a"), {"metadata": {"name": "b"}})
    assert (reply.status, reply.reason) == (400, "BadRequest")


async def test_a_second_of_the_name_is_refused(api):
    await api.create("a")
    reply = await api("POST", api.path(), {"metadata": {"name": "a"}})
    assert (reply.status, reply.reason) == (409, "AlreadyExists")
    assert reply.message == 'configmaps "a" already exists'
    assert reply.json["details"] == {"name": "a", "kind": "configmaps"}


async def test_a_namespace_must_be_there_first(api):
    reply = await api("POST", "/api/v1/namespaces/nowhere/configmaps", {"metadata": {"name": "a"}})
    assert (reply.status, reply.reason, reply.message) == (404, "NotFound", 'namespaces "nowhere" not found')
    listed = await api("GET", "/api/v1/namespaces/nowhere/configmaps")
    assert (listed.status, listed.json["items"]) == (200, [])


async def test_a_namespace_is_active_and_knows_its_name(api, expected):
    made = (await api("GET", f"/api/v1/namespaces/{api.namespace}")).json
    assert made["status"] == {"phase": "Active"}
    assert made.get("spec") == expected("a-namespace-has-a-finalizer-in-its-spec")
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": api.namespace}


async def test_every_version_of_a_kind_shows_the_same_object(api):
    made = await api.create(
        "a", "gateways", group=ISTIO, apiVersion="networking.istio.io/v1", kind="Gateway", spec=GATEWAY
    )
    for version in ("v1beta1", "v1alpha3"):
        other = (await api("GET", api.path("gateways", "a", group=f"/apis/networking.istio.io/{version}"))).json
        assert other["apiVersion"] == f"networking.istio.io/{version}"
        assert (other["spec"], other["metadata"]["uid"]) == (made["spec"], made["metadata"]["uid"])
