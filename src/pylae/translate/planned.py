"""What the port plan says: of a listener, of a server, and of what a change may have changed."""

from dataclasses import dataclass

from pylae.model.finding import Finding
from pylae.model.ir.listener import SocketAddress
from pylae.model.snapshot import Key
from pylae.translate.claims import Claim
from pylae.translate.ports import Socket
from pylae.translate.server import Server


@dataclass(frozen=True, slots=True)
class ListenerPlan:
    """A listener, its sockets, and the servers that are sent ahead, in order of precedence. `on_demand` and `redirects`
    are whether HTTPS, and plain HTTP that only redirects, are served there on demand."""

    name: str
    bind: str
    listen_port: int
    servers: tuple[Server, ...]
    sockets: tuple[Socket, ...]
    on_demand: bool = False
    redirects: bool = False

    @property
    def addresses(self) -> tuple[SocketAddress, ...]:
        return tuple(socket.address for socket in self.sockets)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one server. One that is not served has no `listener`, and `rejected` says why; it has no `claim`
    if it could not be served even if it were alone. `notes` is what to know of one that is served."""

    index: int
    claim: Claim | None
    listener: str = ""
    sockets: tuple[Socket, ...] = ()
    on_demand: bool = False
    rejected: Finding | None = None
    notes: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many servers of a listener are sent ahead, are served on demand, and redirect on demand."""

    ahead: int = 0
    on_demand: int = 0
    redirects: int = 0


@dataclass(frozen=True, slots=True)
class Replanned:
    """What a change may have changed: the fate of the servers of these Gateways; anything that is sent ahead, or lost;
    and, by the listener's name, whose these hosts are, and all that a wildcard among them covers."""

    gateways: frozenset[Key] = frozenset()
    ahead: bool = False
    hosts: tuple[tuple[str, str], ...] = ()
