"""Counters and gauges of the control plane, under the names that Istio's pilot gives them, so that dashboards
carry over.

Istio's names: istio.io, "Pilot metrics". What Istio does not have is called pylae_….
"""

from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

CONVERGENCE_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 15)
"""Seconds. Istio's begin at 0.1; ours must tell milliseconds apart."""


def _registry() -> CollectorRegistry:
    return CollectorRegistry(auto_describe=True)


@dataclass
class Metrics:
    """One registry per control plane: two in one process never share a number."""

    registry: CollectorRegistry = field(default_factory=_registry)

    def __post_init__(self) -> None:
        registry = self.registry
        self.events = Counter(
            "pilot_k8s_cfg_events", "Events from the Kubernetes API.", ["type", "event"], registry=registry
        )
        self.pushes = Counter(
            "pilot_xds_pushes", "Resources' acceptance by Envoy, per push.", ["type"], registry=registry
        )
        self.rejects = Counter("pilot_total_xds_rejects", "Pushes that Envoy refused.", ["type"], registry=registry)
        self.proxies = Gauge("pilot_xds", "Connected Envoys.", registry=registry)
        self.convergence = Histogram(
            "pilot_proxy_convergence_time",
            "Seconds from a change in the API to Envoy's acceptance.",
            buckets=CONVERGENCE_BUCKETS,
            registry=registry,
        )
        self.certificate_errors = Gauge(
            "pilot_sds_certificate_errors", "Secrets that servers name and that cannot be served.", registry=registry
        )
        self.virtual_services = Gauge("pilot_virt_services", "VirtualServices known.", registry=registry)
        self.services = Gauge("pilot_services", "Services known.", registry=registry)
        self.findings = Gauge("pylae_findings", "Findings on users' objects.", ["code", "reason"], registry=registry)
        self.not_after = Gauge(
            "pylae_certificate_not_after_seconds",
            "When a served certificate ends, in seconds of Unix time.",
            ["namespace", "secret"],
            registry=registry,
        )
        self.restarts = Counter("pylae_envoy_restarts", "Envoys started again after an exit.", registry=registry)

    def expiry(self, namespace: str, name: str, not_after: datetime | None) -> None:
        """The certificate that the gateways of a namespace serve under an SDS name ends then; None: none is served
        under it any more."""
        if not_after is not None:
            self.not_after.labels(namespace=namespace, secret=name).set(not_after.timestamp())
        else:
            self.not_after.remove(namespace, name)

    def found(self, number: str, reason: str, count: int) -> None:
        """So many findings stand with a code of this number and reason."""
        if count:
            self.findings.labels(code=number, reason=reason).set(count)
        else:
            self.findings.remove(number, reason)
