"""The site: what the servers of one listener serve, as filter chains and route configurations."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from pylae.api.meta import ObjectRef
from pylae.model.codes import NO_ROUTES
from pylae.model.finding import Finding
from pylae.model.ir.listener import (
    AskedBySni,
    DownstreamTls,
    FilterChain,
    HttpConnectionManager,
    ScopedRoutes,
    TcpProxy,
)
from pylae.model.ir.origin import Origin
from pylae.model.ir.route import Forward, RouteConfiguration, VirtualHost, WeightedCluster
from pylae.rules import names
from pylae.rules.hosts import ANY_HOST
from pylae.rules.protocols import Protocol
from pylae.translate.guard import guarded
from pylae.translate.planned import ListenerPlan
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


def site(plan: ListenerPlan, view: View) -> Site:
    """Reads the VirtualServices bound to the servers' Gateways, and the services that these name."""
    parts = tuple(_parts(plan, view))
    return Site(
        chains=tuple(chain for part in parts for chain in part.chains),
        route_configurations=tuple(routes for part in parts for routes in part.routes),
        served=frozenset(server for part in parts for server in part.serves),
        clusters=frozenset().union(*(part.clusters for part in parts)),
        findings=tuple(finding for part in parts for finding in part.findings),
    )


def _parts(plan: ListenerPlan, view: View) -> Iterator[_Part]:
    """The chains of a listener, each made by itself. Plain HTTP servers have one in common; those that pass TLS through
    have to mind all the others; hosts on demand share one, whoever they are."""
    groups = view.units.of(("groups", plan.name), (plan.servers,), lambda _: _groups(plan.servers))
    if groups.plain or plan.redirects:
        yield view.unit(("plain", plan.name), (groups.plain, plan.redirects), partial(_plain_part, plan, groups.plain))
    for server in groups.others:
        yield view.unit(("site", server), (server,), partial(_part, server))
    if groups.pass_through:
        yield view.unit(("passthrough", plan.name), (plan.servers,), partial(_passthrough_part, plan.servers))
    if plan.on_demand:
        yield _Part((_shared_chain(plan, view),), ())


@dataclass(frozen=True, slots=True)
class _Groups:
    """The servers that share a chain, those that have their own, and whether some pass TLS through."""

    plain: tuple[Server, ...]
    others: tuple[Server, ...]
    pass_through: bool


def _groups(servers: tuple[Server, ...]) -> _Groups:
    plain = tuple(server for server in servers if server.role is Role.HTTP)
    others = tuple(server for server in servers if server.role in (Role.HTTPS, Role.TLS, Role.TCP))
    return _Groups(plain, others, any(server.role is Role.PASSTHROUGH for server in servers))


def _part(server: Server, view: View) -> _Part:
    findings: list[Finding] = []
    made = _Part((), ())
    with guarded(server.origin, findings):
        made = _https_part(server, view) if server.route_configuration else _bytes_part(server, view)
    return replace(made, findings=(*findings, *made.findings), clusters=frozenset(_cluster_names(made)))


def _plain_part(plan: ListenerPlan, servers: tuple[Server, ...], view: View) -> _Part:
    """Plain HTTP. Redirecting servers that are served on demand are answered for by one virtual host: whatever name is
    asked for, the client is sent to https, and only there it matters whether the name is served."""
    findings: list[Finding] = []
    made = _Part((), ())
    origin = servers[0].origin if servers else _front(view)
    with guarded(origin, findings):
        name = names.http_route_configuration(plan.listen_port, plan.bind)
        chain = FilterChain(name, (), None, _manager(name, _of_listener(plan.name), servers[:1], view), origin)
        hosts = (_redirect(plan, origin),) if plan.redirects else ()
        routed = route_configuration(servers, view, name=name, beside=hosts)
        made = _Part((chain,), servers, (routed.configuration,), routed.findings)
    return replace(made, findings=(*findings, *made.findings), clusters=frozenset(_cluster_names(made)))


def _redirect(plan: ListenerPlan, origin: Origin) -> VirtualHost:
    return VirtualHost(f"{ANY_HOST}:{plan.listen_port}", (ANY_HOST,), (), origin, require_tls=True)


def _shared_chain(plan: ListenerPlan, view: View) -> FilterChain:
    """The chain of all hosts that are served on demand. It takes every connection that no other chain takes, and names
    no host: so none that comes or goes changes the listener."""
    routes = ScopedRoutes(plan.name)
    manager = HttpConnectionManager(routes, _of_listener(plan.name), False, view.mesh.access_log, view.mesh.edge)
    return FilterChain(f"on-demand.{plan.name}", (), DownstreamTls(AskedBySni()), manager, _front(view))


def _front(view: View) -> Origin:
    """What belongs to no single Gateway is told of the Service in front of the gateway."""
    return Origin(ObjectRef("Service", view.workload.namespace, view.workload.name))


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


def _https_part(server: Server, view: View) -> _Part:
    name = server.route_configuration
    manager = _manager(name, server.spec.name or _of_listener(server.listener), (server,), view)
    chain = FilterChain(name, server.server_names, _tls(server), manager, server.origin)
    routed = route_configuration((server,), view)
    return _Part((chain,), (server,), (routed.configuration,), routed.findings)


def _manager(name: str, stat_prefix: str, servers: tuple[Server, ...], view: View) -> HttpConnectionManager:
    grpc_web = any(server.protocol is Protocol.GRPC_WEB for server in servers)
    return HttpConnectionManager(name, stat_prefix, grpc_web, view.mesh.access_log, view.mesh.edge)


def _of_listener(name: str) -> str:
    """Istio's prefix of statistics for what has no name of its own."""
    return f"outbound_{name};".lower()


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


def unserved(server: Server) -> Finding:
    """Why a server that won its port serves nothing: bytes are only forwarded where a VirtualService says so."""
    kind = "tls" if server.role is Role.PASSTHROUGH else "tcp"
    namespace, name = server.gateway_key
    message = (
        f"No VirtualService gives this server a `{kind}` route on port {server.port.number}: connections are closed."
    )
    cure = f"Create one with the server's host, `gateways: [{namespace}/{name}]` and a `{kind}` route."
    return server.finding(NO_ROUTES, "hosts", message, cure)
