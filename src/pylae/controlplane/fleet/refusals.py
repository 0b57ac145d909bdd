"""What Envoy refused, told to those who caused it.

A resource knows the objects that it was made of; a port that cannot be bound is the Service's as well, and whoever
holds it is named. Everything else in the house goes on with what Envoy accepted before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pylae.controlplane.fleet.on_demand import Use
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.model.ir.listener import SocketAddress, secret_refs
from pylae.model.ir.origin import Origin
from pylae.model.ir.route import VirtualHost
from pylae.model.translation import Translation
from pylae.xds.attribution import unbound
from pylae.xds.last_good import Refusal
from pylae.xds.listener import listener_of
from pylae.xds.resource import Key, Type

REPORT_IT = "Please report it. What served before goes on."

IN_USE = "Address already in use"

Holder = Callable[[SocketAddress], str]
"""Names whoever listens on an address, such as `nginx (pid 812)`; "" if nobody can be found."""


@dataclass(frozen=True, slots=True)
class UnboundPort:
    """A socket that Envoy could not have: who holds it ("" if nobody can be seen), and why in the system's words."""

    address: SocketAddress
    holder: str
    reason: str

    @property
    def message(self) -> str:
        if self.reason == IN_USE:
            return f"{self.address} is taken by {self.holder or 'another process'}, so nothing is served there."
        return f"{self.address} cannot be bound ({self.reason}), so nothing is served there."

    @property
    def cure(self) -> str:
        other = "choose another port: pylae up -p HOSTPORT:PORT"
        match self.reason:
            case "Permission denied":
                return f"Ports below 1024 are the system's: {other}, or let Envoy have them (CAP_NET_BIND_SERVICE)."
            case "Cannot assign requested address":
                return "The address is not this machine's: choose another with --bind."
            case _:
                return f"Free it, or {other}. It is tried again until then."


def is_unbound(refusal: Refusal) -> bool:
    """Whether a listener waits for its socket: the one refusal that time alone may cure."""
    return refusal.type is Type.LISTENER and unbound(refusal.message) is not None


def unbound_ports(refusals: Iterable[Refusal], translation: Translation, holder: Holder) -> tuple[UnboundPort, ...]:
    """The sockets of listeners that were refused for want of them."""
    addresses = {str(address): address for listener in translation.listeners for address in listener.addresses}
    told = [found for refusal in refusals if refusal.type is Type.LISTENER and (found := unbound(refusal.message))]
    return tuple(
        UnboundPort(address, holder(address), found.reason)
        for found in told
        if (address := addresses.get(found.address))
    )


def findings(
    refusals: Iterable[Refusal], ports: Iterable[UnboundPort], translation: Translation, uses: Iterable[Use] = ()
) -> tuple[Finding, ...]:
    """One finding for each object that a refusal goes back to."""
    found = [finding for port in ports for finding in _port_findings(port, translation)]
    for refusal in refusals:
        if not is_unbound(refusal):
            found.extend(_refused(refusal, origin) for origin in _caused(refusal.key, translation, uses))
    return tuple(dict.fromkeys(found))


def crashes(broken: Mapping[Key, Exception], translation: Translation, uses: Iterable[Use] = ()) -> tuple[Finding, ...]:
    """A finding for each object of which we could not make a resource: our fault, and no reason to stop the others."""
    return tuple(
        Finding(
            codes.INTERNAL, origin.about, origin.path, f"{key[1]} could not be spelled for Envoy: {error!r}", REPORT_IT
        )
        for key, error in broken.items()
        for origin in _caused(key, translation, uses)
    )


def _port_findings(port: UnboundPort, translation: Translation) -> Iterator[Finding]:
    if published := translation.ports.get(str(port.address)):
        yield Finding(codes.PORT_NOT_BOUND, published.about, published.path, port.message, port.cure)
    for listener in translation.listeners:
        for origin in listener.origins if port.address in listener.addresses else ():
            yield Finding(codes.PORT_NOT_BOUND, origin.about, f"{origin.path}.port", port.message, port.cure)


def _refused(refusal: Refusal, origin: Origin) -> Finding:
    message = f"Envoy refused {refusal.name}: {refusal.message}"
    return Finding(codes.REFUSED_BY_ENVOY, origin.about, origin.path, message, "What it accepted before serves on.")


def _caused(key: Key, translation: Translation, uses: Iterable[Use]) -> tuple[Origin, ...]:
    """What the resource was made of, each once. Refusals are rare: what is looked through for one is not indexed."""
    return tuple(dict.fromkeys((*_ahead(key, translation), *_in_use(key, uses))))


def _ahead(key: Key, translation: Translation) -> Iterator[Origin]:
    type_, name = key
    match type_:
        case Type.LISTENER:
            for listener in translation.listeners:
                if listener.name == listener_of(name):
                    yield from (*listener.origins, *(chain.origin for chain in listener.chains))
        case Type.ROUTE:
            for routes in translation.route_configurations:
                if routes.name == name:
                    yield from _of_hosts(routes.virtual_hosts)
        case Type.CLUSTER | Type.ENDPOINT:
            yield from (cluster.origin for cluster in translation.clusters if cluster.name == name)
        case Type.SECRET:
            chains = [chain for listener in translation.listeners for chain in listener.chains]
            yield from (chain.origin for chain in chains for ref in secret_refs(chain) if ref.name == name)
        case Type.SCOPE:
            return


def _in_use(key: Key, uses: Iterable[Use]) -> Iterator[Origin]:
    """Of a host that is served on demand: its scope, with or without its routes, its clusters and its certificate."""
    type_, name = key
    for use in uses:
        for site in use.sites:
            match type_:
                case Type.SCOPE | Type.ROUTE if name in (site.scope.name, use.routes_of(site.scope)):
                    yield from (site.scope.origin, *_of_hosts(site.scope.virtual_hosts))
                case Type.CLUSTER | Type.ENDPOINT:
                    yield from (cluster.origin for cluster in site.clusters if cluster.name == name)
                case Type.SECRET if name in use.spellings:
                    yield site.scope.origin


def _of_hosts(hosts: Iterable[VirtualHost]) -> Iterator[Origin]:
    for host in hosts:
        yield host.origin
        yield from (route.origin for route in host.routes)
