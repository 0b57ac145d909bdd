"""What the routes of one gateway are made from: the snapshot as this workload sees it, looked up by the keys that
routes use."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pylae.api.http_match import HttpMatchRequest
from pylae.api.virtual_service import L4MatchAttributes, TlsMatchAttributes, VirtualService
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Key, Snapshot
from pylae.model.workload import AccessLog, GatewayWorkload
from pylae.translate.bind import Bindings, bindings, resolve_gateways, shared_hosts
from pylae.translate.registry import ServiceRegistry
from pylae.translate.select import selects
from pylae.translate.server import Server


@dataclass(frozen=True, slots=True)
class View:
    """`bindings` are the VirtualServices of each Gateway."""

    workload: GatewayWorkload
    bindings: Bindings
    registry: ServiceRegistry
    access_log: AccessLog | None = None


def view_of(snapshot: Snapshot, workload: GatewayWorkload, access_log: AccessLog | None = None) -> View:
    """The view of a snapshot that holds valid objects only."""
    return View(workload, bindings(snapshot, workload), ServiceRegistry(snapshot, workload), access_log)


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
    for virtual_service in view.bindings.get(server.gateway_key, ()):
        yield Attachment(virtual_service, server, view)
