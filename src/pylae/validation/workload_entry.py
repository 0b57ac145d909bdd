"""Workloads: WorkloadEntries, and the endpoints of ServiceEntries, which are written alike."""

from pylae.api.workload_entry import WorkloadEntry, WorkloadEntrySpec
from pylae.rules.hosts import is_dns_label, is_domain, is_ip_address
from pylae.validation.report import SPEC, Path, Report
from pylae.validation.scalars import check_labels, check_port

UNIX = "unix://"


def check_workload_entry(entry: WorkloadEntry, report: Report) -> None:
    """All rules for a WorkloadEntry."""
    check_workload(entry.spec, SPEC, report)
    address = entry.spec.address
    if not address and not entry.spec.network:
        report.error(SPEC / "address", "address is required.", "Write an IP address or a DNS name.")
    elif address and not address.startswith(UNIX) and not is_ip_address(address) and not is_domain(address):
        report.error(SPEC / "address", f"{address!r} must be a valid IP address or DNS name.")


def check_workload(workload: WorkloadEntrySpec, path: Path, report: Report) -> None:
    """What every endpoint must keep; which addresses are allowed besides Unix sockets depends on who asks."""
    if workload.address.startswith(UNIX):
        _check_unix_address(workload, path, report)
    for name, number in workload.ports.items():
        if not is_dns_label(name):
            report.error((path / "ports").key(name), f"port name {name!r} is invalid: it must be a DNS label.")
        check_port(report, (path / "ports").key(name), number)
    check_labels(report, path / "labels", workload.labels)


def _check_unix_address(workload: WorkloadEntrySpec, path: Path, report: Report) -> None:
    file = workload.address.removeprefix(UNIX)
    if not file.startswith(("/", "@")) or file.endswith("/") or len(file) < 2:
        report.error(path / "address", f"unix address {file!r} must be an absolute path, or @name for an abstract one.")
    if workload.ports:
        report.error(path / "ports", "unix socket endpoints cannot have ports.", "Remove them.")
    report.check_reach(path / "address", workload.address, "Let the service listen on an IP address.")
