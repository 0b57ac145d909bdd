"""A server of a selected Gateway as translation sees it, and what keeps one from being served whatever its neighbours
are."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from ipaddress import ip_address

from pylae.api import gateway as api
from pylae.model import codes
from pylae.model.finding import Code, Finding
from pylae.model.ir.listener import SecretRef
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Key
from pylae.rules import names, protocols
from pylae.rules.credentials import server_secrets
from pylae.rules.hosts import GatewayHost, gateway_hosts, is_ip_address
from pylae.rules.protocols import HTTP_FAMILY, TLS_FAMILY, Protocol
from pylae.translate.once import once

UNHONOURED_MODES = frozenset({"AUTO_PASSTHROUGH", "ISTIO_MUTUAL"})


class Role(Enum):
    """What a server does with a connection."""

    __hash__ = object.__hash__  # without a call in Python

    HTTP = auto()
    """Plain HTTP; all such servers of a listener share one filter chain."""
    HTTPS = auto()
    """Ends TLS and routes by the HTTP request."""
    TLS = auto()
    """Ends TLS and forwards the bytes."""
    PASSTHROUGH = auto()
    """Forwards by SNI and ends nothing."""
    TCP = auto()
    """Forwards plain bytes."""


@dataclass(frozen=True, eq=False)
class Server:
    """`listen_port` is the target port that the server's own port leads to. With `only` it is looked at for the sake of
    one of its hosts, as if it had no other."""

    gateway: api.Gateway
    index: int
    listen_port: int
    only: str = ""

    @once
    def spec(self) -> api.Server:
        return self.gateway.spec.servers[self.index]

    @once
    def port(self) -> api.Port:
        """As users see it; a missing port is number 0."""
        return self.spec.port or api.Port()

    @once
    def gateway_key(self) -> Key:
        return (self.gateway.metadata.namespace, self.gateway.metadata.name)

    @once
    def origin(self) -> Origin:
        """The server's identity."""
        return Origin(self.gateway.ref, f"spec.servers[{self.index}]")

    @once
    def protocol(self) -> Protocol | None:
        return protocols.parse(self.port.protocol)

    @property
    def tls(self) -> api.ServerTlsSettings | None:
        return self.spec.tls

    @once
    def mode(self) -> str:
        """The TLS mode, "" for plain text: PASSTHROUGH where TLS does not say (Istio, ServerTLSSettings)."""
        return (self.tls.mode or "PASSTHROUGH") if self.tls and self.protocol in TLS_FAMILY else ""

    @property
    def redirects(self) -> bool:
        return bool(self.tls and self.tls.https_redirect)

    @once
    def bind(self) -> str:
        """The address that the Gateway asks for, in its usual spelling; "" for all addresses."""
        if not is_ip_address(self.spec.bind):
            return self.spec.bind
        address = ip_address(self.spec.bind)
        return "" if address.is_unspecified else str(address)

    @once
    def hosts(self) -> tuple[GatewayHost, ...]:
        hosts = gateway_hosts(self.spec.hosts, self.gateway.metadata.namespace)
        return tuple(host for host in hosts if host.name == self.only) if self.only else hosts

    @once
    def host_names(self) -> tuple[str, ...]:
        """Lower-case DNS names, sorted, each once."""
        return tuple(sorted({host.name for host in self.hosts}))

    @once
    def server_names(self) -> tuple[str, ...]:
        """What SNI has to be for this server; nothing if any will do."""
        return () if "*" in self.host_names else self.host_names

    @once
    def role(self) -> Role:
        if self.protocol in HTTP_FAMILY:
            return Role.HTTP
        if self.protocol not in TLS_FAMILY:
            return Role.TCP
        if self.mode == "PASSTHROUGH":
            return Role.PASSTHROUGH
        return Role.HTTPS if self.protocol is Protocol.HTTPS else Role.TLS

    @property
    def is_plain_text(self) -> bool:
        return self.role in (Role.HTTP, Role.TCP)

    @property
    def ends_tls(self) -> bool:
        return self.role in (Role.HTTPS, Role.TLS)

    @once
    def secrets(self) -> tuple[tuple[SecretRef, ...], SecretRef | None]:
        """The server's certificates, and the authorities for clients' ones."""
        return server_secrets(self.tls) if self.tls and self.ends_tls else ((), None)

    @property
    def listener(self) -> str:
        return names.listener(self.bind, self.listen_port)

    @once
    def route_configuration(self) -> str:
        """Plain-text HTTP servers share one by listener, a server that ends HTTPS has its own, all others have none
        ("")."""
        match self.role:
            case Role.HTTP:
                return names.http_route_configuration(self.listen_port, self.bind)
            case Role.HTTPS:
                namespace, name = self.gateway_key
                return names.https_route_configuration(self.port.number, self.port.name, name, namespace, self.bind)
            case _:
                return ""

    def finding(self, code: Code, field: str, message: str, cure: str) -> Finding:
        """A finding on a field of this server."""
        return Finding(code, self.origin.about, f"{self.origin.path}.{field}", message, cure)

    def __str__(self) -> str:
        return f"{self.gateway.ref} ({self.origin.path})"


def unservable(server: Server) -> Finding | None:
    """Why the server cannot be served at all; None if it can."""
    return next((finding for check in CHECKS if (finding := check(server))), None)


def _unhonoured_mode(server: Server) -> Finding | None:
    if server.mode not in UNHONOURED_MODES:
        return None
    message = f"TLS mode {server.mode} is not honoured yet; the server is not served."
    return server.finding(
        codes.NOT_HONOURED, "tls.mode", message, "Use SIMPLE, MUTUAL, OPTIONAL_MUTUAL or PASSTHROUGH."
    )


def _refused_address(server: Server) -> Finding | None:
    if not server.bind or is_ip_address(server.bind):
        return None
    message = f"The address {server.bind!r} is not bound: a gateway listens on IP addresses only."
    return server.finding(
        codes.ADDRESS_REFUSED, "bind", message, "Leave `bind` out, or set an IP address of this machine."
    )


def _bad_port(server: Server) -> Finding | None:
    if server.protocol is None or server.protocol is Protocol.UDP:
        message = f"Protocol {server.port.protocol!r} is not served."
        return server.finding(codes.INVALID, "port.protocol", message, "Use HTTP, HTTPS, TLS, TCP or one of their kin.")
    if 1 <= server.port.number <= 65535:
        return None
    message = f"Port {server.port.number} is no port."
    return server.finding(codes.INVALID, "port.number", message, "Use a number from 1 to 65535.")


def _bad_host(server: Server) -> Finding | None:
    """Envoy refuses a whole listener for one server name with a wildcard inside."""
    bad = [name for name in server.host_names if not name or ("*" in name and not is_wildcard_suffix(name))]
    if not bad and server.host_names:
        return None
    message = f"{bad[0]!r} is no host that can be served." if bad else "The server has no host."
    return server.finding(
        codes.INVALID, "hosts", message, "Use names such as `shop.example.com`, `*.example.com` or `*`."
    )


def is_wildcard_suffix(name: str) -> bool:
    """`*`, or `*.` before a name without a wildcard."""
    return name == "*" or (name.startswith("*.") and "*" not in name[2:])


def _bad_tls(server: Server) -> Finding | None:
    if server.protocol in TLS_FAMILY and server.tls is None:
        message = f"Protocol {server.port.protocol} needs `tls`."
        return server.finding(codes.INVALID, "tls", message, "Set `tls.mode` and `tls.credentialName`.")
    if server.is_plain_text and server.tls and server.tls.mode not in ("", "PASSTHROUGH"):
        message = f"Mode {server.tls.mode} on a port of protocol {server.protocol} would be served in plain text."
        return server.finding(codes.INVALID, "tls.mode", message, "Use protocol HTTPS, or TLS for other traffic.")
    certificates, _ = server.secrets
    if server.ends_tls and not certificates:
        message = "The server ends TLS and names no certificate that can be used."
        return server.finding(codes.INVALID, "tls.credentialName", message, "Set `credentialName` to a Secret's name.")
    return None


CHECKS: tuple[Callable[[Server], Finding | None], ...] = (
    _unhonoured_mode,
    _refused_address,
    _bad_port,
    _bad_host,
    _bad_tls,
)
"""In the order in which the user should hear of them; the first is told."""
