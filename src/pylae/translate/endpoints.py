"""The addresses behind a cluster: what changes most often, and without any listener or route.

A Service's come from its EndpointSlices, a ServiceEntry's from its own list. A ServiceEntry in a Service's namespace
that lists the Service's hostname adds its endpoints to the Service's, as in Istio.
"""

from collections.abc import Iterator

from pylae.api.core import Service
from pylae.api.discovery import Endpoint as SliceEndpoint
from pylae.api.discovery import EndpointSlice
from pylae.api.service_entry import ServiceEntry
from pylae.model.ir.cluster import Cluster, Discovery, Endpoint, Endpoints
from pylae.model.snapshot import Snapshot
from pylae.rules.hosts import is_ip_address
from pylae.translate.registry import ProvidedPort, Provider, ServiceRegistry, provided_ports


def endpoints(cluster: Cluster, registry: ServiceRegistry) -> Endpoints:
    """The endpoints of an EDS cluster, sorted, each address once; none for a cluster that is resolved by DNS."""
    if cluster.discovery is not Discovery.EDS:
        return Endpoints(cluster.name, ())
    found: dict[tuple[str, int], Endpoint] = {}
    for endpoint in _all_endpoints(cluster, registry):
        known = found.get((endpoint.address, endpoint.port))
        if known is None or endpoint.healthy > known.healthy:
            found[endpoint.address, endpoint.port] = endpoint
    return Endpoints(cluster.name, tuple(found[key] for key in sorted(found)))


def _all_endpoints(cluster: Cluster, registry: ServiceRegistry) -> Iterator[Endpoint]:
    providers = registry.providers(cluster.hostname)
    owner = next((p.metadata.namespace for p in providers if p.ref == cluster.origin.about), None)
    for provider in providers:
        for port in provided_ports(provider):
            if provider.metadata.namespace == owner and port.number == cluster.port:
                yield from _endpoints_of(provider, port, registry.snapshot)


def _endpoints_of(provider: Provider, port: ProvidedPort, snapshot: Snapshot) -> Iterator[Endpoint]:
    match provider:
        case Service():
            key = (provider.metadata.namespace, provider.metadata.name)
            for endpoint_slice in snapshot.slices_of_service.get(key, ()):
                yield from _slice_endpoints(endpoint_slice, port.name)
        case ServiceEntry() if provider.spec.resolution == "STATIC":
            yield from (found for found in listed_endpoints(provider, port) if is_ip_address(found.address))


def listed_endpoints(entry: ServiceEntry, port: ProvidedPort) -> tuple[Endpoint, ...]:
    """A ServiceEntry's own endpoints at one of its ports, as written; paths of Unix sockets are no endpoints here."""
    return tuple(
        Endpoint(endpoint.address, endpoint.ports.get(port.name) or port.target_port, weight=endpoint.weight or 1)
        for endpoint in entry.spec.endpoints
        if endpoint.address and not endpoint.address.startswith("unix:")
    )


def _slice_endpoints(endpoint_slice: EndpointSlice, port_name: str) -> Iterator[Endpoint]:
    """A slice's endpoints at the Service port of this name. Terminating ones are left out, serving or not."""
    if endpoint_slice.address_type == "FQDN":
        return
    ports = [port.port for port in endpoint_slice.ports if (port.name or "") == port_name and port.port]
    for endpoint in endpoint_slice.endpoints:
        if not endpoint.conditions.terminating:
            yield from (
                Endpoint(address, port, _is_ready(endpoint))
                for address in endpoint.addresses
                for port in ports
                if is_ip_address(address)
            )


def _is_ready(endpoint: SliceEndpoint) -> bool:
    """Unknown counts as ready (Kubernetes, EndpointConditions)."""
    return endpoint.conditions.ready is not False
