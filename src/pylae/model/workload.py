"""The kind of gateway that is configured: who it is, and where it may listen."""

from collections.abc import Mapping
from dataclasses import dataclass, field

INGRESS_LABELS: Mapping[str, str] = {"app": "istio-ingressgateway", "istio": "ingressgateway"}


@dataclass(frozen=True)
class AccessLog:
    """A line per request on Envoy's standard output. `format` is a template (text) or a JSON object's fields
    (json); both default to Istio's (istio.io, "Envoy Access Logs")."""

    encoding: str = "TEXT"
    format: str = ""


@dataclass(frozen=True)
class GatewayWorkload:
    """A gateway as Istio sees its pods. All Envoys with an equal workload are given the same.

    `namespace` is where its Secrets are read; `labels` are matched by Gateway selectors; `bind_address` is what node
    ports are bound on. With `node_ports` the socket that Envoy binds is the Service's node port (there is no
    kube-proxy on one machine); without, it is the target port. `publish` are pairs of a port as Gateways name it and
    the port that is bound for it, whatever the Service says.
    """

    name: str = "istio-ingressgateway"
    namespace: str = "istio-system"
    labels: Mapping[str, str] = field(default_factory=lambda: dict(INGRESS_LABELS))
    cluster_domain: str = "cluster.local"
    bind_address: str = "127.0.0.1"
    node_ports: bool = True
    access_log: AccessLog | None = None
    publish: tuple[tuple[int, int], ...] = ()

    def __hash__(self) -> int:
        return hash((self.name, self.namespace, tuple(sorted(self.labels.items()))))

    @property
    def selected_by(self) -> str:
        """Its labels as kubectl writes them: `app=istio-ingressgateway,istio=ingressgateway`."""
        return ",".join(f"{name}={text}" for name, text in sorted(self.labels.items()))

    def __str__(self) -> str:
        """`istio-ingressgateway.istio-system`, as Istio names its pods; labels tell apart what is named alike."""
        return f"{self.name}.{self.namespace}"
