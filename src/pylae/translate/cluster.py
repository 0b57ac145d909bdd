"""Clusters: a port of a service as Envoy connects to it. Only those that a route names are made."""

from collections.abc import Iterable

from pylae.api.core import Service
from pylae.api.service_entry import ServiceEntry
from pylae.model.finding import Finding
from pylae.model.ir.cluster import Cluster, Discovery, Endpoint
from pylae.rules import names
from pylae.rules.protocols import speaks_http2
from pylae.translate.endpoints import listed_endpoints
from pylae.translate.guard import guarded
from pylae.translate.registry import ProvidedPort, ServiceRegistry

DISCOVERY = {
    "STATIC": Discovery.EDS,
    "NONE": Discovery.EDS,
    "DNS": Discovery.STRICT_DNS,
    "DNS_ROUND_ROBIN": Discovery.LOGICAL_DNS,
}
"""How a ServiceEntry's `resolution` is spelled for Envoy. NONE means the address that the client wanted to go to, which
a gateway does not know: such a cluster has no endpoints."""


def clusters(wanted: Iterable[str], registry: ServiceRegistry, findings: list[Finding]) -> tuple[Cluster, ...]:
    """The clusters of these names, sorted by name; names without a service behind them are left out."""
    found = []
    for name in sorted(set(wanted)):
        _, number, subset, hostname = name.split("|", 3)
        for port in registry.ports(hostname):
            if port.number == int(number) and not subset:
                with guarded(port.origin, findings):
                    found.append(cluster(hostname, port))
    return tuple(made for made in found if made)


def cluster(hostname: str, port: ProvidedPort) -> Cluster | None:
    """The cluster of a service's port; None where nothing can be connected to, so that Envoy answers 503 (`NC`)."""
    match port.provider:
        case Service() as service if service.spec.type != "ExternalName":
            discovery = Discovery.EDS
        case ServiceEntry() as entry if entry.spec.resolution in DISCOVERY:
            discovery = DISCOVERY[entry.spec.resolution]
        case _:
            return None
    found = _resolved_endpoints(hostname, port, discovery)
    if discovery is not Discovery.EDS and not found:
        return None
    name = names.cluster(port.number, "", hostname)
    return Cluster(name, hostname, port.number, port.origin, discovery, found, speaks_http2(port.protocol))


def _resolved_endpoints(hostname: str, port: ProvidedPort, discovery: Discovery) -> tuple[Endpoint, ...]:
    """What Envoy shall resolve: the endpoints that a ServiceEntry lists, or its own host where it lists none."""
    if discovery is Discovery.EDS or not isinstance(port.provider, ServiceEntry):
        return ()
    host = () if "*" in hostname else (Endpoint(hostname, port.target_port),)
    found = tuple(sorted(listed_endpoints(port.provider, port), key=lambda e: (e.address, e.port))) or host
    return found[:1] if discovery is Discovery.LOGICAL_DNS else found
