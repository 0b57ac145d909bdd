"""From the snapshot to what one Envoy must do, kept by every change: an event names the units that it touches, and
nothing else is made anew.

What is sent ahead is one picture, a `Translation`. What is served on demand is made host by host, for whoever asks.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pylae.api.core import ConfigMap, Service
from pylae.api.discovery import EndpointSlice
from pylae.api.gateway import Gateway
from pylae.api.meta import Object, ObjectRef
from pylae.api.service_entry import ServiceEntry
from pylae.api.virtual_service import VirtualService
from pylae.model.finding import Finding
from pylae.model.ir.scope import NO_SNI
from pylae.model.snapshot import SERVICE_NAME_LABEL, Key, Snapshot, by_age
from pylae.model.translation import ServerPlan, Translation
from pylae.model.workload import GatewayWorkload
from pylae.rules.hosts import ANY_HOST, matches, specificity
from pylae.rules.names import service_hostname
from pylae.translate.ahead import Ahead, Bindings, read
from pylae.translate.bind import Bound, judge_binding
from pylae.translate.claims import Claim, outlasts
from pylae.translate.mesh import Mesh, mesh, place
from pylae.translate.on_demand import HostSite, host_site
from pylae.translate.plan import Plan
from pylae.translate.planned import Fate, Replanned
from pylae.translate.ports import Fronts
from pylae.translate.registry import ServiceRegistry
from pylae.translate.server import Server
from pylae.translate.site import unserved
from pylae.translate.units import Units
from pylae.translate.view import View


def translate(
    snapshot: Snapshot, workload: GatewayWorkload, invalid: frozenset[ObjectRef] = frozenset()
) -> Translation:
    """What one Envoy must do for these objects, of which the invalid ones are left out, with what became of every
    server and all findings.

    Never raises for what users wrote: findings say what is wrong. Equal objects give an equal translation, in whatever
    order they come.
    """
    translator = Translator(workload, snapshot)
    for kind, objects in _kinds(snapshot):
        for key, object_ in objects.items():
            translator.gather(kind, key, object_, valid=ObjectRef(kind, *key) not in invalid)
    translator.begin()
    return translator.everything()


def _kinds(snapshot: Snapshot) -> Iterator[tuple[str, Mapping[Key, Object]]]:
    yield "ConfigMap", snapshot.config_maps
    yield "Service", snapshot.services
    yield "ServiceEntry", snapshot.service_entries
    yield "EndpointSlice", snapshot.endpoint_slices
    yield "Gateway", snapshot.gateways
    yield "VirtualService", snapshot.virtual_services


@dataclass(slots=True)
class Touched:
    """What a change touches. `gateways` are those whose servers' fate may be another, `names` hosts on demand by
    listener (a wildcard stands for all names below it), `routes` Gateways and the hosts for which their routes may be
    others, `hostnames` services that somebody else may provide, or with other ports, `endpoints` those whose endpoints
    may be others, and `bindings` VirtualServices to judge again."""

    gateways: set[Key] = field(default_factory=set)
    names: set[tuple[str, str]] = field(default_factory=set)
    routes: set[tuple[Key, str]] = field(default_factory=set)
    hostnames: set[str] = field(default_factory=set)
    endpoints: set[str] = field(default_factory=set)
    bindings: set[Key] = field(default_factory=set)

    def add(self, other: "Touched") -> None:
        self.gateways |= other.gateways
        self.names |= other.names
        self.routes |= other.routes
        self.hostnames |= other.hostnames
        self.endpoints |= other.endpoints
        self.bindings |= other.bindings


class Translator:
    """One gateway's units. `note` every change of the snapshot, in the order in which they happened; `ahead` is then
    what is sent ahead, and `ask` gives what is behind a name that is served on demand.

    After any changes everything equals what it would be from scratch. `judge` says whether an object breaks no rule of
    its kind, of one that was gathered before anybody did.
    """

    def __init__(
        self, workload: GatewayWorkload, snapshot: Snapshot, judge: Callable[[Object], bool] = lambda _: True
    ) -> None:
        self.workload = workload
        self.snapshot = snapshot
        self._judge = judge
        self._unjudged: set[Key] = set()
        """VirtualServices that nobody has read since they were gathered."""
        self.mesh = Mesh(workload.access_log)
        self.mesh_findings: tuple[Finding, ...] = ()
        self.invalid: set[ObjectRef] = set()
        self.plan = Plan(workload, snapshot)
        self.bound = Bound(workload)
        self._fronts = Fronts(workload)
        self.registry = ServiceRegistry(snapshot, workload, self.invalid)
        self.computed: Counter[str] = Counter()
        """How many units of each kind were made; `host` counts sites of hosts on demand."""
        bindings = Bindings(snapshot, self.bound, self._stands)
        self._ahead = Ahead(workload, self.registry, bindings, Units(self.computed))

    def note(self, kind: str, key: Key, old: Object | None, new: Object | None, *, valid: bool = True) -> Touched:
        """An object is new, changed or gone. One that is not `valid` counts as gone, but is not called missing."""
        self._hold_valid(kind, key, valid=valid)
        good = new if valid else None
        touched = Touched()
        match new or old:
            case Gateway():
                self._gateway(key, good, touched)
            case VirtualService():
                self._virtual_service(key, good, touched)
            case Service() | ServiceEntry() | EndpointSlice():
                self._provider(key, (old, good), touched)
            case ConfigMap():
                self._config_map(key, touched)
            case _:
                pass
        return touched

    def gather(self, kind: str, key: Key, new: Object | None, *, valid: bool | None = True) -> None:
        """As `note`, for one of the many objects that are there before anybody asks: what follows from all of them
        together is worked out once, by `begin`. Whether a VirtualService is valid need not be known yet (None)."""
        self._hold_valid(kind, key, valid=valid is not False)
        good = new if valid is not False else None
        if valid is None:
            self._unjudged.add(key)
        match kind:
            case "Gateway":
                self.plan.gather(key, good if isinstance(good, Gateway) else None)
            case "VirtualService":
                self.bound.put(key, good if isinstance(good, VirtualService) else None)
            case "Service":
                self._fronts.put(key, good if isinstance(good, Service) else None)
            case _:
                pass

    def begin(self) -> None:
        """All that were gathered are here."""
        findings: list[Finding] = []
        self.mesh = mesh(self.snapshot, self.workload, findings)
        self.mesh_findings = tuple(findings)
        self.plan.begin(self._fronts.published(self.snapshot), default_on_demand=self.mesh.serve_on_demand)

    def _hold_valid(self, kind: str, key: Key, *, valid: bool) -> None:
        if not valid:
            self.invalid.add(ObjectRef(kind, *key))
        elif self.invalid:
            self.invalid.discard(ObjectRef(kind, *key))

    def _stands(self, virtual_service: VirtualService) -> bool:
        """Whether it breaks no rule; of those that were only gathered this is asked when they are first read."""
        if self._unjudged and (key := _key(virtual_service)) in self._unjudged:
            self._unjudged.remove(key)
            self._hold_valid("VirtualService", key, valid=self._judge(virtual_service))
        return not self.invalid or virtual_service.ref not in self.invalid

    def _gateway(self, key: Key, gateway: Object | None, touched: Touched) -> None:
        self._replanned(self.plan.put(key, gateway if isinstance(gateway, Gateway) else None), touched)
        touched.gateways.add(key)
        touched.bindings.update(self.bound.naming(key))

    def _virtual_service(self, key: Key, new: Object | None, touched: Touched) -> None:
        self._unjudged.discard(key)
        before = self.bound.hosts_of(key)
        gateways = self.bound.put(key, new if isinstance(new, VirtualService) else None)
        hosts = {*before, *self.bound.hosts_of(key)}
        self._ahead.routes_touched(gateways)
        touched.routes.update((gateway, host) for gateway in gateways for host in hosts)
        touched.bindings.add(key)

    def _provider(self, key: Key, versions: tuple[Object | None, Object | None], touched: Touched) -> None:
        for version in versions:
            found = tuple(_hostnames(key, version, self.workload.cluster_domain))
            touched.endpoints.update(found)
            if not isinstance(version, EndpointSlice):
                touched.hostnames.update(found)
        self.registry.forget(touched.hostnames)
        self._ahead.services_touched(touched.hostnames)
        if self._fronts.note(key, *versions):
            self._replanned(self.plan.publish(self._fronts.published(self.snapshot)), touched)

    def _config_map(self, key: Key, touched: Touched) -> None:
        if key != place(self.snapshot, self.workload):
            return
        findings: list[Finding] = []
        before, self.mesh = self.mesh, mesh(self.snapshot, self.workload, findings)
        if before != self.mesh:
            self._ahead.stale = True
            # On no listener in particular: a host in use may be sent ahead by now, and follows all the same.
            touched.names.update((listener, ANY_HOST) for listener in ("", *self.plan.on_demand()))
        self.mesh_findings = tuple(findings)
        self._replanned(self.plan.serve(self.mesh.serve_on_demand), touched)

    def _replanned(self, replanned: Replanned, touched: Touched) -> None:
        self._ahead.stale |= replanned.ahead
        touched.gateways.update(replanned.gateways)
        touched.names.update(replanned.hosts)

    def ahead(self) -> Translation:
        """What is sent ahead; the very same as long as nothing of it changed."""
        if self._ahead.stale:
            self._ahead.translate(self.plan.listeners(), self.mesh)
        return self._ahead.translation

    def turned(self) -> frozenset[Key]:
        """The Gateways with a server that connections reach by now, or none any more, since this was asked last. Only
        the whole of what is sent ahead tells, so this adds to what was `Touched`."""
        self.ahead()
        turned, self._ahead.turned = frozenset(self._ahead.turned), set()
        return turned

    def ask(self, host: str, kept: Collection[str] = ()) -> tuple[str, tuple[HostSite, ...]]:
        """The sites of a lower-case server name, or of `NO_SNI`: one for each listener that serves it on demand. Before
        them the host of a Gateway that it belongs to: the first site's. There is one certificate for all listeners,
        which is the first site's too, so that comes of the most specific host.

        On listeners that are `kept` also a server counts that is sent ahead by now, if it asks nothing of clients that
        it did not ask for: connections from before may still be open. New clients are served by those on demand.
        """
        listeners = dict.fromkeys((*self.plan.on_demand(), *kept))
        owners = filter(None, (self._owner(listener, host, is_kept=listener in kept) for listener in listeners))
        first = sorted(owners, key=lambda claim: self._preference(claim, host))
        found = [(_pattern(claim, host), site) for claim in first if (site := self._site(claim, host))]
        return (found[0][0] if found else host), tuple(site for _, site in found)

    def examine(self, listener: str, pattern: str) -> HostSite | None:
        """The site of a whole host of a Gateway, be it a wildcard, for the sake of what is found."""
        claim = self._owner(listener, pattern, is_kept=False)
        return self._site(claim, NO_SNI, pattern) if claim and pattern in claim.host_names else None

    def hosts_on_demand(self, gateway: Key, host: str) -> Iterator[tuple[str, str]]:
        """The listener and name of each host of a Gateway that is served on demand and has a name in common with
        `host`."""
        for fate in self.plan.fates(gateway):
            if fate.on_demand and fate.claim and fate.claim.terms.ends_tls:
                yield from ((fate.listener, own) for own in fate.claim.host_names if matches(own, host))

    def _owner(self, listener: str, host: str, *, is_kept: bool) -> Claim | None:
        claim = self.plan.owner(listener, _name(host))
        if claim is None or not claim.terms.ends_tls:
            return None
        return claim if self.plan.is_on_demand(claim) or (is_kept and self._outlasts(claim)) else None

    def _preference(self, claim: Claim, host: str) -> tuple[bool, tuple[bool, int, str]]:
        return not self.plan.is_on_demand(claim), specificity(_pattern(claim, host))

    def _outlasts(self, claim: Claim) -> bool:
        gateway = self.snapshot.gateways.get(claim.gateway)
        return gateway is not None and outlasts(Server(gateway, claim.index, claim.listen_port))

    def _site(self, claim: Claim, host: str, pattern: str = "") -> HostSite | None:
        gateway = self.snapshot.gateways.get(claim.gateway)
        if gateway is None:
            return None
        pattern = pattern or _pattern(claim, host)
        server = Server(gateway, claim.index, claim.listen_port, only=pattern)
        speaking = self.bound.of_host(claim.gateway, pattern if host == NO_SNI else host)
        bound = read(speaking, self.snapshot, self._stands)
        view = View(self.workload, {claim.gateway: bound}, self.registry, self.mesh, Units(self.computed))
        self.computed["host"] += 1
        return host_site(server, host, view)

    def plans(self, gateway: Key) -> tuple[ServerPlan, ...]:
        """What became of each server of a Gateway, in its order; nothing for one that does not choose this workload."""
        found = self.snapshot.gateways.get(gateway)
        if found is None:
            return ()
        return tuple(self._plan(found, fate) for fate in self.plan.fates(gateway))

    def _plan(self, gateway: Gateway, fate: Fate) -> ServerPlan:
        port = gateway.spec.servers[fate.index].port
        server = Server(gateway, fate.index, fate.claim.listen_port if fate.claim else port.number if port else 0)
        rejected = fate.rejected
        if rejected is None and not fate.on_demand and server.origin not in self._ahead.served:
            rejected = unserved(server)
        return server_plan(server, fate, rejected)

    def told(self, gateway: Key) -> Iterator[Finding]:
        """What is to be said of a Gateway's servers: why some are not served, and what to know of others."""
        for fate in self.plan.fates(gateway):
            yield from fate.notes
            if fate.rejected:
                yield fate.rejected

    def judge(self, virtual_service: Key) -> tuple[Finding, ...]:
        """What is wrong between a VirtualService and the Gateways that it names."""
        found = self.snapshot.virtual_services.get(virtual_service)
        if found is None or not self._stands(found):
            return ()
        return judge_binding(found, self.snapshot, self.invalid, self.workload.cluster_domain)

    def everything(self) -> Translation:
        """What is sent ahead, with every server and every finding."""
        ahead = self.ahead()
        servers = tuple(plan for gateway in self.plan.gateways() for plan in self.plans(gateway))
        oldest_first = map(_key, by_age(self.snapshot.virtual_services.values()))
        judged = (finding for key in oldest_first for finding in self.judge(key))
        findings = (*self.mesh_findings, *self.plan.findings(), *ahead.findings, *judged)
        return replace(ahead, servers=servers, findings=tuple(dict.fromkeys(findings)))


def server_plan(server: Server, fate: Fate, rejected: Finding | None) -> ServerPlan:
    """What became of a server, in words that status and the CLI understand."""
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
        listener="" if rejected else fate.listener,
        addresses=() if rejected else tuple(socket.address for socket in fate.sockets),
        route_configuration="" if rejected or fate.on_demand else server.route_configuration,
        rejected=rejected,
        on_demand=fate.on_demand,
    )


def _key(object_: Object) -> Key:
    return (object_.metadata.namespace, object_.metadata.name)


def _name(host: str) -> str:
    """Clients that name no host are those of whoever takes every name."""
    return ANY_HOST if host == NO_SNI else host


def _pattern(claim: Claim, host: str) -> str:
    """The host of the claim by which it has this one."""
    return claim.host_of(_name(host))


def _hostnames(key: Key, version: Object | None, domain: str) -> Iterable[str]:
    """The services whose ports or endpoints an object says."""
    match version:
        case Service():
            yield service_hostname(*key, domain)
        case EndpointSlice():
            yield service_hostname(key[0], version.metadata.labels.get(SERVICE_NAME_LABEL, ""), domain)
        case ServiceEntry():
            yield from (host.lower() for host in version.spec.hosts)
        case _:
            return
