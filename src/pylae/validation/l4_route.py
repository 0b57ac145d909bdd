"""TLS and TCP routes of a VirtualService: rules RV31 to RV33 of Istio's webhook."""

import re

from pylae.api.virtual_service import L4MatchAttributes, TcpRoute, TlsMatchAttributes, TlsRoute
from pylae.rules.hosts import covers, is_ip_address, is_wildcard_domain
from pylae.validation.destination import check_destinations
from pylae.validation.references import check_gateway_names
from pylae.validation.report import Path, Report
from pylae.validation.scalars import check_labels, check_namespace, check_port, check_subnet

_SERVICE_SNI = re.compile(r"outbound_\.[0-9]{1,5}_\.[^.]*_\.(.+)")


def is_service_sni(name: str) -> bool:
    """Whether a name is of the form in which Istio's gateways name services to each other: `outbound_.80_._.host`."""
    found = _SERVICE_SNI.fullmatch(name)
    return found is not None and is_wildcard_domain(found[1])


def check_tls_route(route: TlsRoute, hosts: tuple[str, ...], path: Path, report: Report) -> None:
    """A TLS route of a VirtualService for these hosts."""
    if not route.match:
        report.error(path / "match", "TLS route must have at least one match condition.", "Add a match with sniHosts.")
    for index, match in enumerate(route.match):
        _check_tls_match(match, hosts, path / "match" / index, report)
    if not route.route:
        report.error(path / "route", "TLS route is required.", "Name the service that connections go to.")
    check_destinations(route.route, path / "route", report)


def check_tcp_route(route: TcpRoute, path: Path, report: Report) -> None:
    """A TCP route."""
    for index, match in enumerate(route.match):
        here = path / "match" / index
        if match.source_subnet:
            check_subnet(report, here / "sourceSubnet", match.source_subnet)
        _check_attributes(match, here, report)
    if not route.route:
        report.error(path / "route", "TCP route is required.", "Name the service that connections go to.")
    check_destinations(route.route, path / "route", report)


def _check_tls_match(match: TlsMatchAttributes, hosts: tuple[str, ...], path: Path, report: Report) -> None:
    if not match.sni_hosts:
        report.error(
            path / "sniHosts", "TLS match must have at least one SNI host.", "Add the names that clients ask for."
        )
    for index, name in enumerate(match.sni_hosts):
        _check_sni_host(name, hosts, path / "sniHosts" / index, report)
    _check_attributes(match, path, report)


def _check_sni_host(name: str, hosts: tuple[str, ...], path: Path, report: Report) -> None:
    if is_ip_address(name):
        report.warning(
            path,
            f"using an IP address ({name!r}) goes against SNI spec and most clients do not support this.",
            "Use a DNS name.",
        )
    elif not is_wildcard_domain(name) and not is_service_sni(name):
        report.error(path, f"domain name {name!r} invalid.", "Write a DNS name, *.suffix or *.")
        return
    if not any(covers(host, name) for host in hosts):
        report.error(
            path,
            f"SNI host {name!r} is not a compatible subset of any of the virtual service hosts: {', '.join(hosts)}.",
            "Add it to `hosts`.",
        )


def _check_attributes(match: TlsMatchAttributes | L4MatchAttributes, path: Path, report: Report) -> None:
    for index, subnet in enumerate(match.destination_subnets):
        check_subnet(report, path / "destinationSubnets" / index, subnet)
    if match.port:
        check_port(report, path / "port", match.port)
    check_labels(report, path / "sourceLabels", match.source_labels)
    check_namespace(report, path / "sourceNamespace", match.source_namespace)
    check_gateway_names(report, path / "gateways", match.gateways)
