"""From bodies to objects."""

import json

import pytest

from pylae.apimachinery.failure import Failure
from pylae.apimachinery.reading import (
    JSON_PATCH,
    MERGE_PATCH,
    STRATEGIC_MERGE_PATCH,
    FieldValidation,
    apply_patch,
    convert,
    field_validation,
    read_applied,
    read_body,
    read_object,
    read_patch,
    settle,
)
from pylae.apimachinery.registry import REGISTRY

GATEWAYS = REGISTRY.named("gateways.networking.istio.io")
SECRETS = REGISTRY.named("secrets")
DEPLOYMENTS = REGISTRY.named("deployments.apps")
STRICT, WARN, IGNORE = FieldValidation


def read(resource, value, validation=STRICT, content_type="application/json"):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return read_object(resource, resource.versions[0], body, content_type=content_type, validation=validation)


def refusal(*arguments, **keywords):
    with pytest.raises(Failure) as refused:
        read(*arguments, **keywords)
    return refused.value


MERGED = "\n".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 30))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"a0: &a0 {{}}\n{MERGED}", "more than 500000 values"),
        ("a: &a\n  <<: *a\n", "levels deep"),
        ("- a\n" * 600_000, "line 500000: more than 500000 values"),
    ],
    ids=["merged again and again", "merged into itself", "a long list"],
)
def test_a_few_lines_of_yaml_may_not_stand_for_billions(text, why):
    with pytest.raises(Failure, match=why):
        read_applied(SECRETS, "v1", text.encode())


SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}


@pytest.mark.parametrize(
    "body",
    [json.dumps(SECRET), "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", "  " + json.dumps(SECRET)],
    ids=["json", "yaml", "indented"],
)
def test_what_is_applied_is_yaml_or_json(body):
    assert read_applied(SECRETS, "v1", body.encode()).document == SECRET


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"- a", "error decoding patch: it is no object"),
        (b"a: [", "error decoding patch: line"),
        (b"\xff", "error decoding patch: it is not UTF-8"),
        (b"", "error decoding patch: it is no object"),
        (b"kind: Secret", "invalid object type: /, Kind=Secret"),
        (b"{apiVersion: v1, kind: Service}", "invalid object type: /v1, Kind=Service"),
        (
            b"apiVersion: networking.istio.io/v1\nkind: Secret",
            "invalid object type: networking.istio.io/v1, Kind=Secret",
        ),
        (b"apiVersion: v1\nkind: Secret\nmetadata: a", "error decoding patch: metadata is no object"),
        (b"a: &a [x]\n" + b"b: " + b"[" * 300, "error decoding patch: line 2"),
    ],
)
def test_what_cannot_be_applied(body, words):
    with pytest.raises(Failure) as refused:
        read_applied(SECRETS, "v1", body)
    assert refused.value.code == 400
    assert words in refused.value.message


def test_metadata_has_no_empty_map_or_list():
    metadata = {"name": "a", "labels": {}, "finalizers": [], "annotations": {"a": ""}, "managedFields": []}
    settled = read(SECRETS, {"metadata": metadata}).object
    assert settled["metadata"] == {"name": "a", "annotations": {"a": ""}, "managedFields": []}


def test_an_unknown_field_is_refused_in_upstreams_words():
    failure = refusal(GATEWAYS, {"spec": {"selectorr": {}}})
    assert failure.code == 400
    assert failure.message == (
        'Gateway in version "v1" cannot be handled as a Gateway: strict decoding error: unknown field "spec.selectorr"'
    )


def test_all_unknown_and_repeated_fields_are_named_at_once():
    failure = refusal(GATEWAYS, b'{"specc":1,"spec":{"selector":{},"selector":{},"x":1}}')
    assert failure.message.endswith(
        'strict decoding error: unknown field "specc", unknown field "spec.x", duplicate field "spec.selector"'
    )


@pytest.mark.parametrize(
    ("validation", "warnings"),
    [(WARN, ('unknown field "spec.x"', 'duplicate field "spec.servers"')), (IGNORE, ())],
)
def test_unknown_fields_may_be_warned_of_or_dropped_in_silence(validation, warnings):
    reading = read(GATEWAYS, b'{"spec":{"servers":[],"servers":[],"x":1}}', validation)
    assert reading.object["spec"] == {"servers": []}
    assert reading.warnings == warnings


def test_structural_errors_are_one_invalid_failure_with_every_cause():
    failure = refusal(
        GATEWAYS, {"metadata": {"name": "x"}, "spec": {"servers": [{"port": {"number": "string"}, "tls": 1}]}}
    )
    assert failure.code == 422
    assert failure.message == (
        'Gateway.networking.istio.io "x" is invalid: '
        '[spec.servers[0].port.number: Invalid value: "string": '
        'spec.servers[0].port.number in body must be of type integer: "string", '
        'spec.servers[0].tls: Invalid value: "integer": spec.servers[0].tls in body must be of type object: "integer"]'
    )


@pytest.mark.parametrize(
    "body", [b"[]", b'"x"', b"1", b"null", b'{"metadata":[]}', b'{"metadata":{"name":5}}', b'{"spec":[]}']
)
def test_whatever_json_is_sent_what_is_no_object_of_the_kind_is_refused(body):
    assert refusal(GATEWAYS, body).code in (400, 422)
    assert refusal(SECRETS, body).code in (400, 422)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"kind": "Secret"}, 'Gateway in version "v1" cannot be handled as a Gateway: the body is a Secret'),
        (
            {"apiVersion": "v1"},
            "the API version in the data (v1) does not match the expected API version (networking.istio.io/v1)",
        ),
        ({"apiVersion": ["v1"]}, None),
    ],
)
def test_the_body_must_be_of_the_kind_that_the_path_names(value, words):
    failure = refusal(GATEWAYS, value)
    assert failure.code == 400
    assert words is None or failure.message == words


@pytest.mark.parametrize("written", ["networking.istio.io/v1", "networking.istio.io/v1alpha3", "", None])
def test_an_object_of_any_served_version_is_stored_in_the_preferred_one(written):
    found = read(GATEWAYS, {"apiVersion": written, "kind": "Gateway"}).object
    assert found["apiVersion"] == "networking.istio.io/v1"
    assert convert(GATEWAYS, found, "v1beta1") == {**found, "apiVersion": "networking.istio.io/v1beta1"}


def test_null_means_not_set_in_metadata_and_in_the_built_in_kinds():
    assert read(GATEWAYS, {"metadata": {"creationTimestamp": None}}).object["metadata"] == {}
    assert read(SECRETS, {"type": None, "data": None}).object["type"] == "Opaque"
    assert refusal(GATEWAYS, {"spec": {"servers": None}}).code == 422


def test_kinds_that_are_only_kept_take_any_spec():
    spec = {"template": {"anything": [1, {"goes": True}]}}
    assert read(DEPLOYMENTS, {"spec": spec}).object["spec"] == spec


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        ("application/json", None),
        ("application/json; charset=utf-8", None),
        ("Application/JSON", None),
        ("", None),
        ("application/yaml", None),
        ("text/plain", 415),
        ("application/cbor", 415),
        ("application/vnd.kubernetes.protobuf", 400),
    ],
)
def test_a_body_is_json_yaml_or_protobuf(content_type, code):
    if code is None:
        assert read_body(b"{}", content_type) == ({}, ())
        return
    with pytest.raises(Failure) as refused:
        read_body(b"{}", content_type)
    assert refused.value.code == code


@pytest.mark.parametrize(("text", "validation"), [("", WARN), ("Strict", STRICT), ("Warn", WARN), ("Ignore", IGNORE)])
def test_field_validation_is_warn_unless_told(text, validation):
    assert field_validation(text) is validation


def test_another_word_for_field_validation_is_refused():
    with pytest.raises(Failure) as refused:
        field_validation("strict")
    assert refused.value.code == 422


@pytest.mark.parametrize(
    ("resource", "content_type", "taken"),
    [
        (GATEWAYS, JSON_PATCH, True),
        (GATEWAYS, MERGE_PATCH, True),
        (GATEWAYS, STRATEGIC_MERGE_PATCH, False),
        (SECRETS, STRATEGIC_MERGE_PATCH, True),
        (DEPLOYMENTS, STRATEGIC_MERGE_PATCH, True),
        (SECRETS, "application/json", False),
        (SECRETS, "", False),
    ],
)
def test_which_patches_a_kind_takes(resource, content_type, taken):
    body = b"[]" if content_type == JSON_PATCH else b"{}"
    if taken:
        patch = read_patch(resource, body, f"{content_type}; charset=utf-8")
        assert apply_patch(resource, {"a": 1}, patch) == {"a": 1}
        return
    with pytest.raises(Failure) as refused:
        read_patch(resource, body, content_type)
    assert refused.value.code == 415


def test_the_result_of_a_patch_is_settled_like_any_body():
    current = read(SECRETS, {"metadata": {"name": "x"}, "type": "mine"}).object
    patch = read_patch(SECRETS, b'{"type":null,"stringData":{"a":"b"},"stringData":{"a":"b"}}', STRATEGIC_MERGE_PATCH)
    settled = settle(SECRETS, "v1", apply_patch(SECRETS, current, patch), validation=WARN, duplicates=patch.duplicates)
    assert settled.object["type"] == "Opaque"
    assert settled.object["data"] == {"a": "Yg=="}
    assert settled.warnings == ('duplicate field "stringData"',)


def test_small_patches_cannot_pile_up_depth():
    deep = json.dumps([{"op": "add", "path": "/a" * 60, "value": {"a": {}}}]).encode()
    current = {}
    for _ in range(60):
        current = {"a": current}
    nested = b'{"a":' * 90 + b"{}" + b"}" * 90
    patch = json.dumps([{"op": "add", "path": "/a" * 60, "value": json.loads(nested)}]).encode()
    assert apply_patch(GATEWAYS, current, read_patch(GATEWAYS, deep, JSON_PATCH))
    with pytest.raises(Failure) as refused:
        apply_patch(GATEWAYS, current, read_patch(GATEWAYS, patch, JSON_PATCH))
    assert refused.value.code == 400
