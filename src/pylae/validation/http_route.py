"""HTTP routes of a VirtualService: rules RV10 to RV12 and RV23 of Istio's webhook, and all that belongs to a route."""

from pylae.api.http_route import HttpRoute
from pylae.validation.destination import check_destinations
from pylae.validation.headers import check_authority, check_headers
from pylae.validation.http_action import check_direct_response, check_redirect, check_retries, check_rewrite
from pylae.validation.http_match import check_http_match
from pylae.validation.http_policy import check_cors, check_fault, check_mirrors
from pylae.validation.report import Path, Report
from pylae.validation.scalars import check_duration, check_namespace


def check_http_route(route: HttpRoute, path: Path, report: Report, *, delegate: bool = False) -> None:
    """One route; `delegate` says that the VirtualService is one, whose routes stand in for another's. Most do nothing
    but forward."""
    if route.route and not delegate and route == HttpRoute(route=route.route):
        _check_all_headers(route, path, report)
        check_destinations(route.route, path / "route", report)
        return
    _check_conflicts(route, path, report, delegate=delegate)
    for index, match in enumerate(route.match):
        check_http_match(match, path / "match" / index, report)
    check_redirect(route, path, report)
    check_rewrite(route.rewrite, path / "rewrite", report)
    check_direct_response(route.direct_response, path / "directResponse", report)
    check_retries(route.retries, path / "retries", report)
    check_duration(report, path / "timeout", route.timeout)
    check_mirrors(route, path, report)
    check_fault(route.fault, path / "fault", report)
    check_cors(route.cors_policy, path / "corsPolicy", report)
    _check_all_headers(route, path, report)
    check_destinations(route.route, path / "route", report)


def _check_all_headers(route: HttpRoute, path: Path, report: Report) -> None:
    check_headers(route.headers, path / "headers", report)
    check_authority(route.rewrite, route.headers, path, report)
    for index, destination in enumerate(route.route):
        check_headers(destination.headers, path / "route" / index / "headers", report)
        check_authority(None, destination.headers, path / "route" / index, report)


def _check_conflicts(route: HttpRoute, path: Path, report: Report, *, delegate: bool) -> None:
    if route.delegate is not None and delegate:
        report.error(path / "delegate", "a delegate's HTTP route must not specify a delegate of its own.", "Remove it.")
    elif route.delegate is not None:
        _check_root(route, path, report)
    else:
        _check_action(route, path, report)


def _check_root(route: HttpRoute, path: Path, report: Report) -> None:
    for name, value in (("redirect", route.redirect), ("route", route.route)):
        if value:
            report.error(path / name, f"root HTTP route must not specify {name} beside delegate.", "Keep one of them.")
    assert route.delegate is not None
    check_namespace(report, path / "delegate" / "namespace", route.delegate.namespace)


def _check_action(route: HttpRoute, path: Path, report: Report) -> None:
    """A route does one thing: forward, redirect or answer."""
    others: dict[str, object] = {"route": route.route, "fault": route.fault, "rewrite": route.rewrite}
    if route.redirect is not None:
        action, others = "redirect", {**others, "direct_response": route.direct_response}
    elif route.direct_response is not None:
        action = "direct_response"
    else:
        if not route.route:
            report.error(
                path, "HTTP route, redirect or direct_response is required.", "Say what becomes of the request."
            )
        return
    for name in (name for name, value in others.items() if value):
        report.error(path, f"HTTP route cannot contain both {name} and {action}.", "Keep one of them.")
