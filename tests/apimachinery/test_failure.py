"""The words and documents of refusals."""

import pytest

from pylae.apimachinery import failure
from pylae.apimachinery.registry import REGISTRY

GATEWAYS = REGISTRY.named("gateways.networking.istio.io")
SECRETS = REGISTRY.named("secrets")
ONE = failure.missing("spec.hosts")
OTHER = failure.invalid_value("spec.port", 0, "must be between 1 and 65535, inclusive")


@pytest.mark.parametrize(
    ("refused", "code", "reason", "message"),
    [
        (failure.not_found(GATEWAYS, "x"), 404, "NotFound", 'gateways.networking.istio.io "x" not found'),
        (failure.not_found(SECRETS, "x"), 404, "NotFound", 'secrets "x" not found'),
        (failure.already_exists(SECRETS, "x"), 409, "AlreadyExists", 'secrets "x" already exists'),
        (
            failure.conflict(SECRETS, "x"),
            409,
            "Conflict",
            (
                'Operation cannot be fulfilled on secrets "x": the object has been modified; '
                "please apply your changes to the latest version and try again"
            ),
        ),
        (failure.forbidden(SECRETS, "x", "no"), 403, "Forbidden", 'secrets "x" is forbidden: no'),
        (failure.invalid(SECRETS, "x", [ONE]), 422, "Invalid", 'Secret "x" is invalid: spec.hosts: Required value'),
        (
            failure.invalid(GATEWAYS, "x", [ONE, OTHER]),
            422,
            "Invalid",
            (
                'Gateway.networking.istio.io "x" is invalid: [spec.hosts: Required value, '
                "spec.port: Invalid value: 0: must be between 1 and 65535, inclusive]"
            ),
        ),
        (failure.expired("too old resource version: 1 (5)"), 410, "Expired", "too old resource version: 1 (5)"),
        (failure.too_large("4 MB"), 413, "RequestEntityTooLarge", "4 MB"),
        (failure.unsupported_media_type("yaml"), 415, "UnsupportedMediaType", "yaml"),
        (failure.insufficient_storage("disk full"), 507, "InsufficientStorage", "disk full"),
        (failure.unauthorized(), 401, "Unauthorized", "Unauthorized"),
        (failure.method_not_allowed(), 405, "MethodNotAllowed", None),
        (failure.not_acceptable("x"), 406, "NotAcceptable", "x"),
        (failure.too_many_requests("x"), 429, "TooManyRequests", "x"),
        (failure.internal_error("x"), 500, "InternalError", "Internal error occurred: x"),
        (failure.no_such_path(), 404, "NotFound", "the server could not find the requested resource"),
    ],
)
def test_each_refusal_has_kubernetes_own_code_reason_and_words(refused, code, reason, message):
    assert (refused.code, refused.reason) == (code, reason)
    if message is not None:
        assert refused.message == message
    document = refused.document()
    assert (document["kind"], document["apiVersion"], document["status"]) == ("Status", "v1", "Failure")
    assert (document["code"], document["reason"], document["message"]) == (code, reason, refused.message)


def test_details_name_the_object_by_its_plural_and_causes_by_its_kind():
    assert failure.not_found(GATEWAYS, "x").document()["details"] == {
        "name": "x",
        "group": "networking.istio.io",
        "kind": "gateways",
    }
    details = failure.invalid(GATEWAYS, "x", [ONE]).document()["details"]
    assert details["kind"] == "Gateway"
    assert details["causes"] == [{"reason": "FieldValueRequired", "message": "Required value", "field": "spec.hosts"}]


def test_a_cause_that_comes_twice_is_said_once():
    assert failure.invalid(SECRETS, "x", [ONE, ONE]).message == 'Secret "x" is invalid: spec.hosts: Required value'


@pytest.mark.parametrize(
    ("cause", "reason", "text"),
    [
        (failure.missing("a", "say it"), "FieldValueRequired", "a: Required value: say it"),
        (failure.duplicate("a", "x"), "FieldValueDuplicate", 'a: Duplicate value: "x"'),
        (failure.not_allowed("a", "no"), "FieldValueForbidden", "a: Forbidden: no"),
        (failure.too_many("a", 3, 2), "FieldValueTooMany", "a: Too many: 3: must have at most 2 items"),
        (failure.too_long("a", "may not be more than 5 bytes"), "FieldValueTooLong", None),
        (
            failure.unsupported("a", "X", ["A", "B"]),
            "FieldValueNotSupported",
            'a: Unsupported value: "X": supported values: "A", "B"',
        ),
    ],
)
def test_each_kind_of_cause_has_its_reason(cause, reason, text):
    assert cause.reason == reason
    assert text is None or str(cause) == text


def test_a_huge_value_is_shown_by_its_beginning():
    assert len(failure.invalid_value("a", "x" * 1_000_000, "is long").message) < 300
