"""Which VirtualServices speak for which server, and for which of its hosts."""

from collections.abc import Iterator, Mapping

from pylae.api.gateway import Gateway
from pylae.api.meta import ObjectRef
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

Bindings = Mapping[Key, tuple[VirtualService, ...]]
"""For each Gateway, by namespace and name, the VirtualServices that name it, in the order in which their routes count.
"""


def bindings(snapshot: Snapshot, workload: GatewayWorkload) -> Bindings:
    """The VirtualServices that the workload's namespace may see: its own private ones first, then those exported to it
    by name, then the public ones, each oldest first (Istio's order of concatenation)."""
    found: dict[Key, list[VirtualService]] = {}
    visible = (v for v in snapshot.virtual_services_by_age if _rank(v, workload.namespace) is not None)
    for virtual_service in sorted(visible, key=lambda v: _rank(v, workload.namespace) or 0):
        for key in named_gateways(virtual_service):
            found.setdefault(key, []).append(virtual_service)
    return {key: tuple(bound) for key, bound in found.items()}


def _rank(virtual_service: VirtualService, namespace: str) -> int | None:
    owner, export_to = virtual_service.metadata.namespace, virtual_service.spec.export_to
    if not exported(export_to, owner, namespace):
        return None
    if not export_to or "*" in export_to:
        return 2
    return 0 if owner == namespace else 1


def named_gateways(virtual_service: VirtualService) -> tuple[Key, ...]:
    """The Gateways that a VirtualService names, each once; `mesh` is none."""
    references = resolve_gateways(virtual_service.spec.gateways, virtual_service.metadata.namespace)
    return tuple(dict.fromkeys(references))


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


def judge_bindings(
    snapshot: Snapshot, workload: GatewayWorkload, invalid: frozenset[ObjectRef] = frozenset()
) -> tuple[Finding, ...]:
    """What is wrong between VirtualServices and the Gateways that they name. The snapshot still holds the invalid
    objects, so that a Gateway that is invalid is not called missing."""
    findings: list[Finding] = []
    for virtual_service in snapshot.virtual_services_by_age:
        if virtual_service.ref not in invalid:
            with guarded(Origin(virtual_service.ref), findings):
                findings += _judge(virtual_service, snapshot, workload, invalid)
    return tuple(findings)


def _judge(
    virtual_service: VirtualService, snapshot: Snapshot, workload: GatewayWorkload, invalid: frozenset[ObjectRef]
) -> Iterator[Finding]:
    for index, text in enumerate(virtual_service.spec.gateways):
        for namespace, name in resolve_gateways((text,), virtual_service.metadata.namespace):
            gateway = snapshot.gateways.get((namespace, name))
            path = f"spec.gateways[{index}]"
            if gateway is None:
                yield _missing(virtual_service, path, namespace, name)
            elif gateway.ref not in invalid and not _meet(virtual_service, gateway, workload.cluster_domain):
                yield _apart(virtual_service, path, gateway)


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
