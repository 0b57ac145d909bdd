"""Names of other objects inside an object: Gateways, namespaces that may see it, services."""

from pylae.rules.hosts import is_dns_label, is_domain, is_wildcard_domain
from pylae.rules.names import MESH
from pylae.validation.report import Path, Report

EVERYWHERE, HERE, NOWHERE = "*", ".", "~"


def check_gateway_names(report: Report, path: Path, names: tuple[str, ...]) -> None:
    """RV5, RV6: `name`, `./name` or `namespace/name`; the old `name.namespace` with a warning."""
    for index, name in enumerate(names):
        if name != MESH:
            _check_gateway_name(report, path / index, name)


def _check_gateway_name(report: Report, path: Path, text: str) -> None:
    namespace, slash, name = text.partition("/")
    if not slash:
        _check_bare_gateway_name(report, path, text)
        return
    cure = "Write namespace/name."
    if not namespace or not name:
        report.error(path, f"invalid value for gateway {text!r}: namespace and gateway name cannot be empty.", cure)
        return
    if namespace != HERE and not is_dns_label(namespace):
        report.error(path, f"invalid value for namespace: {namespace!r} is not a DNS label.", cure)
    if not is_dns_label(name):
        report.error(path, f"invalid value for gateway name: {name!r} is not a DNS label.", cure)


def _check_bare_gateway_name(report: Report, path: Path, text: str) -> None:
    if not is_domain(text):
        report.error(
            path, f"invalid value for gateway name: {text!r} is not a DNS name.", "Write name or namespace/name."
        )
    elif "." in text:
        name, namespace = text.split(".")[:2]
        report.warning(path, f"using legacy gatewayName format {text!r}.", f"Write {namespace}/{name}.")


def check_export_to(report: Report, path: Path, export_to: tuple[str, ...], may_hide: bool = False) -> None:
    """RV9: namespaces, `.` for its own, `*` for all; `~` for none is for ServiceEntries (`may_hide`)."""
    seen: set[str] = set()
    for index, entry in enumerate(export_to):
        meant = report.about.namespace if entry == HERE else entry
        if meant in seen:
            report.error(path / index, f"duplicate entries in exportTo: {entry!r} says again what stands before.")
        seen.add(meant)
        if entry not in (EVERYWHERE, HERE, NOWHERE) and not is_dns_label(entry):
            report.error(path / index, f"exportTo {entry!r} is neither `.` nor `*` nor the name of a namespace.")
    if EVERYWHERE in seen and len(export_to) > 1:
        report.error(path, "exportTo cannot have both public (*) and other values.")
    if NOWHERE in seen and (not may_hide or len(export_to) > 1):
        report.error(path, "exportTo `~` (no one) is for a ServiceEntry alone, and stands alone.")


def check_service_host(report: Report, path: Path, host: str) -> None:
    """A host that traffic is sent to: a service's name, short or full, or a wildcard of one; not `*`."""
    if not host:
        report.error(path, "destination host is required.", "Name a service.")
    elif host == "*":
        report.error(path, "invalid destination host *: traffic needs a service to go to.", "Name a service.")
    elif not is_wildcard_domain(host):
        report.error(
            path, f"domain name {host!r} invalid: a service is named like webapp or webapp.shop.svc.cluster.local."
        )


def check_subset_name(report: Report, path: Path, subset: str) -> None:
    """The name of a subset."""
    if not is_dns_label(subset):
        report.error(path, f"subset name {subset!r} is invalid: it must be a DNS label.")
