"""The port plan: which servers of which Gateways win a port, and which sockets are bound for them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

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


def plan_ports(snapshot: Snapshot, workload: GatewayWorkload) -> PortPlan:
    """Reads the Gateways that select the workload, and the Services in front of it; nothing else."""
    published = published_ports(snapshot, workload)
    findings: list[Finding] = []
    servers = tuple(_servers(selected_gateways(snapshot, workload), published, findings))
    losers = {server.origin: reason for server, reason in servers if reason}
    merged = merge(server for server, reason in servers if not reason)
    losers |= merged.losers
    listeners = _bind(merged.listeners, published, workload, losers)
    findings += (finding for listener in listeners for finding in _unpublished(listener, workload))
    return PortPlan(tuple(server for server, _ in servers), listeners, losers, (*findings, *losers.values()))


def _servers(
    gateways: Iterable[Gateway], published: tuple[PublishedPort, ...], findings: list[Finding]
) -> Iterator[tuple[Server, Finding | None]]:
    """Every server, and what keeps it from being served even if it were alone."""
    for gateway in gateways:
        for index, spec in enumerate(gateway.spec.servers):
            with guarded(Origin(gateway.ref, f"spec.servers[{index}]"), findings):
                server = Server(gateway, index, listen_port(published, spec.port.number if spec.port else 0))
                yield server, unservable(server)


def _bind(
    listeners: tuple[tuple[Server, ...], ...],
    published: tuple[PublishedPort, ...],
    workload: GatewayWorkload,
    losers: dict[Origin, Finding],
) -> tuple[ListenerPlan, ...]:
    """Gives each listener its sockets. Two listeners may want the same one: the older has it, and one without any is
    dropped."""
    taken: dict[SocketAddress, Server] = {}
    plans: list[ListenerPlan] = []
    for servers in listeners:
        wanted = sockets(published, servers[0].listen_port, servers[0].bind, workload)
        free = tuple(socket for socket in wanted if socket.address not in taken)
        if free:
            plans.append(ListenerPlan(servers, free))
            taken |= {socket.address: servers[0] for socket in free}
        else:
            losers |= {server.origin: _socket_taken(server, wanted[0], taken) for server in servers}
    return tuple(plans)


def _socket_taken(server: Server, socket: Socket, taken: Mapping[SocketAddress, Server]) -> Finding:
    message = f"{socket.address} is already bound for {taken[socket.address]}, which comes first."
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
