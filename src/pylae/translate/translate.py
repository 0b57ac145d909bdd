"""From a snapshot to its translation on one page: the three units in their order, and what became of every server."""

from collections.abc import Iterable, Iterator
from functools import partial

from pylae.api.meta import ObjectRef
from pylae.model.finding import Finding
from pylae.model.ir.listener import Listener, SocketAddress
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Snapshot
from pylae.model.translation import ServerPlan, Translation
from pylae.model.workload import AccessLog, GatewayWorkload
from pylae.translate.access_log import access_log
from pylae.translate.bind import bindings, judge_bindings
from pylae.translate.cluster import clusters
from pylae.translate.plan import ListenerPlan, PortPlan, plan_ports
from pylae.translate.registry import ServiceRegistry
from pylae.translate.select import without
from pylae.translate.server import Server
from pylae.translate.site import Site, site, unserved
from pylae.translate.units import Units
from pylae.translate.view import View


def translate(
    snapshot: Snapshot, workload: GatewayWorkload, invalid: frozenset[ObjectRef] = frozenset()
) -> Translation:
    """What one Envoy must do for these objects, of which the invalid ones are left out.

    Never raises for what users wrote: findings say what is wrong. Equal objects give an equal translation, in whatever
    order they come.
    """
    return Translator(workload).translate(snapshot, invalid)


class Translator:
    """`translate` for one snapshot after the other: what reads nothing that changed is the very object that it was.

    What comes out is equal to what `translate` gives, whatever was translated before.
    """

    def __init__(self, workload: GatewayWorkload) -> None:
        self.workload = workload
        self.units = Units()
        self._sieve = Units()
        self._valid = Snapshot()
        self._registry = ServiceRegistry(self._valid, workload)

    def translate(self, snapshot: Snapshot, invalid: frozenset[ObjectRef] = frozenset()) -> Translation:
        """As the function does; work follows what is not the same object as in the snapshot before."""
        units, findings = self.units, list[Finding]()
        units.begin()
        valid = self.valid(snapshot, invalid)
        view = self._view(valid, findings)
        plan = plan_ports(valid, self.workload, units)
        sites = [site(listener.servers, view) for listener in plan.listeners]
        listeners = tuple(_listeners(plan.listeners, sites, view.access_log))
        routes = tuple(sorted((r for made in sites for r in made.route_configurations), key=lambda r: r.name))
        findings += [*plan.findings, *(finding for made in sites for finding in made.findings)]
        served = units.steady("served", frozenset[Server]().union(*(made.served for made in sites)))
        servers = units.of(("server plans",), (plan, served), lambda inner: _server_plans(plan, served, inner))
        findings += (server.rejected for server in servers if server.rejected)
        wanted = units.steady("wanted", frozenset[str]().union(*(made.clusters for made in sites)))
        made = units.of(("clusters",), (wanted, view.registry), lambda inner: clusters(wanted, view.within(inner)))
        findings += [*made.findings, *self._judged(snapshot, valid)]
        return Translation(
            units.steady("listeners", listeners),
            units.steady("routes", routes),
            units.steady("made", made.clusters),
            servers,
            units.steady("findings", tuple(dict.fromkeys(findings))),
            _published(plan),
        )

    def valid(self, snapshot: Snapshot, invalid: frozenset[ObjectRef]) -> Snapshot:
        """The snapshot as if the invalid objects did not exist; a kind of which nothing changed since it was asked for
        last keeps its indexes."""
        self._sieve.begin()
        self._valid = without(snapshot, invalid, self._sieve).following(self._valid)
        return self._valid

    def _view(self, valid: Snapshot, findings: list[Finding]) -> View:
        self._registry = self._registry.following(valid)
        log = access_log(valid, self.workload, findings)
        bound = self.units.of(("bindings",), (valid.virtual_services_by_age,), lambda _: bindings(valid, self.workload))
        return View(self.workload, bound, self._registry, log, self.units)

    def _judged(self, snapshot: Snapshot, valid: Snapshot) -> tuple[Finding, ...]:
        given = (valid.virtual_services_by_age, snapshot.gateways, valid.gateways)
        domain = self.workload.cluster_domain
        return self.units.of(("judgement",), given, lambda inner: judge_bindings(snapshot, valid, domain, inner))


def _listeners(plans: Iterable[ListenerPlan], sites: Iterable[Site], log: AccessLog | None) -> Iterator[Listener]:
    """A listener for every site with a chain. Nothing but its chains changes with a host, so that Envoy updates it in
    place."""
    for plan, made in sorted(zip(plans, sites, strict=True), key=lambda pair: pair[0].name):
        if made.chains:
            origins = tuple(server.origin for server in plan.servers if server in made.served)
            yield Listener(plan.name, plan.addresses, made.chains, log, origins)


Bound = tuple[str, tuple[SocketAddress, ...]]
"""A listener's name and its addresses."""


def _server_plans(plan: PortPlan, served: frozenset[Server], units: Units) -> tuple[ServerPlan, ...]:
    """What became of every server, in the order of precedence."""
    made: list[ServerPlan] = []
    listener_of: dict[Server, Bound] = {}
    for found in plan.listeners:
        listener_of |= dict.fromkeys(found.servers, (found.name, found.addresses))
    for server in plan.servers:
        listener = listener_of.get(server) if server in served else None
        rejected = None if listener else plan.losers.get(server.origin) or unserved(server)
        make = partial(_server_plan, server, listener, rejected)
        made.append(units.of(("server plan", server), (listener, rejected), make))
    return tuple(made)


def _server_plan(server: Server, listener: Bound | None, rejected: Finding | None, _: Units) -> ServerPlan:
    name, addresses = listener or ("", ())
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
        listener=name,
        addresses=addresses,
        route_configuration=server.route_configuration if listener else "",
        rejected=rejected,
    )


def _published(plan: PortPlan) -> dict[str, Origin]:
    """For each socket the Service port that publishes it."""
    sockets = (socket for listener in plan.listeners for socket in listener.sockets)
    return {str(socket.address): socket.origin for socket in sockets if socket.origin}
