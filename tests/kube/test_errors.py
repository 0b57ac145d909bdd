"""What an answer means, and in whose words it is told."""

import pytest

from pylae.kube.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Gone,
    Invalid,
    KubeError,
    NotFound,
    Unauthorized,
    Unreachable,
    api_error,
)

STATUSES = [
    (404, b'{"kind":"Status","reason":"NotFound","message":"secrets \\"x\\" not found","code":404}', NotFound),
    (409, b'{"kind":"Status","reason":"AlreadyExists","message":"it is there","code":409}', AlreadyExists),
    (409, b'{"kind":"Status","reason":"Conflict","message":"it changed","code":409}', Conflict),
    (410, b'{"kind":"Status","reason":"Expired","message":"too old","code":410}', Gone),
    (422, b'{"kind":"Status","reason":"Invalid","message":"no good","code":422}', Invalid),
    (401, b'{"kind":"Status","reason":"Unauthorized","message":"Unauthorized","code":401}', Unauthorized),
    (507, b'{"kind":"Status","reason":"InsufficientStorage","message":"the disk is full","code":507}', ApiError),
]


@pytest.mark.parametrize(
    ("code", "body", "kind"), STATUSES, ids=[f"{code} {kind.__name__}" for code, _, kind in STATUSES]
)
def test_a_status_becomes_the_error_of_its_code_and_reason(code: int, body: bytes, kind: type[ApiError]) -> None:
    error = api_error(code, body)
    assert type(error) is kind
    assert isinstance(error, KubeError)
    assert error.code == code


def test_the_words_are_the_servers_own() -> None:
    assert str(api_error(*STATUSES[0][:2])) == 'secrets "x" not found'


def test_a_status_in_a_stream_has_no_http_status_and_its_own_code_counts() -> None:
    assert isinstance(api_error(0, STATUSES[3][1]), Gone)


def test_an_answer_that_is_no_status_is_told_with_its_beginning() -> None:
    error = api_error(502, b"<html>Bad Gateway</html>" + b"x" * 1000)
    assert str(error).startswith("the server answered 502 without a reason: <html>Bad Gateway</html>")
    assert len(str(error)) < 300


def test_an_answer_without_a_body_is_told_as_well() -> None:
    assert str(api_error(503, b"")) == "the server answered 503 without a reason: nothing"


def test_causes_are_pairs_of_field_and_message() -> None:
    body = b'{"reason":"Invalid","details":{"causes":[{"field":"spec.ports[0]","message":"no"},{"message":"why"}]}}'
    assert api_error(422, body).causes == (("spec.ports[0]", "no"), ("", "why"))


@pytest.mark.parametrize(("code", "passing"), [(429, True), (500, True), (507, True), (404, False), (422, False)])
def test_a_server_in_trouble_may_recover_and_a_bad_request_does_not(code: int, passing: bool) -> None:
    assert api_error(code, b"").is_passing is passing


def test_silence_is_told_with_the_address() -> None:
    error = Unreachable("https://127.0.0.1:16443", "Connection refused")
    assert str(error) == "the Kubernetes API at https://127.0.0.1:16443 cannot be reached: Connection refused"
