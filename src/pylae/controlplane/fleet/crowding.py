"""Ports that carry so many hosts ahead that each change of one is slow, and what would be quicker."""

from collections.abc import Iterator

from pylae.api.meta import ObjectRef
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.model.workload import GatewayWorkload
from pylae.translate.plan import Plan

CROWDED = 500
"""Hosts with chains of their own on one listener."""

MILLISECONDS_PER_HOST = 0.2
"""What Envoy 1.40 takes over each chain of a listener whenever a host comes or goes, as measured (bench/hosts.py)."""


def crowded(plan: Plan, workload: GatewayWorkload) -> Iterator[Finding]:
    """A finding on the gateway's Service for each listener that is crowded."""
    for listener in plan.listeners():
        ahead = sum(len(server.host_names) for server in listener.servers if server.ends_tls)
        if ahead >= CROWDED:
            cost = round(ahead * MILLISECONDS_PER_HOST)
            about = ObjectRef("Service", workload.namespace, workload.name)
            message = (
                f"{listener.name} carries {ahead} hosts sent ahead: Envoy takes about {cost} ms whenever one comes"
            )
            message += " or goes, and holds all of them in memory."
            cure = (
                "Annotate their Gateways `pylae.dev/serve: on-demand`, and a host costs nothing until it is asked for."
            )
            yield Finding(codes.PORT_CROWDED, about, "", message, cure)
