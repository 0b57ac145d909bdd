"""Fields that nobody knows and fields that come twice: refused, warned of or passed over, as the client asks."""

import pytest
from rest import ISTIO

KNOWN = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
UNKNOWN = {**KNOWN, "dat": {"n": "1"}, "metadata": {"name": "a", "lables": {}}}
TWICE = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"n":"1"},"data":{"m":"2"}}'
GATEWAY = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "Gateway",
    "metadata": {"name": "a"},
    "spec": {
        "selectorr": {},
        "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["a.example"], "hots": 1}],
    },
}


async def test_strict_refuses_and_names_every_field(api):
    reply = await api("POST", api.path(query="fieldValidation=Strict"), UNKNOWN)
    assert (reply.status, reply.reason) == (400, "BadRequest")
    assert reply.message == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: '
        'unknown field "metadata.lables", unknown field "dat"'
    )


async def test_warn_stores_and_warns_of_every_field(api):
    reply = await api("POST", api.path(query="fieldValidation=Warn"), UNKNOWN)
    assert (reply.status, "dat" in reply.json) == (201, False)
    assert reply.warnings == ['unknown field "metadata.lables"', 'unknown field "dat"']


async def test_ignore_says_nothing_and_keeps_nothing(api):
    reply = await api("POST", api.path(query="fieldValidation=Ignore"), UNKNOWN)
    assert (reply.status, reply.warnings, "dat" in reply.json) == (201, [], False)


async def test_unless_asked_it_warns(api):
    assert (await api("POST", api.path(), UNKNOWN)).warnings == [
        'unknown field "metadata.lables"',
        'unknown field "dat"',
    ]


async def test_there_is_no_other_way(api):
    reply = await api("POST", api.path(query="fieldValidation=Maybe"), KNOWN)
    assert (reply.status, reply.causes) == (422, [("FieldValueNotSupported", "fieldValidation")])


async def test_of_custom_kinds_the_same(api):
    path = api.path("gateways", group=ISTIO, query="fieldValidation={}")
    strict = await api("POST", path.format("Strict"), GATEWAY)
    assert (strict.status, strict.reason) == (400, "BadRequest")
    assert 'unknown field "spec.selectorr"' in strict.message
    assert 'unknown field "spec.servers[0].hots"' in strict.message
    warned = await api("POST", path.format("Warn"), GATEWAY)
    assert sorted(text for text in warned.warnings if text.startswith("unknown")) == [
        'unknown field "spec.selectorr"',
        'unknown field "spec.servers[0].hots"',
    ]
    assert "selectorr" not in warned.json["spec"]


async def test_a_field_that_comes_twice(api):
    strict = await api("POST", api.path(query="fieldValidation=Strict"), TWICE)
    assert strict.status == 400
    assert 'duplicate field "data"' in strict.message
    warned = await api("POST", api.path(query="fieldValidation=Warn"), TWICE)
    assert (warned.status, warned.warnings) == (201, ['duplicate field "data"'])


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_of_changes_the_same(api, method, expected):
    await api.create("a")
    content = "application/merge-patch+json" if method == "PATCH" else "application/json"
    path = api.path(name="a", query="fieldValidation=Strict")
    strict = await api(method, path, {**KNOWN, "dat": 1}, Content_Type=content)
    assert 'unknown field "dat"' in strict.message
    assert strict.status == (400 if method == "PUT" else expected("a-strict-patch-to-an-unknown-field"))
    warned = await api(method, api.path(name="a"), {**KNOWN, "dat": 1}, Content_Type=content)
    assert (warned.status, warned.warnings) == (200, ['unknown field "dat"'])


async def test_null_is_no_value_of_a_built_in_kind(api):
    reply = await api("POST", api.path(), {"metadata": {"name": "a", "labels": None}, "data": None})
    assert (reply.status, "data" in reply.json, "labels" in reply.json["metadata"]) == (201, False, False)
