"""What the routes of one gateway are made from: the snapshot as this workload sees it, looked up by the keys that
routes use."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Protocol, TypeVar

from pylae.api.http_match import HttpMatchRequest
from pylae.api.virtual_service import L4MatchAttributes, TlsMatchAttributes, VirtualService
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Key
from pylae.model.workload import GatewayWorkload
from pylae.translate.bind import resolve_gateways, shared_hosts
from pylae.translate.mesh import Mesh
from pylae.translate.registry import Provider, ServiceRegistry
from pylae.translate.select import selects
from pylae.translate.server import Server
from pylae.translate.units import Units

Made = TypeVar("Made")


class Bindings(Protocol):
    """The VirtualServices of a Gateway, in the order in which their routes count."""

    def get(self, gateway: Key, default: tuple[VirtualService, ...], /) -> tuple[VirtualService, ...]: ...


@dataclass(slots=True)
class Reads:
    """What was looked up, and what was found: the VirtualServices of Gateways, and who provides which hostname.

    `generation` is the registry's, when all this about hostnames was found, or found again, last."""

    generation: int
    bound: dict[Key, tuple[VirtualService, ...]] = field(default_factory=dict)
    provided: dict[str, tuple[Provider, ...]] = field(default_factory=dict)

    def add(self, others: "Reads") -> None:
        self.bound.update(others.bound)
        self.provided.update(others.provided)

    def hold(self, bindings: Bindings, registry: ServiceRegistry) -> bool:
        """Whether one would find the same now."""
        for key, bound in self.bound.items():
            if bindings.get(key, ()) != bound:
                return False
        if registry.generation != self.generation:
            for hostname, provided in self.provided.items():
                if registry.providers(hostname) != provided:
                    return False
            self.generation = registry.generation
        return True


@dataclass(frozen=True, slots=True)
class View:
    """`bindings` are the VirtualServices of each Gateway; what is looked up through this view is noted in `reads`, if
    somebody wants to know."""

    workload: GatewayWorkload
    bindings: Bindings
    registry: ServiceRegistry
    mesh: Mesh = field(default_factory=Mesh)
    units: Units = field(default_factory=Units)
    reads: Reads | None = None

    def bound(self, gateway: Key) -> tuple[VirtualService, ...]:
        """The VirtualServices that name a Gateway, in the order in which their routes count."""
        found = self.bindings.get(gateway, ())
        if self.reads is not None:
            self.reads.bound[gateway] = found
        return found

    def unit(
        self, name: tuple[str, *tuple[Hashable, ...]], given: tuple[object, ...], make: Callable[["View"], Made]
    ) -> Made:
        """The unit of this name, made anew only if it was given something else, or if what it looked up through its
        view is not the same any more."""

        reads, made = self.units.of(name, (self.mesh, *given), partial(self._noting, make), self._finds)
        if self.reads is not None:
            self.reads.add(reads)
        return made

    def _noting(self, make: Callable[["View"], Made], units: Units) -> tuple[Reads, Made]:
        reads = Reads(self.registry.generation)
        registry = self.registry.noting(reads.provided)
        return reads, make(replace(self, registry=registry, units=units, reads=reads))

    def within(self, units: Units) -> "View":
        """The same view, for units that belong to another one."""
        return replace(self, units=units)

    def _finds(self, noted: tuple[Reads, object]) -> bool:
        return noted[0].hold(self.bindings, self.registry)


@dataclass(frozen=True, eq=False)
class Attachment:
    """A VirtualService on a server: from here its names are resolved and its matches judged."""

    virtual_service: VirtualService
    server: Server
    view: View

    @property
    def key(self) -> tuple[Key, Key]:
        """The Gateway and the VirtualService: on servers of one Gateway that share routes, the routes are the same."""
        return (self.server.gateway_key, (self.namespace, self.virtual_service.metadata.name))

    @property
    def namespace(self) -> str:
        return self.virtual_service.metadata.namespace

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """The hosts for which the VirtualService speaks on this server."""
        return shared_hosts(self.server, self.virtual_service, self.view.workload.cluster_domain)

    def origin(self, path: str = "") -> Origin:
        return Origin(self.virtual_service.ref, path)

    def reaches(self, match: HttpMatchRequest | TlsMatchAttributes | L4MatchAttributes) -> bool:
        """Whether a match can hold on this server: its port is the server's, and its gateways include the server's.

        Where an HTTP match names no gateway, it may ask for the namespace and the labels of the workload instead.
        """
        if match.port not in (0, self.server.port.number):
            return False
        if match.gateways:
            return self.server.gateway_key in resolve_gateways(match.gateways, self.namespace)
        return not isinstance(match, HttpMatchRequest) or self._is_source(match)

    def _is_source(self, match: HttpMatchRequest) -> bool:
        workload = self.view.workload
        return match.source_namespace in ("", workload.namespace) and selects(match.source_labels, workload.labels)


def attachments(server: Server, view: View) -> Iterator[Attachment]:
    """The VirtualServices that name the server's Gateway, in the order in which their routes count.

    Some may have no host in common with the server; `hosts` says so.
    """
    for virtual_service in view.bound(server.gateway_key):
        yield Attachment(virtual_service, server, view)
