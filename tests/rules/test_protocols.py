"""The rows are those of Istio's table of service ports (pkg/config/kube, ConvertProtocol)."""

import pytest

from pylae.api.core import ServicePort
from pylae.rules.protocols import HTTP_FAMILY, TLS_FAMILY, Protocol, of_service_port, parse, speaks_http2


@pytest.mark.parametrize("text", ["http", "HTTP", "Http"])
def test_a_protocols_name_is_read_in_either_case(text) -> None:
    assert parse(text) is Protocol.HTTP


@pytest.mark.parametrize("text", ["", "kafka", "unsupported", "http-web", "SCTP"])
def test_a_name_that_is_no_protocol_is_none(text) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("port", "protocol"),
    [
        (ServicePort(port=80), Protocol.UNSUPPORTED),
        (ServicePort(port=80, name="http"), Protocol.HTTP),
        (ServicePort(port=80, name="http-test"), Protocol.HTTP),
        (ServicePort(port=80, name="HTTP2-a"), Protocol.HTTP2),
        (ServicePort(port=80, name="http", app_protocol="https"), Protocol.HTTPS),
        (ServicePort(port=80, name="http", protocol="UDP"), Protocol.UDP),
        (ServicePort(port=80, name="grpc-web"), Protocol.GRPC_WEB),
        (ServicePort(port=80, name="GRPC-WEB-x"), Protocol.GRPC_WEB),
        (ServicePort(port=80, name="grpcweb-x"), Protocol.UNSUPPORTED),
        (ServicePort(port=80, name="grpc-x"), Protocol.GRPC),
        (ServicePort(port=3306), Protocol.TCP),
        (ServicePort(port=3306, name="whatever"), Protocol.TCP),
        (ServicePort(port=3306, name="http"), Protocol.HTTP),
        (ServicePort(port=3306, app_protocol="kubernetes.io/h2c"), Protocol.HTTP2),
        (ServicePort(port=80, app_protocol="kubernetes.io/ws"), Protocol.HTTP),
        (ServicePort(port=80, app_protocol="kubernetes.io/wss"), Protocol.HTTPS),
        (ServicePort(port=80, name="http", app_protocol="example.com/mine"), Protocol.UNSUPPORTED),
    ],
)
def test_c35_a_service_port_says_what_it_speaks(port, protocol) -> None:
    assert of_service_port(port) is protocol


def test_only_http2_and_grpc_are_spoken_to_in_http2() -> None:
    assert {protocol for protocol in Protocol if speaks_http2(protocol)} == {
        Protocol.HTTP2,
        Protocol.GRPC,
        Protocol.GRPC_WEB,
    }


def test_no_protocol_is_plain_http_and_tls_at_once() -> None:
    assert not HTTP_FAMILY & TLS_FAMILY
