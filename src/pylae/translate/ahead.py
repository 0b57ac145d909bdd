"""The picture that is sent ahead: every listener, with the hosts of the servers that Envoy is told of before anybody
asks for them.

It is one picture, for Envoy takes a listener as a whole; its parts are units that are kept as long as nothing that
they read changes.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pylae.api.virtual_service import VirtualService
from pylae.model.finding import Finding
from pylae.model.ir.listener import Listener
from pylae.model.ir.origin import Origin
from pylae.model.ir.route import RouteConfiguration
from pylae.model.snapshot import Key, Snapshot
from pylae.model.translation import Translation
from pylae.model.workload import GatewayWorkload
from pylae.translate.bind import Bound
from pylae.translate.cluster import clusters
from pylae.translate.mesh import Mesh
from pylae.translate.planned import ListenerPlan
from pylae.translate.registry import ServiceRegistry
from pylae.translate.site import Site, site, unserved
from pylae.translate.units import Units
from pylae.translate.view import Reads, View

Stands = Callable[[VirtualService], bool]
"""Whether a VirtualService breaks no rule of its kind."""


@dataclass
class Bindings:
    """The VirtualServices of each Gateway, in the order in which their routes count; read when they are first asked
    for."""

    snapshot: Snapshot
    bound: Bound
    stands: Stands
    _known: dict[Key, tuple[VirtualService, ...]] = field(default_factory=dict)

    def get(self, gateway: Key, default: tuple[VirtualService, ...], /) -> tuple[VirtualService, ...]:
        found = self._known.get(gateway)
        if found is None:
            found = self._known[gateway] = read(self.bound.of(gateway), self.snapshot, self.stands)
        return found or default

    def forget(self, gateways: Iterable[Key]) -> None:
        for gateway in gateways:
            self._known.pop(gateway, None)

    def keep(self, gateways: Container[Key]) -> None:
        """Forget all but those of these Gateways."""
        self._known = {gateway: found for gateway, found in self._known.items() if gateway in gateways}


def read(keys: Iterable[Key], snapshot: Snapshot, stands: Stands) -> tuple[VirtualService, ...]:
    """The VirtualServices of these names, as far as they are there and stand."""
    return tuple(found for key in keys if (found := snapshot.virtual_services.get(key)) and stands(found))


@dataclass
class Ahead:
    """`translation` is kept until something that it was made of changes: then it is `stale`."""

    workload: GatewayWorkload
    registry: ServiceRegistry
    bindings: Bindings
    units: Units
    translation: Translation = field(default_factory=Translation)
    served: frozenset[Origin] = frozenset()
    """The servers that some connection can reach."""
    turned: set[Key] = field(default_factory=set)
    """The Gateways with a server that some connection reaches by now, or none any more; whoever reads empties it."""
    stale: bool = True
    _reads: Reads = field(default_factory=lambda: Reads(0))

    def routes_touched(self, gateways: Iterable[Key]) -> None:
        """VirtualServices of these Gateways changed."""
        gateways = tuple(gateways)
        self.bindings.forget(gateways)
        self.stale |= any(gateway in self._reads.bound for gateway in gateways)

    def services_touched(self, hostnames: Iterable[str]) -> None:
        """These hostnames are provided by somebody else, or in another way."""
        self.stale |= any(hostname in self._reads.provided for hostname in hostnames)

    def translate(self, plans: tuple[ListenerPlan, ...], mesh: Mesh) -> None:
        """Brings the picture up to date."""
        self.units.begin()
        self._reads = Reads(self.registry.generation)
        view = View(self.workload, self.bindings, self.registry, mesh, self.units, self._reads)
        sites = [site(plan, view) for plan in plans]
        wanted = self.units.steady("wanted", frozenset[str]().union(*(made.clusters for made in sites)))
        backends = view.unit(("clusters",), (wanted,), lambda inner: clusters(wanted, inner))
        self.bindings.keep(self._reads.bound)
        self._serve(frozenset(server.origin for made in sites for server in made.served))
        self.translation = Translation(
            listeners=self.units.steady("listeners", tuple(_listeners(plans, sites, mesh))),
            route_configurations=self.units.steady("routes", _routes(sites)),
            clusters=self.units.steady("made", backends.clusters),
            findings=(*_findings(plans, sites), *backends.findings),
            ports=_published(plans),
        )
        self.stale = False

    def _serve(self, served: frozenset[Origin]) -> None:
        self.turned |= {(origin.about.namespace, origin.about.name) for origin in self.served ^ served}
        self.served = served


def _routes(sites: Iterable[Site]) -> tuple[RouteConfiguration, ...]:
    return tuple(sorted((routes for made in sites for routes in made.route_configurations), key=lambda r: r.name))


def _findings(plans: Iterable[ListenerPlan], sites: Iterable[Site]) -> Iterator[Finding]:
    for plan, made in zip(plans, sites, strict=True):
        yield from made.findings
        yield from (unserved(server) for server in plan.servers if server not in made.served)


def _listeners(plans: Iterable[ListenerPlan], sites: Iterable[Site], mesh: Mesh) -> Iterator[Listener]:
    """A listener for every site with a chain. Nothing but its chains changes with a host, so that Envoy updates it in
    place."""
    for plan, made in sorted(zip(plans, sites, strict=True), key=lambda pair: pair[0].name):
        if made.chains:
            origins = tuple(server.origin for server in plan.servers if server in made.served)
            yield Listener(plan.name, plan.addresses, made.chains, mesh.access_log, origins, mesh.edge)


def _published(plans: Iterable[ListenerPlan]) -> Mapping[str, Origin]:
    """For each socket the Service port that publishes it."""
    sockets = (socket for plan in plans for socket in plan.sockets)
    return {str(socket.address): socket.origin for socket in sockets if socket.origin}
