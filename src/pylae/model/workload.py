"""The gateway that is configured: who it is, and where it may listen."""

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
    """One Envoy as Istio sees a gateway pod.

    `namespace` is where its Secrets are read; `labels` are matched by Gateway selectors; `bind_address` is what node
    ports are bound on. With `node_ports` the socket that Envoy binds is the Service's node port (there is no
    kube-proxy on one machine); without, it is the target port.
    """

    name: str = "istio-ingressgateway"
    namespace: str = "istio-system"
    labels: Mapping[str, str] = field(default_factory=lambda: dict(INGRESS_LABELS))
    cluster_domain: str = "cluster.local"
    bind_address: str = "127.0.0.1"
    node_ports: bool = True
    access_log: AccessLog | None = None
