"""ServiceEntries: the rules of Istio's webhook (pkg/config/validation, ValidateServiceEntry) that matter at a
gateway.
"""

from pylae.api.service_entry import RESOLUTIONS, ServiceEntry, ServiceEntrySpec
from pylae.api.workload_entry import WorkloadEntrySpec
from pylae.rules.hosts import is_dns_label, is_domain, is_ip_address, is_wildcard_domain
from pylae.rules.protocols import HTTP_FAMILY, TLS_FAMILY, parse
from pylae.validation.references import check_export_to
from pylae.validation.report import SPEC, Path, Report
from pylae.validation.scalars import check_labels, check_port, check_subnet
from pylae.validation.workload_entry import UNIX, check_workload

ENDPOINTS = SPEC / "endpoints"
DNS = frozenset({"DNS", "DNS_ROUND_ROBIN"})


def check_service_entry(entry: ServiceEntry, report: Report) -> None:
    """All rules for a ServiceEntry."""
    spec = entry.spec
    _check_hosts(spec, report)
    _check_addresses(spec, report)
    _check_ports(spec, report)
    _check_several_hosts(spec, report)
    _check_resolution(spec, report)
    for index, endpoint in enumerate(spec.endpoints):
        _check_endpoint(endpoint, ENDPOINTS / index, spec, report)
    _check_selector(spec, report)
    check_export_to(report, SPEC / "exportTo", spec.export_to, may_hide=True)


def _check_hosts(spec: ServiceEntrySpec, report: Report) -> None:
    if not spec.hosts:
        report.error(SPEC / "hosts", "service entry must have at least one host.", "Add the name that routes use.")
    for index, host in enumerate(spec.hosts):
        path = SPEC / "hosts" / index
        if host == "*":
            report.error(path, "invalid host *: a service entry needs a name.", "Name the hosts, or use *.suffix.")
        elif not is_wildcard_domain(host):
            report.error(path, f"domain name {host!r} invalid.", "Write a DNS name or *.suffix.")
        elif host.startswith("*") and not host.startswith("*."):
            report.warning(path, f"partial wildcard {host!r} may not match what is meant.", "A wildcard is *.suffix.")


def _check_addresses(spec: ServiceEntrySpec, report: Report) -> None:
    for index, address in enumerate(spec.addresses):
        check_subnet(report, SPEC / "addresses" / index, address)
        if "/" in address and spec.resolution not in ("NONE", "STATIC"):
            report.error(
                SPEC / "addresses" / index, f"CIDR addresses are allowed only for NONE/STATIC, not {spec.resolution}."
            )


def _check_ports(spec: ServiceEntrySpec, report: Report) -> None:
    names: set[str] = set()
    numbers: set[int] = set()
    for index, port in enumerate(spec.ports):
        path = SPEC / "ports" / index
        check_port(report, path / "number", port.number)
        if port.target_port:
            check_port(report, path / "targetPort", port.target_port)
        if port.protocol and parse(port.protocol) is None:
            report.error(
                path / "protocol", f"unsupported protocol {port.protocol!r}.", "Use one like HTTP, TLS or TCP."
            )
        if not is_dns_label(port.name):
            report.error(
                path / "name", f"port name {port.name!r} is invalid: it must be a DNS label.", "Write http, say."
            )
        elif port.name in names:
            report.error(path / "name", f"service entry port name {port.name!r} already defined.")
        if port.number in numbers:
            report.error(path / "number", f"service entry port {port.number} already defined.")
        names.add(port.name)
        numbers.add(port.number)


def _check_several_hosts(spec: ServiceEntrySpec, report: Report) -> None:
    named = HTTP_FAMILY | TLS_FAMILY
    if len(spec.hosts) < 2 or spec.resolution == "NONE":
        return
    for index, port in enumerate(spec.ports):
        if parse(port.protocol) not in named:
            report.error(
                SPEC / "ports" / index / "protocol",
                f"multiple hosts provided with non-HTTP, non-TLS ports: {port.protocol!r} does not tell them apart.",
                "Make a ServiceEntry for each host.",
            )


def _check_resolution(spec: ServiceEntrySpec, report: Report) -> None:
    path = SPEC / "resolution"
    match spec.resolution:
        case "NONE":
            if spec.endpoints:
                report.error(
                    ENDPOINTS, "no endpoints should be provided for resolution type none.", "Set STATIC or DNS."
                )
        case "STATIC":
            _check_static(spec, report)
        case "DNS" | "DNS_ROUND_ROBIN":
            _check_dns(spec, report)
        case "DYNAMIC_DNS":
            report.not_honoured(path, "Resolution DYNAMIC_DNS is not honoured yet: requests get 503.", "Use DNS.")
            _check_dynamic_dns(spec, report)
        case unknown:
            report.error(path, f"{unknown!r} is no resolution.", f"Use one of {', '.join(RESOLUTIONS)}.")


def _check_static(spec: ServiceEntrySpec, report: Report) -> None:
    if not spec.endpoints and spec.workload_selector is None:
        report.warning(ENDPOINTS, "A static service entry without endpoints: requests get 503.", "Add endpoints.")
    if len(spec.ports) != 1 and any(endpoint.address.startswith(UNIX) for endpoint in spec.endpoints):
        report.error(SPEC / "ports", "exactly one service port is required for unix endpoints.")


def _check_dns(spec: ServiceEntrySpec, report: Report) -> None:
    if spec.resolution == "DNS_ROUND_ROBIN" and len(spec.endpoints) > 1:
        report.error(ENDPOINTS, "there must only be 0 or 1 endpoint for resolution mode DNS_ROUND_ROBIN.", "Use DNS.")
    if spec.endpoints:
        return
    for index, host in enumerate(spec.hosts):
        if not is_domain(host):
            report.error(
                SPEC / "hosts" / index,
                f"hosts must be FQDN if no endpoints are provided for resolution mode {spec.resolution}, not {host!r}.",
                "Add endpoints, or name the host in full.",
            )


def _check_dynamic_dns(spec: ServiceEntrySpec, report: Report) -> None:
    if spec.endpoints:
        report.error(ENDPOINTS, "no endpoints should be provided for resolution mode DYNAMIC_DNS.")
    if not all(host.startswith("*") for host in spec.hosts):
        report.error(SPEC / "hosts", "hosts must be wildcards for resolution mode DYNAMIC_DNS.")


def _check_endpoint(endpoint: WorkloadEntrySpec, path: Path, spec: ServiceEntrySpec, report: Report) -> None:
    check_workload(endpoint, path, report)
    address = endpoint.address
    unix = address.startswith(UNIX)
    if spec.resolution == "STATIC" and not unix and not is_ip_address(address):
        report.error(
            path / "address", f"{address!r} is not a valid IP address, which STATIC needs.", "Set resolution DNS."
        )
    if spec.resolution in DNS and (unix or not (is_ip_address(address) or is_domain(address))):
        report.error(path / "address", f"endpoint address {address!r} must be a valid FQDN or an IP address.")
    defined = {port.name for port in spec.ports}
    for name in endpoint.ports:
        if name not in defined:
            report.error((path / "ports").key(name), f"endpoint port {name!r} is not defined by the service entry.")


def _check_selector(spec: ServiceEntrySpec, report: Report) -> None:
    if spec.workload_selector is None:
        return
    if spec.endpoints:
        report.error(SPEC, "only one of WorkloadSelector or Endpoints is allowed in Service Entry.", "Keep endpoints.")
    check_labels(report, SPEC / "workloadSelector" / "labels", spec.workload_selector.labels)
