"""The port plan: which servers of which Gateways win a port, and which sockets are bound for them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from pylae.api.gateway import Gateway
from pylae.model.codes import PORT_NOT_ON_SERVICE, PROTOCOL_CONFLICT
from pylae.model.finding import Finding
from pylae.model.ir.listener import SocketAddress
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.translate.guard import guarded
from pylae.translate.merge import REMOVE_ONE, merge
from pylae.translate.ports import PublishedPort, Socket, listen_port, published_ports, sockets
from pylae.translate.select import selected_gateways
from pylae.translate.server import Server, unservable
from pylae.translate.units import Units


@dataclass(frozen=True, slots=True)
class ListenerPlan:
    """A listener's servers in order of precedence, and its sockets; there is at least one of each."""

    servers: tuple[Server, ...]
    sockets: tuple[Socket, ...]

    @property
    def name(self) -> str:
        return self.servers[0].listener

    @property
    def addresses(self) -> tuple[SocketAddress, ...]:
        return tuple(socket.address for socket in self.sockets)


@dataclass(frozen=True, slots=True)
class PortPlan:
    """`servers` are all those of the selected Gateways; each is in one listener, or in `losers` with the reason."""

    servers: tuple[Server, ...]
    listeners: tuple[ListenerPlan, ...]
    losers: Mapping[Origin, Finding]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Work:
    """A plan in the making. `taken` are the sockets that are given away, and the first server of their listener."""

    published: tuple[PublishedPort, ...]
    workload: GatewayWorkload
    taken: dict[SocketAddress, Server] = field(default_factory=dict)
    losers: dict[Origin, Finding] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Own:
    """A Gateway's servers, and what is wrong with them whatever the other Gateways want."""

    servers: tuple[Server, ...]
    losers: Mapping[Origin, Finding]
    findings: tuple[Finding, ...]


def plan_ports(snapshot: Snapshot, workload: GatewayWorkload, units: Units | None = None) -> PortPlan:
    """Reads the Gateways that select the workload, and the Services in front of it; nothing else."""
    units = units or Units()
    read = (snapshot.services, snapshot.endpoint_slices)
    found = units.of(("published",), read, lambda _: published_ports(snapshot, workload))
    published = units.steady("published", found)
    return units.of(("plan",), (snapshot.gateways_by_age, published), partial(_plan, snapshot, published, workload))


def _plan(
    snapshot: Snapshot, published: tuple[PublishedPort, ...], workload: GatewayWorkload, units: Units
) -> PortPlan:
    work = _Work(published, workload)
    servers: list[Server] = []
    for gateway in selected_gateways(snapshot, workload):
        key = (gateway.metadata.namespace, gateway.metadata.name)
        own = units.of(("servers", key), (gateway, published), partial(_own, gateway, published))
        servers += own.servers
        work.losers |= own.losers
        work.findings += own.findings
    merged = merge(server for server in servers if server.origin not in work.losers)
    work.losers |= merged.losers
    listeners = tuple(_bound(merged.listeners, work))
    work.findings += (finding for listener in listeners for finding in _unpublished(listener, workload))
    return PortPlan(tuple(servers), listeners, work.losers, (*work.findings, *work.losers.values()))


def _own(gateway: Gateway, published: tuple[PublishedPort, ...], _: Units) -> _Own:
    """Those that could not be served even if they were alone have lost."""
    servers: list[Server] = []
    losers: dict[Origin, Finding] = {}
    findings: list[Finding] = []
    for index, spec in enumerate(gateway.spec.servers):
        with guarded(Origin(gateway.ref, f"spec.servers[{index}]"), findings):
            server = Server(gateway, index, listen_port(published, spec.port.number if spec.port else 0))
            if reason := unservable(server):
                losers[server.origin] = reason
            servers.append(server)
    return _Own(tuple(servers), losers, tuple(findings))


def _bound(listeners: Iterable[tuple[Server, ...]], work: _Work) -> Iterator[ListenerPlan]:
    """Gives each listener its sockets. Of two that want the same one the older has it; one without any is dropped."""
    for servers in listeners:
        wanted = sockets(work.published, servers[0].listen_port, servers[0].bind, work.workload)
        free = tuple(socket for socket in wanted if socket.address not in work.taken)
        refused = [socket.address for socket in wanted if socket not in free]
        if not free:
            work.losers |= {server.origin: _socket_taken(server, refused[0], work.taken) for server in servers}
            continue
        work.findings += (_socket_taken(servers[0], address, work.taken) for address in refused)
        work.taken |= {socket.address: servers[0] for socket in free}
        yield ListenerPlan(servers, free)


def _socket_taken(server: Server, address: SocketAddress, taken: Mapping[SocketAddress, Server]) -> Finding:
    message = f"{address} is already bound for {taken[address]}, which comes first."
    return server.finding(PROTOCOL_CONFLICT, "port.number", message, REMOVE_ONE)


def _unpublished(listener: ListenerPlan, workload: GatewayWorkload) -> Iterator[Finding]:
    """A port that no Service leads to is served all the same: on the port itself."""
    if any(socket.origin for socket in listener.sockets):
        return
    for server in listener.servers:
        message = f"No Service in front of the gateway has port {server.port.number}; it is bound as it is: "
        message += f"{', '.join(map(str, listener.addresses))}."
        cure = f"Add the port to Service {workload.namespace}/{workload.name}."
        yield server.finding(PORT_NOT_ON_SERVICE, "port.number", message, cure)
