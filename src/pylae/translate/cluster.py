"""Clusters: a port of a service as Envoy connects to it. Only those that a route names are made."""

from dataclasses import dataclass
from functools import partial

from pylae.api.core import Service
from pylae.api.service_entry import ServiceEntry
from pylae.model.edge import DEFAULT_EDGE, Edge
from pylae.model.finding import Finding
from pylae.model.ir.cluster import Cluster, Discovery, Endpoint
from pylae.rules import names
from pylae.rules.protocols import speaks_http2
from pylae.translate.endpoints import listed_endpoints
from pylae.translate.guard import guarded
from pylae.translate.registry import ProvidedPort
from pylae.translate.view import View

DISCOVERY = {
    "STATIC": Discovery.EDS,
    "NONE": Discovery.EDS,
    "DNS": Discovery.STRICT_DNS,
    "DNS_ROUND_ROBIN": Discovery.LOGICAL_DNS,
}
"""How a ServiceEntry's `resolution` is spelled for Envoy. NONE means the address that the client wanted to go to, which
a gateway does not know: such a cluster has no endpoints."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Sorted by name."""

    clusters: tuple[Cluster, ...]
    findings: tuple[Finding, ...] = ()


def clusters(wanted: frozenset[str], view: View) -> Clusters:
    """The clusters of these names; names without a service behind them are left out."""
    found = [view.unit(("cluster", name), (), partial(_named, name)) for name in sorted(wanted)]
    return Clusters(
        tuple(made for one in found for made in one.clusters), tuple(told for one in found for told in one.findings)
    )


def _named(name: str, view: View) -> Clusters:
    """The cluster of this name, if there is one."""
    findings: list[Finding] = []
    found: list[Cluster | None] = []
    _, number, subset, hostname = name.split("|", 3)
    for port in view.registry.ports(hostname):
        if port.number == int(number) and not subset:
            with guarded(port.origin, findings):
                found.append(cluster(hostname, port, view.mesh.edge))
    return Clusters(tuple(made for made in found if made), tuple(findings))


def cluster(hostname: str, port: ProvidedPort, edge: Edge = DEFAULT_EDGE) -> Cluster | None:
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
    http2 = speaks_http2(port.protocol)
    return Cluster(name, hostname, port.number, port.origin, discovery, found, http2, edge=edge)


def _resolved_endpoints(hostname: str, port: ProvidedPort, discovery: Discovery) -> tuple[Endpoint, ...]:
    """What Envoy shall resolve: the endpoints that a ServiceEntry lists, or its own host where it lists none."""
    if discovery is Discovery.EDS or not isinstance(port.provider, ServiceEntry):
        return ()
    host = () if "*" in hostname else (Endpoint(hostname, port.target_port),)
    found = tuple(sorted(listed_endpoints(port.provider, port), key=lambda e: (e.address, e.port))) or host
    return found[:1] if discovery is Discovery.LOGICAL_DNS else found
