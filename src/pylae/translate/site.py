"""The site: what the servers of one listener serve, as filter chains and route configurations."""

from collections.abc import Iterator
from dataclasses import dataclass

from pylae.model.codes import NO_ROUTES
from pylae.model.finding import Finding
from pylae.model.ir.listener import DownstreamTls, FilterChain, HttpConnectionManager
from pylae.model.ir.origin import Origin
from pylae.model.ir.route import RouteConfiguration
from pylae.rules.protocols import Protocol
from pylae.translate.guard import guarded
from pylae.translate.server import Role, Server
from pylae.translate.tcp_route import tcp_proxy
from pylae.translate.tls import downstream_tls
from pylae.translate.tls_route import sni_routes
from pylae.translate.view import View
from pylae.translate.virtual_host import RoutedHosts, route_configuration


@dataclass(frozen=True, slots=True)
class Site:
    """`served` are the servers that some connection can reach."""

    chains: tuple[FilterChain, ...]
    route_configurations: tuple[RouteConfiguration, ...]
    served: frozenset[Origin]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """A filter chain, the servers that it serves, and the routes that it names, where it is HTTP."""

    chain: FilterChain
    serves: tuple[Server, ...]
    routed: RoutedHosts | None = None


def site(servers: tuple[Server, ...], view: View) -> Site:
    """Reads the VirtualServices bound to the servers' Gateways, and the services that these name.

    `servers` are all those of one listener, in order of precedence.
    """
    findings: list[Finding] = []
    passed_through = sni_routes(servers, view)
    parts = tuple(_parts(servers, view, findings))
    chains = (*(part.chain for part in parts), *passed_through.chains)
    served = frozenset(server.origin for part in parts for server in part.serves) | passed_through.served
    routed = [part.routed for part in parts if part.routed]
    findings += (finding for hosts in routed for finding in hosts.findings)
    findings += passed_through.findings
    return Site(chains, tuple(hosts.configuration for hosts in routed), served, tuple(findings))


def _parts(servers: tuple[Server, ...], view: View, findings: list[Finding]) -> Iterator[_Part]:
    """The chains of all servers but those that pass TLS through. Plain HTTP servers have one in common."""
    plain = tuple(server for server in servers if server.role is Role.HTTP)
    groups = [plain] if plain else []
    groups += [(server,) for server in servers if server.role in (Role.HTTPS, Role.TLS, Role.TCP)]
    for group in groups:
        with guarded(group[0].origin, findings):
            part = _http_part(group, view) if group[0].route_configuration else _bytes_part(group[0], view, findings)
            if part:
                yield part


def _http_part(servers: tuple[Server, ...], view: View) -> _Part:
    first = servers[0]
    manager = HttpConnectionManager(
        first.route_configuration, _stat_prefix(first), first.protocol is Protocol.GRPC_WEB, view.access_log
    )
    chain = FilterChain(first.route_configuration, _server_names(first), _tls(first), manager, first.origin)
    return _Part(chain, servers, route_configuration(servers, view))


def _bytes_part(server: Server, view: View, findings: list[Finding]) -> _Part | None:
    proxy = tcp_proxy(server, view, findings)
    if proxy is None:
        return None
    namespace, name = server.gateway_key
    chain_name = f"{server.role.name.lower()}.{server.port.number}.{server.port.name}.{name}.{namespace}"
    return _Part(FilterChain(chain_name, _server_names(server), _tls(server), proxy, server.origin), (server,))


def _server_names(server: Server) -> tuple[str, ...]:
    return server.server_names if server.ends_tls else ()


def _tls(server: Server) -> DownstreamTls | None:
    return downstream_tls(server.tls, *server.secrets) if server.tls and server.ends_tls else None


def _stat_prefix(server: Server) -> str:
    """Istio's: the name of an HTTPS server that has one, else the listener."""
    named = server.spec.name if server.ends_tls else ""
    return named or f"outbound_{server.listener};".lower()


def unserved(server: Server) -> Finding:
    """Why a server that won its port serves nothing: bytes are only forwarded where a VirtualService says so."""
    kind = "tls" if server.role is Role.PASSTHROUGH else "tcp"
    namespace, name = server.gateway_key
    message = (
        f"No VirtualService gives this server a `{kind}` route on port {server.port.number}: connections are closed."
    )
    cure = f"Create one with the server's host, `gateways: [{namespace}/{name}]` and a `{kind}` route."
    return server.finding(NO_ROUTES, "hosts", message, cure)
