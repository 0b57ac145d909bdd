"""Which listener gets which sockets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pylae.model.codes import PORT_NOT_ON_SERVICE, PROTOCOL_CONFLICT
from pylae.model.finding import Finding
from pylae.model.ir.listener import SocketAddress
from pylae.model.ir.origin import Origin
from pylae.model.workload import GatewayWorkload
from pylae.translate.claims import Claim, named
from pylae.translate.merge import REMOVE_ONE
from pylae.translate.ports import PublishedPort, Socket, sockets


@dataclass(frozen=True, slots=True)
class Listening:
    """The sockets of a listener, and those that it wants and another listener has, with the first server there.
    Without a socket the listener is none, and its servers have lost."""

    sockets: tuple[Socket, ...] = ()
    refused: tuple[tuple[SocketAddress, Origin], ...] = ()

    @property
    def is_published(self) -> bool:
        """Whether a Service leads there. A port that none leads to is served all the same: on the port itself."""
        return any(socket.origin for socket in self.sockets)


NOWHERE = Listening()


def listening(
    heads: Iterable[Claim], published: tuple[PublishedPort, ...], workload: GatewayWorkload
) -> Mapping[str, Listening]:
    """What each listener gets, by its name and from the oldest to the youngest; `heads` are their first claims, in
    order. Of two that want the same socket the older has it."""
    taken: dict[SocketAddress, Origin] = {}
    found: dict[str, Listening] = {}
    for head in heads:
        wanted = sockets(published, head.terms.listen_port, head.terms.bind, workload)
        free = tuple(socket for socket in wanted if socket.address not in taken)
        refused = tuple((socket.address, taken[socket.address]) for socket in wanted if socket.address in taken)
        found[head.terms.listener] = Listening(free, refused)
        taken |= {socket.address: head.origin for socket in free}
    return found


def socket_taken(claim: Claim, address: SocketAddress, owner: Origin) -> Finding:
    message = f"{address} is already bound for {named(owner)}, which comes first."
    return claim.finding(PROTOCOL_CONFLICT, "port.number", message, REMOVE_ONE)


def unpublished(claim: Claim, found: Listening, workload: GatewayWorkload) -> Finding:
    message = f"No Service in front of the gateway has port {claim.terms.port}; it is bound as it is: "
    message += f"{', '.join(str(socket.address) for socket in found.sockets)}."
    cure = f"Add the port to Service {workload.namespace}/{workload.name}."
    return claim.finding(PORT_NOT_ON_SERVICE, "port.number", message, cure)
