"""TLS that is passed through: a filter chain for every SNI match of a VirtualService, forwarding the bytes (Istio,
TLSRoute).

A server's hosts only decide which VirtualServices take part; the names are the VirtualService's. Since two filter
chains of a listener must not have a name in common, a match whose name is already taken is left out as a whole: by a
server that ends TLS for that name, or by an earlier match. One match may be reached through several servers, and makes
one chain.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pylae.api.virtual_service import TlsMatchAttributes
from pylae.model.codes import HOST_CLAIMED, INVALID
from pylae.model.finding import Code, Finding
from pylae.model.ir.listener import FilterChain
from pylae.model.ir.origin import Origin
from pylae.translate.guard import guarded
from pylae.translate.server import Role, Server, is_wildcard_suffix
from pylae.translate.tcp_route import forwarded
from pylae.translate.view import Attachment, View, attachments

CATCH_ALL = ("*",)
"""How the chain that takes every name is remembered."""


@dataclass(slots=True)
class SniRoutes:
    """The chains of a listener that pass TLS through, and the servers that they serve.

    `owners` says for every name of the listener whose it is, `*` being the catch-all.
    """

    owners: dict[str, Origin]
    chains: list[FilterChain] = field(default_factory=list)
    served: set[Server] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Match:
    """A match where it stands."""

    attachment: Attachment
    rule: int
    index: int
    written: TlsMatchAttributes

    @property
    def path(self) -> str:
        return f"spec.tls[{self.rule}].match[{self.index}]"

    @property
    def origin(self) -> Origin:
        return self.attachment.origin(self.path)

    @property
    def names(self) -> tuple[str, ...]:
        """What the SNI may be, lower-case and sorted; `*` among them takes in all the others."""
        names = {name.lower() for name in self.written.sni_hosts}
        return CATCH_ALL if "*" in names else tuple(sorted(names))

    def finding(self, code: Code, message: str, cure: str) -> Finding:
        return Finding(code, self.origin.about, f"{self.path}.sniHosts", message, cure)


def sni_routes(servers: tuple[Server, ...], view: View) -> SniRoutes:
    """The pass-through chains of a listener. All its servers are given, since those that end TLS own their names."""
    routes = SniRoutes({name: server.origin for server in servers for name in _own_names(server)})
    for server in servers:
        if server.role is Role.PASSTHROUGH:
            for attachment in attachments(server, view):
                with guarded(attachment.origin(), routes.findings):
                    for match in _matches(attachment):
                        _add(match, routes)
    return routes


def _own_names(server: Server) -> tuple[str, ...]:
    if server.role is Role.PASSTHROUGH:
        return ()
    return (server.server_names if server.ends_tls else ()) or CATCH_ALL


def _matches(attachment: Attachment) -> Iterator[_Match]:
    if not attachment.hosts:
        return
    for rule, written in enumerate(attachment.virtual_service.spec.tls):
        for index, match in enumerate(written.match if written.route else ()):
            if attachment.reaches(match):
                yield _Match(attachment, rule, index, match)


def _add(match: _Match, routes: SniRoutes) -> None:
    """Adds the chain of a match, unless it is there already or may not be."""
    server = match.attachment.server
    owners = {routes.owners[name] for name in match.names if name in routes.owners}
    if owners == {match.origin}:
        routes.served.add(server)
    elif refusal := _refusal(match, routes):
        routes.findings.append(refusal)
    elif chain := _chain(match, routes.findings):
        routes.owners |= dict.fromkeys(match.names, match.origin)
        routes.served.add(server)
        routes.chains.append(chain)


def _refusal(match: _Match, routes: SniRoutes) -> Finding | None:
    bad = [name for name in match.names if not is_wildcard_suffix(name) and "*" in name]
    if bad or not match.names:
        message = (
            f"{bad[0]!r} is no name that a client can ask for; the match is left out." if bad else "No name is given."
        )
        return match.finding(INVALID, message, "Use names such as `shop.example.com`, `*.example.com` or `*`.")
    taken = next((name for name in match.names if name in routes.owners), None)
    if taken is None:
        return None
    owner = routes.owners[taken]
    port = match.attachment.server.port.number
    message = f"{taken} on port {port} belongs to {owner.about} ({owner.path}); the match is left out."
    return match.finding(HOST_CLAIMED, message, "Remove the name here or there.")


def _chain(match: _Match, findings: list[Finding]) -> FilterChain | None:
    rule = match.attachment.virtual_service.spec.tls[match.rule]
    proxy = forwarded(rule.route, f"spec.tls[{match.rule}]", match.attachment, findings)
    if proxy is None:
        return None
    name = f"passthrough.{match.attachment.server.port.number}.{','.join(match.names)}"
    server_names = () if match.names == CATCH_ALL else match.names
    return FilterChain(name, server_names, None, proxy, match.origin)
