"""The endpoints of every cluster that Envoy is told of, and which clusters have none."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from types import MappingProxyType

from pylae.api.scheme import SERVICE
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.model.ir.cluster import Cluster, Discovery
from pylae.model.snapshot import Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.translate.endpoints import endpoints
from pylae.xds.emit import emit_endpoints
from pylae.xds.resource import NOTHING, Named, Resource


class Addresses:
    """`refresh` is its only verb; all else is read."""

    def __init__(self, workload: GatewayWorkload) -> None:
        self.resources: Named = NOTHING
        """The very same mapping as long as nothing in it changes."""
        self._workload = workload
        self._clusters: tuple[Cluster, ...] = ()
        self._of_hostname: dict[str, list[Cluster]] = {}
        self._made: dict[str, Resource] = {}
        self._empty: set[str] = set()

    def refresh(self, clusters: tuple[Cluster, ...], hostnames: AbstractSet[str], valid: Snapshot) -> None:
        """Endpoints of clusters that are new or whose service's endpoints changed; the others are as they were."""
        touched = self._rename(clusters) if clusters is not self._clusters else []
        touched += [cluster for hostname in hostnames for cluster in self._of_hostname.get(hostname, ())]
        for cluster in touched:
            found = endpoints(valid, cluster, self._workload)
            self._made[cluster.name] = emit_endpoints(found)
            is_empty = not any(endpoint.healthy for endpoint in found.endpoints)
            (self._empty.add if is_empty else self._empty.discard)(cluster.name)
        if touched or len(self._made) != len(self.resources):
            self.resources = MappingProxyType(dict(self._made))

    def findings(self) -> Iterable[Finding]:
        """A finding for every cluster without a ready endpoint."""
        if self._empty:
            yield from (_unready(cluster) for cluster in self._clusters if cluster.name in self._empty)

    def _rename(self, clusters: tuple[Cluster, ...]) -> list[Cluster]:
        """Forgets the clusters that are gone; gives back those of which nothing is known."""
        self._clusters, self._of_hostname = clusters, {}
        known = {cluster.name: cluster for cluster in clusters if cluster.discovery is Discovery.EDS}
        for cluster in known.values():
            self._of_hostname.setdefault(cluster.hostname, []).append(cluster)
        for gone in self._made.keys() - known.keys():
            del self._made[gone]
            self._empty.discard(gone)
        return [cluster for name, cluster in known.items() if name not in self._made]


def _unready(cluster: Cluster) -> Finding:
    about = cluster.origin.about
    message = f"{cluster.hostname} has no ready endpoint on port {cluster.port}: requests get 503."
    cure = (
        f"Give it one: pylae expose {about.name} -n {about.namespace} ADDRESS:PORT"
        if about.kind == SERVICE.kind
        else "Add one to spec.endpoints."
    )
    return Finding(codes.NO_ENDPOINTS, about, cluster.origin.path, message, cure)
