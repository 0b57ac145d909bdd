"""What is kept by change, made at once of all that is there: the measure of the first."""

from collections.abc import Mapping
from operator import itemgetter

from pylae.api.virtual_service import VirtualService
from pylae.model.snapshot import Key, Snapshot, by_age
from pylae.model.workload import GatewayWorkload
from pylae.translate.bind import named_gateways, visibility
from pylae.translate.plan import Plan
from pylae.translate.ports import Fronts, PublishedPort


def published_ports(snapshot: Snapshot, workload: GatewayWorkload) -> tuple[PublishedPort, ...]:
    """The TCP ports of all Services that choose the workload, the oldest Service's first."""
    fronts = Fronts(workload)
    for key, service in snapshot.services.items():
        fronts.put(key, service)
    return fronts.published(snapshot)


def port_plan(snapshot: Snapshot, workload: GatewayWorkload) -> Plan:
    """Reads the Gateways that select the workload, and the Services in front of it; nothing else."""
    plan = Plan(workload, snapshot)
    plan.publish(published_ports(snapshot, workload))
    for gateway in by_age(snapshot.gateways.values()):
        plan.put((gateway.metadata.namespace, gateway.metadata.name), gateway)
    return plan


def bindings(snapshot: Snapshot, workload: GatewayWorkload) -> Mapping[Key, tuple[VirtualService, ...]]:
    """The VirtualServices that speak for each Gateway, in the order in which their routes count."""
    ranked = [
        (rank, virtual_service)
        for virtual_service in by_age(snapshot.virtual_services.values())
        if (rank := visibility(virtual_service, workload.namespace)) is not None
    ]
    found: dict[Key, tuple[VirtualService, ...]] = {}
    for _, virtual_service in sorted(ranked, key=itemgetter(0)):
        for key in named_gateways(virtual_service):
            found[key] = (*found.get(key, ()), virtual_service)
    return found
