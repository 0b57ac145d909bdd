"""The whole of translation, on one page: the three units in their order, and what became of every server."""

from collections.abc import Iterable, Iterator

from pylae.api.meta import ObjectRef
from pylae.model.finding import Finding
from pylae.model.ir.listener import Listener, TcpProxy
from pylae.model.ir.origin import Origin
from pylae.model.ir.route import Forward, RouteConfiguration, WeightedCluster
from pylae.model.snapshot import Snapshot
from pylae.model.translation import ServerPlan, Translation
from pylae.model.workload import AccessLog, GatewayWorkload
from pylae.translate.access_log import access_log
from pylae.translate.bind import judge_bindings
from pylae.translate.cluster import clusters
from pylae.translate.plan import ListenerPlan, PortPlan, plan_ports
from pylae.translate.select import without
from pylae.translate.server import Server
from pylae.translate.site import Site, site, unserved
from pylae.translate.view import view_of


def translate(
    snapshot: Snapshot, workload: GatewayWorkload, invalid: frozenset[ObjectRef] = frozenset()
) -> Translation:
    """What one Envoy must do for these objects, of which the invalid ones are left out.

    Never raises for what users wrote: findings say what is wrong. Equal objects give an equal translation, in whatever
    order they come.
    """
    valid = without(snapshot, invalid)
    findings: list[Finding] = []
    log = access_log(valid, workload, findings)
    plan = plan_ports(valid, workload)
    view = view_of(valid, workload, log)
    sites = [site(listener.servers, view) for listener in plan.listeners]
    listeners = tuple(_listeners(plan.listeners, sites, log))
    routes = tuple(sorted((r for made in sites for r in made.route_configurations), key=lambda r: r.name))
    findings += [*plan.findings, *(finding for made in sites for finding in made.findings)]
    servers = tuple(_server_plans(plan, sites))
    findings += (server.rejected for server in servers if server.rejected)
    made = clusters(_cluster_names(listeners, routes), view.registry, findings)
    findings += judge_bindings(snapshot, workload, invalid)
    return Translation(listeners, routes, made, servers, tuple(dict.fromkeys(findings)), _published(plan))


def _listeners(plans: Iterable[ListenerPlan], sites: Iterable[Site], log: AccessLog | None) -> Iterator[Listener]:
    """A listener for every site with a chain. Nothing but its chains changes with a host, so that Envoy updates it in
    place."""
    for plan, made in sorted(zip(plans, sites, strict=True), key=lambda pair: pair[0].name):
        if made.chains:
            origins = tuple(server.origin for server in plan.servers if server.origin in made.served)
            yield Listener(plan.name, plan.addresses, made.chains, log, origins)


def _cluster_names(listeners: Iterable[Listener], routes: Iterable[RouteConfiguration]) -> Iterator[str]:
    """Every cluster that a route or a proxy names, more than once perhaps."""
    for listener in listeners:
        for chain in listener.chains:
            yield from _names(chain.payload.clusters if isinstance(chain.payload, TcpProxy) else ())
    for configuration in routes:
        for host in configuration.virtual_hosts:
            for route in host.routes:
                yield from _names(route.action.clusters if isinstance(route.action, Forward) else ())


def _names(shares: Iterable[WeightedCluster]) -> Iterator[str]:
    return (share.cluster for share in shares)


def _server_plans(plan: PortPlan, sites: Iterable[Site]) -> Iterator[ServerPlan]:
    """What became of every server, in the order of precedence."""
    served = frozenset(origin for made in sites for origin in made.served)
    listener_of = {server.origin: listener for listener in plan.listeners for server in listener.servers}
    for server in plan.servers:
        listener = listener_of.get(server.origin) if server.origin in served else None
        yield _server_plan(server, listener, None if listener else plan.losers.get(server.origin) or unserved(server))


def _server_plan(server: Server, listener: ListenerPlan | None, rejected: Finding | None) -> ServerPlan:
    credentials, client_ca = server.secrets
    return ServerPlan(
        gateway=server.gateway.ref,
        index=server.index,
        name=server.port.name,
        port=server.port.number,
        protocol=str(server.protocol or server.port.protocol),
        hosts=server.host_names,
        mode=server.mode,
        redirect=server.redirects,
        credentials=credentials,
        client_ca=client_ca,
        listener=listener.name if listener else "",
        addresses=listener.addresses if listener else (),
        route_configuration=server.route_configuration if listener else "",
        rejected=rejected,
    )


def _published(plan: PortPlan) -> dict[str, Origin]:
    """For each socket the Service port that publishes it."""
    sockets = (socket for listener in plan.listeners for socket in listener.sockets)
    return {str(socket.address): socket.origin for socket in sockets if socket.origin}
