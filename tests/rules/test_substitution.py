"""Which variables Envoy takes in header values and access logs (learnt from Envoy 1.40)."""

import pytest

from pylae.rules.substitution import unknown_substitution


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "",
        "100%%",
        "%START_TIME%",
        "%START_TIME(%s.%3f)%",
        "%REQ(X-ID)%",
        "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH):20%",
        "%%START_TIME%%",
        "%UPSTREAM_HOST%/%UPSTREAM_CLUSTER_RAW%",
        "%DYNAMIC_METADATA(a:b:c)%",
        "%FILTER_STATE(key:PLAIN)%",
        "%RESPONSE_CODE_DETAILS%",
        "%GRPC_STATUS(NUMBER)%",
    ],
)
def test_what_envoy_takes(text: str) -> None:
    assert unknown_substitution(text) == ""


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        pytest.param("100%", "%", id="a percent sign alone"),
        pytest.param("%%%", "%", id="three of them"),
        pytest.param("a %FOO% b", "%FOO% b", id="an unknown name"),
        pytest.param("%start_time%", "%start_time%", id="lower case"),
        pytest.param("%REQ%", "%REQ%", id="no header named"),
        pytest.param("%REQ()%", "%REQ()%", id="an empty header"),
        pytest.param("%REQ(a?b?c)%", "%REQ(a?b?c)%", id="two alternatives"),
        pytest.param("%DURATION(a)%", "%DURATION(a)%", id="an argument that is not taken"),
        pytest.param("%START_TIME%%", "%", id="a half escape"),
        pytest.param("%GRPC_STATUS(STRING)%", "%GRPC_STATUS(STRING)%", id="a form that is none"),
        pytest.param("%ENVIRONMENT(HOME)%", "%ENVIRONMENT(HOME)%", id="the environment of our process"),
    ],
)
def test_what_envoy_would_refuse(text: str, rest: str) -> None:
    assert unknown_substitution(text) == rest
