"""From the port that a Gateway names to the port that Envoy listens on, and to the sockets that are really bound.

A server's port is a port of the Service in front of the gateway. Its target port is the listener's identity, as in a
pod. What is bound on one machine is the node port, since no kube-proxy stands in front of it.
"""

from dataclasses import dataclass

from pylae.api.core import Service, ServicePort
from pylae.api.discovery import EndpointSlice
from pylae.api.meta import Object
from pylae.model.ir.listener import SocketAddress
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import SERVICE_NAME_LABEL, Key, Snapshot, by_age
from pylae.model.workload import GatewayWorkload
from pylae.translate.select import selects

UNTRANSLATED = "experimental.istio.io/disable-gateway-port-translation"
"""Services with this label do not say what a Gateway's ports mean."""


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A port of a Service in front of the gateway; `node_port` is 0 where the Service has none."""

    port: int
    target_port: int
    node_port: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class Socket:
    """An address to bind, and the Service port that publishes it; None if no Service does."""

    address: SocketAddress
    origin: Origin | None


class Fronts:
    """The Services in front of the gateway, kept by change: there are few among many."""

    def __init__(self, workload: GatewayWorkload) -> None:
        self.workload = workload
        self._keys: set[Key] = set()

    def note(self, key: Key, old: Object | None, new: Object | None) -> bool:
        """A Service or an EndpointSlice is new, changed or gone (`new` is None, as for one that is invalid). Tells
        whether the published ports may be others."""
        match new or old:
            case Service():
                return self.put(key, new if isinstance(new, Service) else None)
            case EndpointSlice():
                slices = (one for one in (old, new) if isinstance(one, EndpointSlice))
                return any((key[0], one.metadata.labels.get(SERVICE_NAME_LABEL, "")) in self._keys for one in slices)
            case _:
                return False

    def put(self, key: Key, service: Service | None) -> bool:
        """A Service is new, changed or gone (None). Tells whether the published ports may be others."""
        was_front, is_front = key in self._keys, service is not None and _fronts(service, self.workload)
        (self._keys.add if is_front else self._keys.discard)(key)
        return was_front or is_front

    def published(self, snapshot: Snapshot) -> tuple[PublishedPort, ...]:
        """The TCP ports of all Services that choose the workload, the oldest Service's first."""
        services = (service for key in self._keys if (service := snapshot.services.get(key)))
        return tuple(
            _published_port(service, index, port, snapshot)
            for service in by_age(services)
            for index, port in enumerate(service.spec.ports)
            if port.protocol == "TCP"
        )


def _fronts(service: Service, workload: GatewayWorkload) -> bool:
    if service.metadata.namespace != workload.namespace:
        return False
    selector = service.spec.selector
    return bool(selector) and selects(selector, workload.labels) and UNTRANSLATED not in service.metadata.labels


def _published_port(service: Service, index: int, port: ServicePort, snapshot: Snapshot) -> PublishedPort:
    target = _target_port(service, port, snapshot)
    return PublishedPort(port.port, target, port.node_port, Origin(service.ref, f"spec.ports[{index}]"))


def _target_port(service: Service, port: ServicePort, snapshot: Snapshot) -> int:
    """The port's number at the endpoints; where it has a name only, the EndpointSlices say which number that is."""
    if isinstance(port.target_port, int):
        return port.target_port or port.port
    slices = snapshot.slices_of_service.get((service.metadata.namespace, service.metadata.name), ())
    named = (p.port for found in slices for p in found.ports if (p.name or "") == port.name and p.port)
    return next(named, port.port)


def listen_port(published: tuple[PublishedPort, ...], number: int) -> int:
    """The target port of the first Service port of this number; the number itself if no Service publishes it."""
    return next((port.target_port for port in published if port.port == number), number)


def sockets(
    published: tuple[PublishedPort, ...], port: int, bind: str, workload: GatewayWorkload
) -> tuple[Socket, ...]:
    """What to bind for a listener on target port `port`: the node port of every Service port that leads there.

    Without node ports it is the target port itself, and where the workload publishes the port by itself it is that
    one. `bind` is the address that the Gateway asks for, "" for the workload's own.
    """
    host = bind or workload.bind_address
    own = dict(workload.publish)
    found: dict[int, Origin | None] = {}
    for candidate in published:
        if candidate.target_port == port:
            number = own.get(candidate.port) or _bound_port(candidate, workload)
            found.setdefault(number, candidate.origin)
    leading = found or {own.get(port, port): None}
    return tuple(Socket(SocketAddress(host, number), leading[number]) for number in sorted(leading))


def _bound_port(published: PublishedPort, workload: GatewayWorkload) -> int:
    return published.node_port if workload.node_ports and published.node_port else published.target_port
