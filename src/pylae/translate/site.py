"""The site: what the servers of one listener serve, as filter chains and route configurations."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from pylae.model.codes import NO_ROUTES
from pylae.model.finding import Finding
from pylae.model.ir.listener import DownstreamTls, FilterChain, HttpConnectionManager, TcpProxy
from pylae.model.ir.route import Forward, RouteConfiguration, WeightedCluster
from pylae.rules.protocols import Protocol
from pylae.translate.guard import guarded
from pylae.translate.server import Role, Server
from pylae.translate.tcp_route import tcp_proxy
from pylae.translate.tls import downstream_tls
from pylae.translate.tls_route import sni_routes
from pylae.translate.view import View
from pylae.translate.virtual_host import route_configuration


@dataclass(frozen=True, slots=True)
class Site:
    """`served` are the servers that some connection can reach, `clusters` what they send it to, by name."""

    chains: tuple[FilterChain, ...]
    route_configurations: tuple[RouteConfiguration, ...]
    served: frozenset[Server]
    clusters: frozenset[str]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """Filter chains of a listener, the servers that they serve, and the routes that they name, where they are HTTP."""

    chains: tuple[FilterChain, ...]
    serves: tuple[Server, ...]
    routes: tuple[RouteConfiguration, ...] = ()
    findings: tuple[Finding, ...] = ()
    clusters: frozenset[str] = frozenset()


def site(servers: tuple[Server, ...], view: View) -> Site:
    """Reads the VirtualServices bound to the servers' Gateways, and the services that these name.

    `servers` are all those of one listener, in order of precedence.
    """
    parts = tuple(_parts(servers, view))
    return Site(
        chains=tuple(chain for part in parts for chain in part.chains),
        route_configurations=tuple(routes for part in parts for routes in part.routes),
        served=frozenset(server for part in parts for server in part.serves),
        clusters=frozenset().union(*(part.clusters for part in parts)),
        findings=tuple(finding for part in parts for finding in part.findings),
    )


def _parts(servers: tuple[Server, ...], view: View) -> Iterator[_Part]:
    """The chains of a listener, each made by itself. Plain HTTP servers have one in common; those that pass TLS through
    have to mind all the others."""
    groups = view.units.of(("groups", servers[0]), (servers,), lambda _: _groups(servers))
    for group in groups.sharing:
        yield view.unit(("site", group[0]), (group,), partial(_part, group))
    if groups.pass_through:
        yield view.unit(("passthrough", servers[0]), (servers,), partial(_passthrough_part, servers))


@dataclass(frozen=True, slots=True)
class _Groups:
    """The servers that share a chain, and whether others pass TLS through."""

    sharing: tuple[tuple[Server, ...], ...]
    pass_through: bool


def _groups(servers: tuple[Server, ...]) -> _Groups:
    plain = tuple(server for server in servers if server.role is Role.HTTP)
    others = tuple((server,) for server in servers if server.role in (Role.HTTPS, Role.TLS, Role.TCP))
    pass_through = any(server.role is Role.PASSTHROUGH for server in servers)
    return _Groups((plain, *others) if plain else others, pass_through)


def _part(group: tuple[Server, ...], view: View) -> _Part:
    findings: list[Finding] = []
    made = _Part((), ())
    with guarded(group[0].origin, findings):
        made = _http_part(group, view) if group[0].route_configuration else _bytes_part(group[0], view)
    return replace(made, findings=(*findings, *made.findings), clusters=frozenset(_cluster_names(made)))


def _passthrough_part(servers: tuple[Server, ...], view: View) -> _Part:
    made = sni_routes(servers, view)
    part = _Part(tuple(made.chains), tuple(made.served), findings=tuple(made.findings))
    return replace(part, clusters=frozenset(_cluster_names(part)))


def _cluster_names(part: _Part) -> Iterator[str]:
    """Every cluster that a route or a proxy names, more than once perhaps."""
    for chain in part.chains:
        yield from _names(chain.payload.clusters if isinstance(chain.payload, TcpProxy) else ())
    for configuration in part.routes:
        for host in configuration.virtual_hosts:
            for route in host.routes:
                yield from _names(route.action.clusters if isinstance(route.action, Forward) else ())


def _names(shares: Iterable[WeightedCluster]) -> Iterator[str]:
    return (share.cluster for share in shares)


def _http_part(servers: tuple[Server, ...], view: View) -> _Part:
    first = servers[0]
    manager = HttpConnectionManager(
        first.route_configuration, _stat_prefix(first), first.protocol is Protocol.GRPC_WEB, view.access_log
    )
    chain = FilterChain(first.route_configuration, _server_names(first), _tls(first), manager, first.origin)
    routed = route_configuration(servers, view)
    return _Part((chain,), servers, (routed.configuration,), routed.findings)


def _bytes_part(server: Server, view: View) -> _Part:
    findings: list[Finding] = []
    proxy = tcp_proxy(server, view, findings)
    if proxy is None:
        return _Part((), (), findings=tuple(findings))
    namespace, name = server.gateway_key
    chain_name = f"{server.role.name.lower()}.{server.port.number}.{server.port.name}.{name}.{namespace}"
    chain = FilterChain(chain_name, _server_names(server), _tls(server), proxy, server.origin)
    return _Part((chain,), (server,), findings=tuple(findings))


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
