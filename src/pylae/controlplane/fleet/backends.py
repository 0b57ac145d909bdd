"""The clusters that somebody needs, and the endpoints of each: sent ahead for the picture that Envoy always has, and
for as long as it is in use for a host that was asked for."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace

from pylae.api.scheme import SERVICE
from pylae.controlplane.report.voice import Voice
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.model.ir.cluster import Cluster, Discovery
from pylae.translate.endpoints import endpoints
from pylae.translate.registry import ServiceRegistry
from pylae.xds.cluster import emit_cluster
from pylae.xds.endpoint import emit_endpoints
from pylae.xds.resource import Key, Type
from pylae.xds.world import World

AHEAD = "ahead"
"""Who holds the clusters of the picture that is sent ahead. Only of these Envoy counts statistics."""


@dataclass(slots=True)
class _Backend:
    cluster: Cluster
    holders: set[Hashable] = field(default_factory=set)


class Backends:
    """`hold` and `refresh` write to the world; what nobody holds any more is dropped."""

    def __init__(self, registry: ServiceRegistry, world: World, voice: Voice) -> None:
        self.broken: dict[Key, Exception] = {}
        """Clusters that could not be spelled, which is our fault."""
        self._registry = registry
        self._world = world
        self._voice = voice
        self._backends: dict[str, _Backend] = {}
        self._held: dict[Hashable, tuple[str, ...]] = {}
        self._of_hostname: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._backends)

    def cluster(self, name: str) -> Cluster | None:
        """The cluster of this name, if somebody holds it."""
        found = self._backends.get(name)
        return found.cluster if found else None

    def hold(self, holder: Hashable, clusters: Iterable[Cluster]) -> None:
        """These, and no others, are what the holder needs from now on."""
        wanted = {cluster.name: cluster for cluster in clusters}
        before = self._held.pop(holder, ())
        if wanted:
            self._held[holder] = tuple(wanted)
        for name, cluster in wanted.items():
            self._take(holder, name, cluster)
        for name in before:
            if name not in wanted:
                self._let_go(holder, name)

    def release(self, holder: Hashable) -> None:
        """The holder needs nothing any more."""
        self.hold(holder, ())

    def refresh(self, hostnames: Iterable[str]) -> None:
        """The endpoints behind these hostnames may be others."""
        for hostname in hostnames:
            for name in self._of_hostname.get(hostname, ()):
                self._send_endpoints(self._backends[name].cluster)

    def _take(self, holder: Hashable, name: str, cluster: Cluster) -> None:
        known = self._backends.get(name)
        backend = known or self._backends.setdefault(name, _Backend(cluster))
        backend.holders.add(holder)
        counted = replace(cluster, counted=AHEAD in backend.holders)
        if known is not None and known.cluster == counted:
            return
        backend.cluster = counted
        self._of_hostname.setdefault(cluster.hostname, set()).add(name)
        self._send(counted)
        self._send_endpoints(counted)

    def _let_go(self, holder: Hashable, name: str) -> None:
        backend = self._backends[name]
        backend.holders.discard(holder)
        if backend.holders:
            self._take(next(iter(backend.holders)), name, backend.cluster)
            return
        del self._backends[name]
        named = self._of_hostname[backend.cluster.hostname]
        named.discard(name)
        if not named:
            del self._of_hostname[backend.cluster.hostname]
        self.broken.pop((Type.CLUSTER, name), None)
        self._world.drop((Type.CLUSTER, name))
        self._forget_endpoints(name)

    def _send(self, cluster: Cluster) -> None:
        key = (Type.CLUSTER, cluster.name)
        try:
            self._world.put(emit_cluster(cluster))
            self.broken.pop(key, None)
        except Exception as error:  # a fault of ours: it must not take the other clusters down
            self.broken[key] = error

    def _send_endpoints(self, cluster: Cluster) -> None:
        if cluster.discovery is not Discovery.EDS:
            self._forget_endpoints(cluster.name)
            return
        found = endpoints(cluster, self._registry)
        self._world.put(emit_endpoints(found))
        ready = any(endpoint.healthy for endpoint in found.endpoints)
        self._voice.tell(("endpoints", cluster.name), () if ready else (unready(cluster),))

    def _forget_endpoints(self, name: str) -> None:
        self._world.drop((Type.ENDPOINT, name))
        self._voice.silence(("endpoints", name))


def unready(cluster: Cluster) -> Finding:
    """What a user should know of a cluster without a ready endpoint."""
    about = cluster.origin.about
    message = f"{cluster.hostname} has no ready endpoint on port {cluster.port}: requests get 503."
    cure = (
        "Give it one: on a cluster a pod that is ready, on one machine "
        f"`pylae expose {about.name} -n {about.namespace} ADDRESS:PORT`."
        if about.kind == SERVICE.kind
        else "Add one to spec.endpoints."
    )
    return Finding(codes.NO_ENDPOINTS, about, cluster.origin.path, message, cure)
