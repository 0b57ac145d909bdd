"""Where a route goes: a destination's name for Envoy, and what the user should know if there is nothing behind it.

A destination that does not resolve is a value, not an absence: its cluster does not exist, Envoy answers 503 for it,
and the other destinations and routes are what they were (Istio does the same).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pylae.api.destination import Destination
from pylae.model.codes import DESTINATION_PORT_REQUIRED, DESTINATION_UNKNOWN
from pylae.model.finding import Finding
from pylae.rules import names
from pylae.translate.cluster import cluster
from pylae.translate.registry import ProvidedPort
from pylae.translate.view import Attachment


@dataclass(frozen=True, slots=True)
class Target:
    """What a destination means. `hostname` is the service behind an alias, `ports` are those that it has."""

    destination: Destination
    hostname: str
    port: int
    ports: tuple[ProvidedPort, ...]

    @property
    def cluster(self) -> str:
        return names.cluster(self.port, self.destination.subset, self.hostname)

    @property
    def exists(self) -> bool:
        """Whether Envoy knows the cluster."""
        return not self.destination.subset and any(
            port.number == self.port and cluster(self.hostname, port) for port in self.ports
        )


def target(destination: Destination, attachment: Attachment) -> Target:
    """The service and port that a VirtualService means.

    The port is the one written, else the only one that the service has, else the port of the Gateway's server (as in
    Istio, where that rarely is what was meant).
    """
    registry = attachment.view.registry
    written = names.expand(destination.host, attachment.namespace, attachment.view.workload.cluster_domain)
    hostname = registry.canonical(written)
    ports = registry.ports(hostname)
    return Target(destination, hostname, _port(destination, registry.ports(written) or ports, attachment), ports)


def _port(destination: Destination, ports: tuple[ProvidedPort, ...], attachment: Attachment) -> int:
    if destination.port and destination.port.number:
        return destination.port.number
    return ports[0].number if len(ports) == 1 else attachment.server.port.number


def judge_destinations(written: Iterable[tuple[str, Destination | None]], attachment: Attachment) -> Iterator[Finding]:
    """A finding for every destination, by its path, that requests would be sent to in vain."""
    for path, destination in written:
        found = target(destination or Destination(), attachment)
        if not found.exists:
            yield _unknown(found, path, attachment)


def _unknown(found: Target, path: str, attachment: Attachment) -> Finding:
    about, host = attachment.virtual_service.ref, found.destination.host
    numbers = ", ".join(str(port.number) for port in found.ports)
    if not found.ports:
        message, cure = (
            f"{found.hostname or 'A destination without host'} is no known service; ",
            _hint(host, attachment),
        )
        return Finding(DESTINATION_UNKNOWN, about, f"{path}.host", f"{message}requests to it get 503.", cure)
    if found.destination.subset:
        message = f"{found.hostname} has no subset {found.destination.subset!r}; requests to it get 503."
        cure = "DestinationRules are not honoured yet: leave `subset` out, or route to a Service of its own."
        return Finding(DESTINATION_UNKNOWN, about, f"{path}.subset", message, cure)
    if not (found.destination.port and found.destination.port.number) and len(found.ports) > 1:
        message = (
            f"{found.hostname} has ports {numbers}, and the destination does not say which; requests to it get 503."
        )
        return Finding(DESTINATION_PORT_REQUIRED, about, f"{path}.port", message, "Set `port.number`.")
    if found.port not in [port.number for port in found.ports]:
        message = f"{found.hostname} has no port {found.port}, but {numbers}; requests to it get 503."
        return Finding(DESTINATION_UNKNOWN, about, f"{path}.port", message, "Correct `port.number`.")
    provider = next(port.provider for port in found.ports if port.number == found.port)
    message = f"{provider.ref} gives {found.hostname} no address to connect to; requests to it get 503."
    return Finding(
        DESTINATION_UNKNOWN, about, path, message, "Set its `resolution` to STATIC or DNS and list endpoints."
    )


def _hint(host: str, attachment: Attachment) -> str:
    """`webapp.shop` is no short name to Istio; the user usually meant the Service."""
    domain = attachment.view.workload.cluster_domain
    name, dot, namespace = host.lower().partition(".")
    guess = names.service_hostname(namespace.removesuffix(".svc"), name, domain)
    if dot and attachment.view.registry.providers(guess):
        return f"Write {guess}."
    return "Create the Service or a ServiceEntry with this host, or correct the name."
