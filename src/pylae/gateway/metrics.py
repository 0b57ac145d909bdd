"""Counters and gauges of the gateway program; what its Envoy counts is told by Envoy itself."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge

from pylae.gateway.link import Link
from pylae.gateway.stored import Stored


def _registry() -> CollectorRegistry:
    return CollectorRegistry(auto_describe=True)


@dataclass
class Metrics:
    """Read off the running parts whenever somebody asks."""

    link: Link
    stored: Stored
    registry: CollectorRegistry = field(default_factory=_registry)

    def __post_init__(self) -> None:
        def gauge(name: str, meaning: str) -> Gauge:
            return Gauge(f"pylae_gateway_{name}", meaning, registry=self.registry)

        connected = gauge("control_plane_connected", "Whether a control plane has taken this gateway: 1 or 0.")
        connected.set_function(lambda: float(self.link.address is not None))
        age = gauge("stored_age_seconds", "Since the stored configuration was in agreement with a control plane.")
        age.set_function(lambda: self.stored.age() or 0.0)
        resources = gauge("stored_resources", "Resources that Envoy accepted, and that are stored.")
        resources.set_function(lambda: float(sum(map(len, self.stored.versions.values()))))
        self.not_after = gauge(
            "certificate_not_after_seconds", "When the certificate ends that it joins with, in seconds of Unix time."
        )
        failures = Counter(
            "pylae_gateway_control_plane_failures",
            "Attempts to reach a control plane that failed.",
            registry=self.registry,
        )
        self.link.count = failures.inc
        self.restarts = Counter("pylae_envoy_restarts", "Envoys started again after an exit.", registry=self.registry)
