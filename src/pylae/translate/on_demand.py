"""What is behind one host that is served on demand: the unit that is made when somebody asks for the host.

It is made of the same parts as a host that is sent ahead, by the same functions; it only leaves out whatever belongs to
other hosts of its server.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pylae.model.finding import Finding
from pylae.model.ir.cluster import Cluster
from pylae.model.ir.listener import SecretRef
from pylae.model.ir.route import Forward, VirtualHost
from pylae.model.ir.scope import NO_SNI, Scope
from pylae.model.snapshot import Key
from pylae.rules.hosts import ANY_HOST, covers, specificity
from pylae.translate.cluster import clusters
from pylae.translate.server import Server
from pylae.translate.view import Reads, View
from pylae.translate.virtual_host import route_configuration


@dataclass(frozen=True, slots=True)
class HostSite:
    """A host on a listener. `hostnames` are those that were looked up for it: when one of them is provided by somebody
    else, the site is not the same any more; nor is it when its Gateway or a VirtualService of that changes."""

    gateway: Key
    scope: Scope
    clusters: tuple[Cluster, ...]
    certificate: SecretRef
    hostnames: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = field(default=())


def host_site(server: Server, host: str, view: View) -> HostSite:
    """The site of `host`, an exact server name or `NO_SNI`, which belongs to `server` by its host `server.only`.

    The view need bind no VirtualServices but those with a host that covers `host`; for `NO_SNI` all that speak for
    `server.only` or a part of it. Its units are for this site alone.
    """
    reads = Reads(view.registry.generation)
    registry = view.registry.noting(reads.provided)
    own = replace(view, registry=registry, reads=reads)
    routed = route_configuration((server,), own)
    hosts = tuple(_hosts(routed.configuration.virtual_hosts, host, server))
    made = clusters(frozenset(_cluster_names(hosts)), own)
    (certificate, *_), _ = server.secrets
    return HostSite(
        gateway=server.gateway_key,
        scope=Scope(server.listener, host, hosts, server.origin, strict=host != NO_SNI),
        clusters=made.clusters,
        certificate=certificate,
        hostnames=frozenset(reads.provided),
        findings=(*routed.findings, *made.findings),
    )


def _hosts(hosts: tuple[VirtualHost, ...], host: str, server: Server) -> Iterator[VirtualHost]:
    """Of a server's virtual hosts the one that answers for `host`, for this name alone and called by it, so that it is
    the same whatever others share its routes; all of them for clients that name no host, who may ask for any."""
    if host == NO_SNI:
        yield from hosts
        return
    near = [(domain, found) for found in hosts for domain in found.domains if covers(domain, host)]
    if near:
        domain, found = min(near, key=lambda pair: specificity(pair[0]))
        if domain != ANY_HOST or found.routes or found.require_tls:
            yield replace(found, name=f"{host}:{server.port.number}", domains=(host,))


def _cluster_names(hosts: tuple[VirtualHost, ...]) -> Iterator[str]:
    for host in hosts:
        for route in host.routes:
            if isinstance(route.action, Forward):
                yield from (share.cluster for share in route.action.clusters)
