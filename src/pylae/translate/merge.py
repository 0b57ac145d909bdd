"""Which servers share a port, and which lose it: Istio's merge, in small steps.

Servers come oldest Gateway first, and as they stand in it. Each is held against those that already have its listener;
the first rule that finds a conflict drops the whole server, as Istio does, and the finding names the winner. Two things
differ from Istio: names are compared as Envoy compares SNI (lower case, without the namespace half, catch-alls
included), because one duplicate would have Envoy refuse the listener with all its hosts; and a server that was dropped
claims nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pylae.model.codes import HOST_CLAIMED, PROTOCOL_CONFLICT
from pylae.model.finding import Finding
from pylae.model.ir.origin import Origin
from pylae.rules.protocols import HTTP_FAMILY
from pylae.translate.server import Server

REMOVE_ONE = "Remove one of the two, or give it another port. The older one serves, and by its whole list of hosts."


@dataclass(frozen=True, slots=True)
class Merge:
    """The servers of each listener in the order of precedence, and why each other one is not served."""

    listeners: tuple[tuple[Server, ...], ...]
    losers: dict[Origin, Finding]


@dataclass(slots=True)
class _Occupied:
    """A listener as far as it is given away: who has a host or the routes of a name, who takes plain text, and who
    takes TLS whatever the SNI is."""

    servers: list[Server] = field(default_factory=list)
    hosts: dict[str, Server] = field(default_factory=dict)
    routes: dict[str, Server] = field(default_factory=dict)
    plain_text: Server | None = None
    catch_all: Server | None = None

    def admit(self, server: Server) -> None:
        self.servers.append(server)
        if server.tls:
            self.hosts |= {name: server for name in server.host_names if name not in self.hosts}
        self.routes.setdefault(server.route_configuration, server)
        if server.is_plain_text:
            self.plain_text = self.plain_text or server
        if server.ends_tls and not server.server_names:
            self.catch_all = server


def merge(servers: Iterable[Server]) -> Merge:
    """Gives every server to its listener, or drops it. The order of the servers is their precedence."""
    listeners: dict[tuple[str, int], _Occupied] = {}
    losers: dict[Origin, Finding] = {}
    for server in servers:
        occupied = listeners.setdefault((server.bind, server.listen_port), _Occupied())
        conflict = next((finding for rule in RULES if (finding := rule(server, occupied))), None)
        if conflict:
            losers[server.origin] = conflict
        else:
            occupied.admit(server)
    return Merge(tuple(tuple(found.servers) for found in listeners.values() if found.servers), losers)


def _same_host(server: Server, occupied: _Occupied) -> Finding | None:
    """Both have `tls`, be it for a redirect only, and a host in common."""
    common = [name for name in server.host_names if name in occupied.hosts] if server.tls else []
    if not common:
        return None
    owner = occupied.hosts[common[0]]
    message = f"{', '.join(common)} on port {server.port.number} belongs to {owner}, which comes first."
    return server.finding(HOST_CLAIMED, "hosts", message, REMOVE_ONE)


def _plain_text_taken(server: Server, occupied: _Occupied) -> Finding | None:
    """Plain text shares its listener with plain HTTP only, and only if it is plain HTTP itself."""
    owner = occupied.plain_text
    if owner is None or (owner.protocol in HTTP_FAMILY and server.protocol in HTTP_FAMILY):
        return None
    message = f"{server.protocol} cannot share port {server.port.number} with the {owner.protocol} of {owner}."
    return server.finding(PROTOCOL_CONFLICT, "port", message, REMOVE_ONE)


def _catch_all_taken(server: Server, occupied: _Occupied) -> Finding | None:
    """Plain text takes what no SNI matches, and so does a TLS server of host `*`: there is room for one of them."""
    if occupied.catch_all is None or not server.is_plain_text:
        return None
    message = f"{server.protocol} cannot share port {server.port.number} with host * of {occupied.catch_all}."
    return server.finding(PROTOCOL_CONFLICT, "port", message, REMOVE_ONE)


def _same_routes(server: Server, occupied: _Occupied) -> Finding | None:
    """Two HTTPS servers of one Gateway whose ports have the same number and name would share their routes."""
    owner = occupied.routes.get(server.route_configuration)
    if owner is None or not (server.ends_tls and server.route_configuration):
        return None
    message = f"Port name {server.port.name!r} is used twice, the first time by {owner}."
    return server.finding(PROTOCOL_CONFLICT, "port.name", message, "Give each port a name of its own.")


RULES: tuple[Callable[[Server, _Occupied], Finding | None], ...] = (
    _same_host,
    _plain_text_taken,
    _catch_all_taken,
    _same_routes,
)
"""In the order in which a conflict is told."""
