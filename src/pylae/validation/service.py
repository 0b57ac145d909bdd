"""Services: what Istio reads in them beyond what Kubernetes checks. Kubernetes stores it, so all of it is doubt, not
error.
"""

from pylae.api.core import Service
from pylae.rules.hosts import is_dns_label, is_domain
from pylae.validation.report import METADATA, SPEC, Report

EXPORT_TO = "networking.istio.io/exportTo"


def check_service(service: Service, report: Report) -> None:
    """The visibility annotation, and the name that an ExternalName stands for."""
    entries = [entry.strip() for entry in service.metadata.annotations.get(EXPORT_TO, "").split(",")]
    for entry in filter(None, entries):
        if entry not in ("*", ".", "~") and not is_dns_label(entry):
            report.warning(
                (METADATA / "annotations").key(EXPORT_TO),
                f"exportTo {entry!r} is neither `.` nor `*` nor `~` nor the name of a namespace.",
                "Write namespaces separated by commas.",
            )
    if service.spec.type == "ExternalName" and not is_domain(service.spec.external_name):
        report.warning(
            SPEC / "externalName",
            f"{service.spec.external_name!r} is not a DNS name, and routes to the service get 503.",
            "Name a service, such as webapp.shop.svc.cluster.local.",
        )
