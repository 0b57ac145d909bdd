"""Which VirtualServices speak for which server, and for which of its hosts."""

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from itertools import chain

from pylae.api.gateway import Gateway
from pylae.api.virtual_service import VirtualService
from pylae.model.codes import HOST_NOT_IN_GATEWAY, REFERENCE_NOT_FOUND
from pylae.model.finding import Finding
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Key, Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.rules.hosts import gateway_hosts, intersect
from pylae.rules.names import MESH, expand, gateway_reference
from pylae.translate.guard import guarded
from pylae.translate.select import exported
from pylae.translate.server import Server
from pylae.translate.units import Units

Bindings = Mapping[Key, tuple[VirtualService, ...]]
"""For each Gateway, by namespace and name, the VirtualServices that name it, in the order in which their routes count.
"""


Named = tuple[tuple[Key, Gateway | None, bool], ...]
"""The Gateways that a VirtualService names: the Gateway, if it exists, and whether it is valid."""


def bindings(snapshot: Snapshot, workload: GatewayWorkload) -> Bindings:
    """The VirtualServices that the workload's namespace may see: its own private ones first, then those exported to it
    by name, then the public ones, each oldest first (Istio's order of concatenation)."""
    ranks: tuple[list[VirtualService], ...] = ([], [], [])
    for virtual_service in snapshot.virtual_services_by_age:
        rank = _rank(virtual_service, workload.namespace)
        if rank is not None:
            ranks[rank].append(virtual_service)
    found: dict[Key, tuple[VirtualService, ...]] = {}
    for virtual_service in chain.from_iterable(ranks):
        for key in named_gateways(virtual_service):
            found[key] = (*found.get(key, ()), virtual_service)
    return found


def _rank(virtual_service: VirtualService, namespace: str) -> int | None:
    export_to = virtual_service.spec.export_to
    if not export_to:
        return 2
    owner = virtual_service.metadata.namespace
    if not exported(export_to, owner, namespace):
        return None
    if "*" in export_to:
        return 2
    return 0 if owner == namespace else 1


def named_gateways(virtual_service: VirtualService) -> tuple[Key, ...]:
    """The Gateways that a VirtualService names, each once; `mesh` is none."""
    return _named_gateways(virtual_service.spec.gateways, virtual_service.metadata.namespace)


@lru_cache(maxsize=4096)
def _named_gateways(written: tuple[str, ...], namespace: str) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(resolve_gateways(written, namespace)))


def resolve_gateways(written: tuple[str, ...], namespace: str) -> Iterator[Key]:
    """Names of Gateways as written in an object of `namespace`."""
    for text in written:
        reference = gateway_reference(text, namespace)
        if reference != MESH:
            yield reference


def virtual_hosts_of(virtual_service: VirtualService, domain: str) -> tuple[str, ...]:
    """The hosts of a VirtualService in full and in lower case."""
    namespace = virtual_service.metadata.namespace
    return tuple(expand(host, namespace, domain) for host in virtual_service.spec.hosts)


def shared_hosts(server: Server, virtual_service: VirtualService, domain: str) -> tuple[str, ...]:
    """The hosts for which this VirtualService speaks on this server: of each pair that meets, the narrower."""
    namespace = virtual_service.metadata.namespace
    admitted = tuple(host.name for host in server.hosts if host.admits(namespace))
    return intersect(admitted, virtual_hosts_of(virtual_service, domain))


def judge_bindings(snapshot: Snapshot, valid: Snapshot, domain: str, units: Units) -> tuple[Finding, ...]:
    """What is wrong between VirtualServices and the Gateways that they name. `snapshot` still holds the invalid
    objects, so that a Gateway that is invalid is not called missing; `domain` is the cluster's."""
    findings: list[Finding] = []
    known, serving = snapshot.gateways, valid.gateways
    for virtual_service in valid.virtual_services_by_age:
        named = tuple([(key, known.get(key), key in serving) for key in named_gateways(virtual_service)])
        meta = virtual_service.metadata
        judge = partial(_judge, virtual_service, named, domain)
        findings += units.of(("binding", meta.namespace, meta.name), (virtual_service, named), judge)
    return tuple(findings)


def _judge(virtual_service: VirtualService, named: Named, domain: str, _: Units) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    with guarded(Origin(virtual_service.ref), findings):
        known = {key: (gateway, is_valid) for key, gateway, is_valid in named}
        for index, text in enumerate(virtual_service.spec.gateways):
            for key in resolve_gateways((text,), virtual_service.metadata.namespace):
                gateway, is_valid = known[key]
                path = f"spec.gateways[{index}]"
                if gateway is None:
                    findings.append(_missing(virtual_service, path, *key))
                elif is_valid and not _meet(virtual_service, gateway, domain):
                    findings.append(_apart(virtual_service, path, gateway))
    return tuple(findings)


def _meet(virtual_service: VirtualService, gateway: Gateway, domain: str) -> bool:
    """Whether any host of the one is a host of the other. A VirtualService without hosts is a delegate and stands
    apart."""
    written = tuple(host for server in gateway.spec.servers for host in server.hosts)
    admitted = tuple(
        host.name
        for host in gateway_hosts(written, gateway.metadata.namespace)
        if host.admits(virtual_service.metadata.namespace)
    )
    hosts = virtual_hosts_of(virtual_service, domain)
    return not hosts or bool(intersect(admitted, hosts))


def _missing(virtual_service: VirtualService, path: str, namespace: str, name: str) -> Finding:
    message = f"Gateway {namespace}/{name} does not exist; the routes are not served there."
    cure = "Create it, or name the one that is meant as `namespace/name`."
    return Finding(REFERENCE_NOT_FOUND, virtual_service.ref, path, message, cure)


def _apart(virtual_service: VirtualService, path: str, gateway: Gateway) -> Finding:
    hosts = ", ".join(virtual_service.spec.hosts)
    served = ", ".join(sorted({host for server in gateway.spec.servers for host in server.hosts}))
    message = f"{gateway.ref} serves {served}, and none of the hosts {hosts}."
    return Finding(HOST_NOT_IN_GATEWAY, virtual_service.ref, path, message, "Add the host to a server of the Gateway.")
