"""Which VirtualServices speak for which server, and for which of its hosts."""

from bisect import bisect_left, insort
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from sys import intern

from pylae.api.gateway import Gateway
from pylae.api.meta import ObjectRef
from pylae.api.virtual_service import VirtualService
from pylae.model.codes import HOST_NOT_IN_GATEWAY, REFERENCE_NOT_FOUND
from pylae.model.finding import Finding
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Key, Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.rules.hosts import GatewayHost, gateway_hosts, intersect, matches
from pylae.rules.names import MESH, expand, gateway_reference
from pylae.translate.guard import guarded
from pylae.translate.host_index import HostIndex
from pylae.translate.select import exported
from pylae.translate.server import Server

Order = tuple[int, str, str, str]
"""The order in which routes count: the workload's own private ones, those exported to it by name, public ones, and last
those that it does not see; of each the oldest first, then by name and namespace (Istio's order of concatenation)."""

PRIVATE, BY_NAME, PUBLIC, UNSEEN = range(4)

FEW = 8
"""So many VirtualServices of a Gateway are looked through one by one; for more of them there is an index."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is kept of a VirtualService: its rank, when it was created, its hosts in full, the Gateways it names."""

    rank: int
    created: str
    hosts: tuple[str, ...]
    gateways: tuple[Key, ...]


NOTHING = _Facts(UNSEEN, "", (), ())


@dataclass(slots=True)
class _Many:
    """The VirtualServices of one Gateway in order, and by host."""

    order: Callable[[Key], Order]
    keys: list[Key] = field(default_factory=list)
    hosts: HostIndex[Key] = field(init=False)

    def __post_init__(self) -> None:
        self.hosts = HostIndex(self.order)

    def add(self, key: Key, hosts: Iterable[str]) -> None:
        insort(self.keys, key, key=self.order)
        for host in hosts:
            self.hosts.add(host, key)

    def drop(self, key: Key, hosts: Iterable[str]) -> None:
        del self.keys[bisect_left(self.keys, self.order(key), key=self.order)]
        for host in hosts:
            self.hosts.drop(host, key)

    def meeting(self, host: str) -> Iterator[Key]:
        """Those with a host that has a name in common with this one, some more than once."""
        yield from self.hosts.at(host)
        for keys in self.hosts.over(host):
            yield from keys
        for keys in self.hosts.under(host):
            yield from keys


class Bound:
    """VirtualServices by the Gateways that they name, and by host, kept by change. Lists are in the order in which
    routes count, and without those that the workload does not see."""

    def __init__(self, workload: GatewayWorkload) -> None:
        self.workload = workload
        self._facts: dict[Key, _Facts] = {}
        self._few: dict[Key, tuple[Key, ...]] = {}
        self._many: dict[Key, _Many] = {}

    def put(self, key: Key, virtual_service: VirtualService | None) -> frozenset[Key]:
        """A VirtualService is new, changed or gone (None). Gives the Gateways that it names or named."""
        before = self._facts.get(key, NOTHING)
        for gateway in before.gateways:
            self._drop(gateway, key)
        self._facts.pop(key, None)
        after = self._read(virtual_service) if virtual_service else NOTHING
        if virtual_service:
            self._facts[key] = after
        for gateway in after.gateways:
            self._add(gateway, key)
        return frozenset((*before.gateways, *after.gateways))

    def of(self, gateway: Key) -> tuple[Key, ...]:
        """The VirtualServices that speak for a Gateway."""
        return tuple(key for key in self.naming(gateway) if self._facts[key].rank != UNSEEN)

    def of_host(self, gateway: Key, host: str) -> tuple[Key, ...]:
        """Of these, the ones with a host that equals this one (in lower case), covers it, or is covered by it."""
        many = self._many.get(gateway)
        if many is None:
            return tuple(key for key in self.of(gateway) if self._meets(key, host))
        found = {key for key in many.meeting(host) if self._facts[key].rank != UNSEEN}
        return tuple(sorted(found, key=self._order))

    def naming(self, gateway: Key) -> tuple[Key, ...]:
        """All VirtualServices that name a Gateway, those that the workload does not see at the end: what is said of
        them hangs on it."""
        many = self._many.get(gateway)
        return tuple(many.keys) if many else tuple(sorted(self._few.get(gateway, ()), key=self._order))

    def hosts_of(self, key: Key) -> tuple[str, ...]:
        """The hosts of a VirtualService in full and in lower case; none if there is no such VirtualService."""
        return self._facts.get(key, NOTHING).hosts

    def _read(self, virtual_service: VirtualService) -> _Facts:
        rank = visibility(virtual_service, self.workload.namespace)
        hosts = tuple(dict.fromkeys(virtual_hosts_of(virtual_service, self.workload.cluster_domain)))
        created = intern(virtual_service.metadata.creation_timestamp)
        return _Facts(UNSEEN if rank is None else rank, created, hosts, named_gateways(virtual_service))

    def _order(self, key: Key) -> Order:
        facts = self._facts[key]
        return (facts.rank, facts.created, key[1], key[0])

    def _meets(self, key: Key, host: str) -> bool:
        return any(matches(own, host) for own in self._facts[key].hosts)

    def _add(self, gateway: Key, key: Key) -> None:
        if gateway in self._many:
            self._many[gateway].add(key, self.hosts_of(key))
            return
        self._few[gateway] = (*self._few.get(gateway, ()), key)
        if len(self._few[gateway]) > FEW:
            self._many[gateway] = _Many(self._order)
            for one in self._few.pop(gateway):
                self._many[gateway].add(one, self.hosts_of(one))

    def _drop(self, gateway: Key, key: Key) -> None:
        if gateway in self._many:
            self._many[gateway].drop(key, self.hosts_of(key))
            if not self._many[gateway].keys:
                del self._many[gateway]
            return
        self._few[gateway] = tuple(one for one in self._few[gateway] if one != key)
        if not self._few[gateway]:
            del self._few[gateway]


def visibility(virtual_service: VirtualService, namespace: str) -> int | None:
    """As what a VirtualService counts for gateways of the namespace; None if it is not exported to them."""
    export_to = virtual_service.spec.export_to
    if not export_to:
        return PUBLIC
    owner = virtual_service.metadata.namespace
    if not exported(export_to, owner, namespace):
        return None
    if "*" in export_to:
        return PUBLIC
    return PRIVATE if owner == namespace else BY_NAME


def named_gateways(virtual_service: VirtualService) -> tuple[Key, ...]:
    """The Gateways that a VirtualService names, each once; `mesh` is none."""
    return _named_gateways(virtual_service.spec.gateways, virtual_service.metadata.namespace)


@lru_cache(maxsize=4096)
def _named_gateways(written: tuple[str, ...], namespace: str) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(resolve_gateways(written, namespace)))


def resolve_gateways(written: tuple[str, ...], namespace: str) -> Iterator[Key]:
    """Names of Gateways as written in an object of `namespace`."""
    for text in written:
        reference = gateway_reference(text, namespace)
        if reference != MESH:
            yield reference


def virtual_hosts_of(virtual_service: VirtualService, domain: str) -> tuple[str, ...]:
    """The hosts of a VirtualService in full and in lower case."""
    namespace = virtual_service.metadata.namespace
    return tuple(expand(host, namespace, domain) for host in virtual_service.spec.hosts)


def shared_hosts(server: Server, virtual_service: VirtualService, domain: str) -> tuple[str, ...]:
    """The hosts for which this VirtualService speaks on this server: of each pair that meets, the narrower."""
    namespace = virtual_service.metadata.namespace
    admitted = tuple(host.name for host in server.hosts if host.admits(namespace))
    return intersect(admitted, virtual_hosts_of(virtual_service, domain))


def judge_binding(
    virtual_service: VirtualService, snapshot: Snapshot, invalid: Container[ObjectRef], domain: str
) -> tuple[Finding, ...]:
    """What is wrong between a VirtualService and the Gateways that it names. The snapshot still holds the `invalid`
    objects, so that a Gateway that is invalid is not called missing; `domain` is the cluster's."""
    findings: list[Finding] = []
    with guarded(Origin(virtual_service.ref), findings):
        for index, text in enumerate(virtual_service.spec.gateways):
            for key in resolve_gateways((text,), virtual_service.metadata.namespace):
                gateway, path = snapshot.gateways.get(key), f"spec.gateways[{index}]"
                if gateway is None:
                    findings.append(_missing(virtual_service, path, *key))
                elif gateway.ref not in invalid and not _meet(virtual_service, gateway, domain):
                    findings.append(_apart(virtual_service, path, gateway))
    return tuple(findings)


def _meet(virtual_service: VirtualService, gateway: Gateway, domain: str) -> bool:
    """Whether any host of the one is a host of the other. A VirtualService without hosts is a delegate and stands
    apart."""
    index, hosts = _hosts_of(_Same(gateway)), virtual_hosts_of(virtual_service, domain)
    near = (found for host in hosts for found in (index.at(host), *index.over(host), *index.under(host)))
    return not hosts or any(host.admits(virtual_service.metadata.namespace) for found in near for host in found)


@dataclass(frozen=True, eq=False)
class _Same:
    """A Gateway that is nothing but itself: to compare two by what they say takes as long as to read them."""

    gateway: Gateway

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.gateway is other.gateway

    def __hash__(self) -> int:
        return id(self.gateway)


@lru_cache(maxsize=64)
def _hosts_of(same: _Same) -> HostIndex[GatewayHost]:
    """The hosts of a Gateway; the same few Gateways are asked for again and again by all that name them."""
    gateway = same.gateway
    written = tuple(dict.fromkeys(host for server in gateway.spec.servers for host in server.hosts))
    index = HostIndex[GatewayHost](attrgetter("namespace"))
    for host in gateway_hosts(written, gateway.metadata.namespace):
        index.add(host.name, host)
    return index


def _missing(virtual_service: VirtualService, path: str, namespace: str, name: str) -> Finding:
    message = f"Gateway {namespace}/{name} does not exist; the routes are not served there."
    cure = "Create it, or name the one that is meant as `namespace/name`."
    return Finding(REFERENCE_NOT_FOUND, virtual_service.ref, path, message, cure)


def _apart(virtual_service: VirtualService, path: str, gateway: Gateway) -> Finding:
    hosts = ", ".join(virtual_service.spec.hosts)
    served = ", ".join(sorted({host for server in gateway.spec.servers for host in server.hosts}))
    message = f"{gateway.ref} serves {served}, and none of the hosts {hosts}."
    return Finding(HOST_NOT_IN_GATEWAY, virtual_service.ref, path, message, "Add the host to a server of the Gateway.")
