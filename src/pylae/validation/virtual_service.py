"""VirtualServices: rules RV1 to RV9 of Istio's webhook (pkg/config/validation), and those of the routes."""

from itertools import combinations

from pylae.api.virtual_service import VirtualService, VirtualServiceSpec
from pylae.rules.hosts import ANY_HOST, is_ip_address, is_wildcard_domain, matches
from pylae.rules.names import MESH
from pylae.validation.http_match import is_jwt_claim
from pylae.validation.http_route import check_http_route
from pylae.validation.l4_route import check_tcp_route, check_tls_route, is_service_sni
from pylae.validation.reachability import check_reachability
from pylae.validation.references import check_export_to, check_gateway_names
from pylae.validation.report import SPEC, Report


def check_virtual_service(service: VirtualService, report: Report) -> None:
    """All rules for a VirtualService. One without hosts is a delegate: its routes stand in for another's."""
    spec = service.spec
    check_gateway_names(report, SPEC / "gateways", spec.gateways)
    if spec.hosts:
        _check_hosts(spec, report)
        _check_binding(spec, report)
    else:
        _check_delegate(spec, report)
    if not (spec.http or spec.tls or spec.tcp):
        report.error(SPEC, "http, tcp or tls must be provided in virtual service.", "Add a route.")
    _check_routes(spec, report)
    check_export_to(report, SPEC / "exportTo", spec.export_to)


def _check_routes(spec: VirtualServiceSpec, report: Report) -> None:
    for index, http_route in enumerate(spec.http):
        check_http_route(http_route, SPEC / "http" / index, report, delegate=not spec.hosts)
    for index, tls_route in enumerate(spec.tls):
        check_tls_route(tls_route, spec.hosts, SPEC / "tls" / index, report)
    for index, tcp_route in enumerate(spec.tcp):
        check_tcp_route(tcp_route, SPEC / "tcp" / index, report)
    for name, rules in (("http", spec.http), ("tls", spec.tls), ("tcp", spec.tcp)):
        if len(rules) > 1 or any(rule.match for rule in rules):
            check_reachability(rules, SPEC / name, report)


def _is_bound_to_mesh(spec: VirtualServiceSpec) -> bool:
    return not spec.gateways or MESH in spec.gateways


def _is_bound_to_gateway(spec: VirtualServiceSpec) -> bool:
    return any(gateway != MESH for gateway in spec.gateways)


def _check_hosts(spec: VirtualServiceSpec, report: Report) -> None:
    """RV2 to RV4."""
    sound = []
    for index, host in enumerate(spec.hosts):
        path = SPEC / "hosts" / index
        is_name = is_wildcard_domain(host) or is_ip_address(host)
        if not (is_name or (_is_bound_to_gateway(spec) and is_service_sni(host))):
            report.error(path, f"domain name {host!r} invalid.", "Write a DNS name, *.suffix or an IP address.")
        elif host == ANY_HOST and _is_bound_to_mesh(spec):
            report.error(
                path,
                "wildcard host * is not allowed for virtual services bound to the mesh gateway.",
                "Name a Gateway in `gateways`, and not mesh.",
            )
        else:
            sound.append((index, host))
    for (_, earlier), (index, later) in combinations(sound, 2):
        if matches(earlier, later):
            message = f"duplicate hosts in virtual service: {earlier!r} and {later!r} have names in common."
            report.error(SPEC / "hosts" / index, message, "Keep the wider one, or make a VirtualService for each.")


def _check_binding(spec: VirtualServiceSpec, report: Report) -> None:
    """RV8, and the commonest slip of all: a VirtualService that no gateway looks at."""
    if _is_bound_to_mesh(spec) and not _is_bound_to_gateway(spec):
        report.warning(
            SPEC / "gateways",
            "The virtual service is bound to the mesh alone: no gateway uses it.",
            "Name the Gateway in `gateways`, as name or namespace/name.",
        )
    if not _is_bound_to_mesh(spec):
        return
    for index, route in enumerate(spec.http):
        for position, match in enumerate(route.match):
            for header in filter(is_jwt_claim, (*match.headers, *match.without_headers)):
                path = SPEC / "http" / index / "match" / position / "headers"
                message = "JWT claim based routing is only supported for virtual services bound to gateways alone."
                report.error(path.key(header), message, "Remove mesh from `gateways`.")


def _check_delegate(spec: VirtualServiceSpec, report: Report) -> None:
    """RV7."""
    for name, value in (("gateways", spec.gateways), ("tls", spec.tls), ("tcp", spec.tcp)):
        if value:
            report.error(
                SPEC / name,
                f"delegate virtual service must have no {name}: without hosts it is one.",
                "Add `hosts`, or remove it.",
            )
