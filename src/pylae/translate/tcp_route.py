"""Connections that are forwarded as bytes: of TCP servers, and of servers that end TLS without looking inside (Istio,
TCPRoute)."""

from pylae.api.destination import Destination, RouteDestination
from pylae.api.virtual_service import TcpRoute
from pylae.model.codes import INVALID
from pylae.model.finding import Finding
from pylae.model.ir.listener import TcpProxy
from pylae.model.ir.route import WeightedCluster
from pylae.translate.destination import judge_destinations, target
from pylae.translate.guard import guarded
from pylae.translate.server import Server
from pylae.translate.soundness import unsound
from pylae.translate.view import Attachment, View, attachments


def tcp_proxy(server: Server, view: View, findings: list[Finding]) -> TcpProxy | None:
    """Where the connections of a server go: the first `tcp` rule of the first VirtualService that has one for it
    decides."""
    for attachment in attachments(server, view):
        with guarded(attachment.origin(), findings):
            for index, rule in enumerate(attachment.virtual_service.spec.tcp):
                if _reaches(rule, attachment):
                    return forwarded(rule.route, f"spec.tcp[{index}]", attachment, findings)
    return None


def _reaches(rule: TcpRoute, attachment: Attachment) -> bool:
    return bool(rule.route and attachment.hosts) and (not rule.match or any(map(attachment.reaches, rule.match)))


def forwarded(
    shares: tuple[RouteDestination, ...], path: str, attachment: Attachment, findings: list[Finding]
) -> TcpProxy | None:
    """The proxy to these destinations, of which those without weight get nothing unless there is only one."""
    used = [(i, share) for i, share in enumerate(shares) if len(shares) == 1 or share.weight > 0]
    clusters = tuple(_weighted_cluster(share, attachment, alone=len(used) == 1) for _, share in used)
    if problem := unsound(clusters):
        message = f"Envoy would refuse the rule: {problem}. It is left out."
        findings.append(Finding(INVALID, attachment.virtual_service.ref, path, message, "Use smaller weights."))
        return None
    written = ((f"{path}.route[{i}].destination", share.destination) for i, share in used)
    findings += judge_destinations(written, attachment)
    return TcpProxy(_stat_prefix(clusters, attachment), clusters, attachment.view.mesh.access_log) if clusters else None


def _weighted_cluster(share: RouteDestination, attachment: Attachment, *, alone: bool) -> WeightedCluster:
    cluster = target(share.destination or Destination(), attachment).cluster
    return WeightedCluster(cluster) if alone else WeightedCluster(cluster, share.weight)


def _stat_prefix(clusters: tuple[WeightedCluster, ...], attachment: Attachment) -> str:
    """Istio's names: the only cluster, else the VirtualService."""
    match clusters:
        case (only,):
            return only.cluster
        case _:
            return f"{attachment.virtual_service.metadata.name}.{attachment.namespace}"
