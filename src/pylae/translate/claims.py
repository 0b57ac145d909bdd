"""Claims: what a server wants of a port, without the Gateway that it is written in.

There may be a hundred thousand of them and nearly all are never looked at again, so a claim is small: what many have in
common is one object, and what follows from the rest is worked out when somebody asks.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from sys import intern
from typing import Any

from pylae.api.gateway import Gateway, ServerTlsSettings
from pylae.api.meta import ObjectRef
from pylae.api.scheme import GATEWAY
from pylae.model.finding import Code, Finding
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Key
from pylae.rules import names
from pylae.rules.hosts import ANY_HOST
from pylae.rules.protocols import Protocol
from pylae.rules.serving import SERVE, WAYS
from pylae.translate.guard import guarded
from pylae.translate.ports import PublishedPort, listen_port
from pylae.translate.server import Role, Server, unservable

Rank = tuple[str, str, str, int]
"""Precedence: the Gateway's creation timestamp, name and namespace, and where the server stands in it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a server wants of its port apart from hosts; the same for a great many servers.

    `shareable` is whether it can be served on demand, `shares_names` whether another server might want routes of the
    same name as its HTTPS ones, and `listener` the listener's name.
    """

    bind: str
    port: int
    listen_port: int
    listener: str
    protocol: Protocol
    role: Role
    has_tls: bool
    redirects: bool
    shareable: bool
    shares_names: bool

    @property
    def ends_tls(self) -> bool:
        return self.role in (Role.HTTPS, Role.TLS)

    @property
    def is_plain_text(self) -> bool:
        return self.role in (Role.HTTP, Role.TCP)


@dataclass(frozen=True, slots=True)
class Claim:
    """One server of one Gateway. `wanted` is what the Gateway's annotation says about serving on demand, None if
    nothing; `host_names` are lower-case DNS names, sorted, each once."""

    gateway: Key
    index: int
    created: str
    host_names: tuple[str, ...]
    port_name: str
    wanted: bool | None
    terms: Terms

    def __hash__(self) -> int:
        return hash((self.gateway, self.index))

    @property
    def rank(self) -> Rank:
        """The smaller one comes first."""
        namespace, name = self.gateway
        return (self.created, name, namespace, self.index)

    @property
    def route_configuration(self) -> str:
        """As a server's: shared by the plain HTTP of a listener, its own where HTTPS ends, else ""."""
        terms = self.terms
        match terms.role:
            case Role.HTTP:
                return names.http_route_configuration(terms.listen_port, terms.bind)
            case Role.HTTPS:
                namespace, name = self.gateway
                return names.https_route_configuration(terms.port, self.port_name, name, namespace, terms.bind)
            case _:
                return ""

    @property
    def listen_port(self) -> int:
        return self.terms.listen_port

    def host_of(self, name: str) -> str:
        """The host by which the server has a lower-case DNS name, the most specific one; "" if it has none."""
        wider = (f"*{name[place:]}" for place, character in enumerate(name) if character == ".")
        return next((host for host in (name, *wider, ANY_HOST) if self._has(host)), "")

    def _has(self, host: str) -> bool:
        place = bisect_left(self.host_names, host)
        return self.host_names[place : place + 1] == (host,)

    @property
    def origin(self) -> Origin:
        """The server's."""
        return server_origin(self.gateway, self.index)

    def finding(self, code: Code, field: str, message: str, cure: str) -> Finding:
        """A finding on a field of the server."""
        origin = self.origin
        return Finding(code, origin.about, intern(f"{origin.path}.{field}"), message, cure)


def server_origin(gateway: Key, index: int) -> Origin:
    return Origin(ObjectRef(GATEWAY.kind, *gateway), intern(f"spec.servers[{index}]"))


def named(origin: Origin) -> str:
    """A server as sentences name it."""
    return f"{origin.about} ({origin.path})"


@dataclass(frozen=True, slots=True)
class Claims:
    """Those of one Gateway, the findings of its servers that could not be served even if they were alone, by index,
    and mistakes of ours that were made on the way."""

    created: str = ""
    claims: tuple[Claim, ...] = ()
    unservable: Mapping[int, Finding] = field(default_factory=dict)
    mistakes: tuple[Finding, ...] = ()

    @property
    def is_odd(self) -> bool:
        """Whether some server is no claim."""
        return bool(self.unservable or self.mistakes)


NO_CLAIMS = Claims()


def claims_of(key: Key, gateway: Gateway, published: tuple[PublishedPort, ...]) -> Claims:
    """The Gateway is read now and not kept."""
    made: list[Claim] = []
    lost: dict[int, Finding] = {}
    mistakes: list[Finding] = []
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}
    for index in range(len(gateway.spec.servers)):
        with guarded(server_origin(key, index), mistakes):
            server = server_of(gateway, index, published)
            if reason := unservable(server):
                lost[index] = reason
            else:
                hosts = shared.setdefault(server.host_names, server.host_names)
                made.append(_claim(key, server, hosts))
    return Claims(gateway.metadata.creation_timestamp, _beside_each_other(made), lost, tuple(mistakes))


def server_of(gateway: Gateway, index: int, published: tuple[PublishedPort, ...]) -> Server:
    """A server of a Gateway, by its place."""
    port = gateway.spec.servers[index].port
    return Server(gateway, index, listen_port(published, port.number if port else 0))


def _claim(key: Key, server: Server, hosts: tuple[str, ...]) -> Claim:
    meta = server.gateway.metadata
    wanted = WAYS.get(meta.annotations.get(SERVE, ""))
    created, port_name = intern(meta.creation_timestamp), intern(server.port.name)
    return Claim(key, server.index, created, hosts, port_name, wanted, _terms(server))


def _beside_each_other(claims: list[Claim]) -> tuple[Claim, ...]:
    """Several servers of one Gateway that end HTTPS might want the same name for their routes."""
    secure = [claim.terms.role is Role.HTTPS for claim in claims]
    if sum(secure) < 2:
        return tuple(claims)
    return tuple(
        replace(claim, terms=_sharing_names(claim.terms)) if shares else claim
        for claim, shares in zip(claims, secure, strict=True)
    )


def _terms(server: Server) -> Terms:
    """A dot in a name makes the name of the routes ambiguous, which joins the port's and the Gateway's with dots."""
    return _one_of_all(
        server.bind,
        server.port.number,
        server.listen_port,
        server.protocol or Protocol.UNSUPPORTED,
        server.role,
        server.tls is not None,
        server.redirects,
        is_shareable(server),
        server.role is Role.HTTPS and "." in server.port.name + server.gateway_key[1],
    )


@lru_cache(maxsize=4096)
def _one_of_all(bind: str, port: int, listen_port: int, *others: Any) -> Terms:
    """The one object for all terms that are equal."""
    return Terms(bind, port, listen_port, names.listener(bind, listen_port), *others)


@lru_cache(maxsize=4096)
def _sharing_names(terms: Terms) -> Terms:
    return replace(terms, shares_names=True)


@lru_cache(maxsize=4096)
def _led_to(terms: Terms, port: int) -> Terms:
    return replace(terms, listen_port=port, listener=names.listener(terms.bind, port))


def moved(claim: Claim, published: tuple[PublishedPort, ...]) -> Claim:
    """The claim as it is with these Services in front: the very same if its port leads where it led."""
    terms = claim.terms
    port = listen_port(published, terms.port)
    if port == terms.listen_port:
        return claim
    return replace(claim, terms=_led_to(terms, port))


def is_shareable(server: Server) -> bool:
    """Whether a connection to the server can be answered where all on-demand ones of its listener are: TLS ends as it
    does by default and with one certificate, or plain HTTP is only told to use HTTPS."""
    return server.redirects if server.role is Role.HTTP else _is_usual_but_for(server)


def outlasts(server: Server) -> bool:
    """Whether connections from when the server was shareable may go on: how new ones are encrypted may be another
    matter by now, but nothing is asked of clients that those have not shown."""
    return _is_usual_but_for(server, "min_protocol_version", "max_protocol_version", "cipher_suites", "ecdh_curves")


def _is_usual_but_for(server: Server, *settings: str) -> bool:
    if server.role is not Role.HTTPS or server.mode != "SIMPLE" or server.tls is None:
        return False
    tls = server.tls
    own = {name: getattr(tls, name) for name in ("mode", "credential_name", "credential_names", *settings)}
    return len(server.secrets[0]) == 1 and tls == ServerTlsSettings(**own)
