"""The service registry: who provides a hostname, as the gateway's namespace sees it.

A hostname belongs to a Kubernetes Service by its name in the cluster's DNS, and to every ServiceEntry that lists it.
Both are looked at as a list of ports, so that routes and clusters need not know which it is.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from sys import intern

from pylae.api.core import Service, ServicePort
from pylae.api.meta import ObjectRef
from pylae.api.service_entry import ServiceEntry, ServiceEntryPort
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Key, Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.rules.protocols import Protocol, of_service_port, parse
from pylae.translate.select import exported

EXPORT_TO = "networking.istio.io/exportTo"
"""The annotation that says which namespaces see a Service."""

Provider = Service | ServiceEntry


@dataclass(frozen=True, slots=True)
class ProvidedPort:
    """A port of a hostname, and the field that says so. `target_port` is the endpoints' port unless an endpoint says
    otherwise."""

    number: int
    name: str
    target_port: int
    protocol: Protocol
    provider: Provider
    origin: Origin


REMEMBERED = 4096
"""Hostnames of which the registry remembers what it found: those of some thousand routes, not all there are."""


@dataclass(slots=True)
class _Known:
    """What was found of each hostname, shared by all views of one registry. `generation` counts what was forgotten."""

    generation: int = 0
    providers: dict[str, tuple[Provider, ...]] = field(default_factory=dict)
    ports: dict[str, tuple[ProvidedPort, ...]] = field(default_factory=dict)

    def forget(self, hostname: str) -> None:
        self.providers.pop(hostname, None)
        self.ports.pop(hostname, None)


@dataclass(frozen=True, slots=True, eq=False)
class ServiceRegistry:
    """Services and ServiceEntries by hostname. What is known of a hostname is read once; `asked` tells which were asked
    for, and who provides them, where somebody wants to know."""

    snapshot: Snapshot
    workload: GatewayWorkload
    invalid: Container[ObjectRef] = ()
    """Objects that count as not there."""
    asked: dict[str, tuple[Provider, ...]] | None = field(default=None, repr=False)
    _known: _Known = field(default_factory=_Known, repr=False)

    @property
    def generation(self) -> int:
        """The same number means that every hostname is provided as it was."""
        return self._known.generation

    def forget(self, hostnames: Iterable[str]) -> None:
        """Services or ServiceEntries behind these hostnames changed."""
        for hostname in hostnames:
            self._known.generation += 1
            self._known.forget(hostname)

    def noting(self, asked: dict[str, tuple[Provider, ...]]) -> "ServiceRegistry":
        """The same registry, for somebody who wants to know what he asked."""
        return replace(self, asked=asked)

    def providers(self, hostname: str) -> tuple[Provider, ...]:
        """Who provides a hostname: the Kubernetes Service before the ServiceEntries, and of these the oldest first."""
        known = self._known.providers
        found = known.get(hostname)
        if found is None:
            if len(known) >= REMEMBERED:
                self._known.forget(next(iter(known)))
            known[hostname] = found = self._find_providers(hostname)
        if self.asked is not None:
            self.asked[hostname] = found
        return found

    def _find_providers(self, hostname: str) -> tuple[Provider, ...]:
        key = service_key(hostname, self.workload.cluster_domain)
        service = self.snapshot.services.get(key) if key else None
        entries = self.snapshot.service_entries_of_host.get(hostname, ())
        found: tuple[Provider, ...] = (service, *entries) if service else entries
        return tuple(provider for provider in found if self._sees(provider))

    def ports(self, hostname: str) -> tuple[ProvidedPort, ...]:
        """The ports of a hostname, each number once, the preferred provider's."""
        providers = self.providers(hostname)
        ports = self._known.ports
        if hostname not in ports:
            found: dict[int, ProvidedPort] = {}
            for port in (port for provider in providers for port in provided_ports(provider)):
                found.setdefault(port.number, port)
            ports[hostname] = tuple(found.values())
        return ports[hostname]

    def canonical(self, hostname: str) -> str:
        """The hostname that stands behind a Service of type ExternalName, or else the same."""
        seen = {hostname}
        while alias := self._alias(hostname):
            if alias in seen:
                break
            seen.add(alias)
            hostname = alias
        return hostname

    def _alias(self, hostname: str) -> str:
        match self.providers(hostname):
            case (Service() as service, *_) if service.spec.type == "ExternalName":
                return service.spec.external_name.lower().removesuffix(".")
            case _:
                return ""

    def _sees(self, provider: Provider) -> bool:
        if provider.ref in self.invalid:
            return False
        owner = provider.metadata.namespace
        match provider:
            case Service():
                written = provider.metadata.annotations.get(EXPORT_TO, "")
                export_to = tuple(name.strip() for name in written.split(",") if name.strip())
            case ServiceEntry():
                export_to = provider.spec.export_to
        return exported(export_to, owner, self.workload.namespace)


def service_key(hostname: str, domain: str) -> Key | None:
    """Namespace and name of the Service that has this name in the cluster's DNS; None for other hostnames."""
    match hostname.removesuffix(f".svc.{domain}").split("."):
        case [name, namespace] if hostname.endswith(f".svc.{domain}"):
            return (namespace, name)
        case _:
            return None


def provided_ports(provider: Provider) -> tuple[ProvidedPort, ...]:
    """The ports of one provider; those of UDP are left out, as a gateway does not speak it."""
    match provider:
        case Service():
            ports = [_service_port(provider, index, port) for index, port in enumerate(provider.spec.ports)]
        case ServiceEntry():
            ports = [_entry_port(provider, index, port) for index, port in enumerate(provider.spec.ports)]
    return tuple(port for port in ports if port.protocol is not Protocol.UDP)


def _service_port(service: Service, index: int, port: ServicePort) -> ProvidedPort:
    origin = Origin(service.ref, intern(f"spec.ports[{index}]"))
    return ProvidedPort(port.port, port.name, port.port, of_service_port(port), service, origin)


def _entry_port(entry: ServiceEntry, index: int, port: ServiceEntryPort) -> ProvidedPort:
    protocol = parse(port.protocol) or Protocol.UNSUPPORTED
    origin = Origin(entry.ref, f"spec.ports[{index}]")
    return ProvidedPort(port.number, port.name, port.target_port or port.number, protocol, entry, origin)
