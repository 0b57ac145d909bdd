"""The names of protocols, in Gateways and in Services, and what follows from them."""

from enum import StrEnum

from pylae.api.core import ServicePort


class Protocol(StrEnum):
    """What is spoken on a port. `UNSUPPORTED` is a Service port that does not say; a gateway speaks HTTP/1.1 to it."""

    TCP = "TCP"
    UDP = "UDP"
    TLS = "TLS"
    HTTP = "HTTP"
    HTTP2 = "HTTP2"
    HTTPS = "HTTPS"
    HTTP_PROXY = "HTTP_PROXY"
    GRPC = "GRPC"
    GRPC_WEB = "GRPC-WEB"
    MONGO = "MONGO"
    REDIS = "REDIS"
    MYSQL = "MYSQL"
    UNSUPPORTED = "UNSUPPORTED"

    __hash__ = str.__hash__  # equal to the text, and without a call in Python


HTTP_FAMILY = frozenset({Protocol.HTTP, Protocol.HTTP2, Protocol.HTTP_PROXY, Protocol.GRPC, Protocol.GRPC_WEB})
"""Plain HTTP of some kind: routes are found by the Host header."""

TLS_FAMILY = frozenset({Protocol.HTTPS, Protocol.TLS})
"""Needs `tls` on a Gateway: chosen by SNI."""

_BY_NAME = {protocol.value: protocol for protocol in Protocol if protocol is not Protocol.UNSUPPORTED}

_BY_APP_PROTOCOL = {
    "kubernetes.io/h2c": Protocol.HTTP2,
    "kubernetes.io/ws": Protocol.HTTP,
    "kubernetes.io/wss": Protocol.HTTPS,
}
"""Names that Kubernetes reserves (Kubernetes, "Service: Application protocol")."""

_WELL_KNOWN_TCP_PORTS = frozenset({25, 53, 3306, 27017})
"""Protocols in which the server speaks first: to wait for the client's first bytes would wait for ever."""


def parse(text: str) -> Protocol | None:
    """The protocol of this name in either case, or None if there is none."""
    return _BY_NAME.get(text.upper())


def of_service_port(port: ServicePort) -> Protocol:
    """The protocol of a Service's port: `appProtocol`, else the port's name up to the first hyphen, else its number.

    Source: Istio, "Protocol Selection".
    """
    if port.protocol == "UDP":
        return Protocol.UDP
    if port.app_protocol in _BY_APP_PROTOCOL:
        return _BY_APP_PROTOCOL[port.app_protocol]
    return _of_name(port.app_protocol or port.name) or _of_number(port.port)


def _of_name(name: str) -> Protocol | None:
    if name.lower().startswith("grpc-web"):
        return Protocol.GRPC_WEB
    return parse(name.partition("-")[0])


def _of_number(number: int) -> Protocol:
    return Protocol.TCP if number in _WELL_KNOWN_TCP_PORTS else Protocol.UNSUPPORTED


def speaks_http2(protocol: Protocol) -> bool:
    """Whether an upstream of this protocol is spoken to in HTTP/2; all others get HTTP/1.1."""
    return protocol in (Protocol.HTTP2, Protocol.GRPC, Protocol.GRPC_WEB)
