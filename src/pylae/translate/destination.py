"""Where a route goes: a destination's name for Envoy, and what the user should know if there is nothing behind it.

A destination that does not resolve is a value, not an absence: its cluster does not exist, Envoy answers 503 for it,
and the other destinations and routes are what they were (Istio does the same).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pylae.api.destination import Destination
from pylae.model.codes import DESTINATION_PORT_REQUIRED, DESTINATION_UNKNOWN
from pylae.model.finding import Code, Finding
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
    def says_port(self) -> bool:
        return bool(self.destination.port and self.destination.port.number)

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
            code, field, reason, cure = _why(found, attachment)
            message = f"{reason}; requests to it get 503."
            yield Finding(code, attachment.virtual_service.ref, path + field, message, cure)


def _why(found: Target, attachment: Attachment) -> tuple[Code, str, str, str]:
    """Why there is no such cluster: the code, the field of the destination, the reason, and the cure."""
    hostname, numbers = found.hostname, [port.number for port in found.ports]
    listed = ", ".join(map(str, numbers))
    if not numbers:
        reason = f"{hostname} is no known service" if hostname else "The destination names no host"
        return DESTINATION_UNKNOWN, ".host", reason, _hint(found.destination.host, attachment)
    if found.destination.subset:
        reason = f"{hostname} has no subset {found.destination.subset!r}"
        cure = "DestinationRules are not honoured yet: leave `subset` out, or route to a Service of its own."
        return DESTINATION_UNKNOWN, ".subset", reason, cure
    if len(numbers) > 1 and not found.says_port:
        reason = f"{hostname} has ports {listed}, and the destination does not say which"
        return DESTINATION_PORT_REQUIRED, ".port", reason, "Set `port.number`."
    if found.port not in numbers:
        reason = f"{hostname} has no port {found.port}, but {listed}"
        return DESTINATION_UNKNOWN, ".port", reason, "Correct `port.number`."
    reason = f"{hostname} has no address to connect to"
    return DESTINATION_UNKNOWN, ".host", reason, "Name a service that has endpoints, or that DNS resolves."


def _hint(host: str, attachment: Attachment) -> str:
    """`webapp.shop` is no short name to Istio; the user usually meant the Service."""
    domain = attachment.view.workload.cluster_domain
    name, dot, namespace = host.lower().partition(".")
    guess = names.service_hostname(namespace.removesuffix(".svc"), name, domain)
    if dot and attachment.view.registry.providers(guess):
        return f"Write {guess}."
    return "Create the Service or a ServiceEntry with this host, or correct the name."
