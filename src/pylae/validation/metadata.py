"""Annotations that only Istio's own machinery may set (Istio, "Resource Annotations")."""

from pylae.api.meta import ObjectMeta
from pylae.validation.report import METADATA, Report

DRY_RUN = "istio.io/dry-run"
INTERNAL = (
    "internal.istio.io/webhook-always-reject",
    "internal.istio.io/parents",
    "internal.istio.io/parent-namespace",
)


def check_annotations(metadata: ObjectMeta, report: Report) -> None:
    """RG34: such an object is refused whatever else it says."""
    if not metadata.annotations:
        return
    path = METADATA / "annotations"
    if DRY_RUN in metadata.annotations:
        report.error(path.key(DRY_RUN), f"annotation {DRY_RUN} is for AuthorizationPolicies only.", "Remove it.")
    for name in INTERNAL:
        if name in metadata.annotations:
            report.error(path.key(name), f"annotation {name} is reserved for Istio's own use.", "Remove it.")
