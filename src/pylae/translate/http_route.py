"""HTTP routes: a VirtualService's `http` rules in Envoy's order, as they count on one server (Istio, HTTPRoute)."""

from collections.abc import Iterator
from dataclasses import dataclass

from pylae.api.destination import Destination
from pylae.api.http_match import HttpMatchRequest
from pylae.api.http_route import HttpRoute
from pylae.model.codes import INVALID, NOT_HONOURED
from pylae.model.finding import Code, Finding
from pylae.model.ir.route import Exact, Forward, PathMatch, Prefix, Regex, Route, RouteAction
from pylae.model.snapshot import Key
from pylae.translate.destination import judge_destinations
from pylae.translate.http_action import REDIRECT_CODES, route_action, route_headers, shares
from pylae.translate.match import asks_for_claims, route_match
from pylae.translate.soundness import unsound
from pylae.translate.view import Attachment

EVERY_REQUEST = HttpMatchRequest()


@dataclass(frozen=True, slots=True)
class HttpRoutes:
    """The routes of one VirtualService on one server, and what was found while they were made."""

    routes: tuple[Route, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule where it stands: `path` is `spec.http[0]`."""

    written: HttpRoute
    path: str
    attachment: Attachment

    def finding(self, code: Code, field: str, message: str, cure: str) -> Finding:
        return Finding(code, self.attachment.virtual_service.ref, f"{self.path}{field}", message, cure)


def http_routes(attachment: Attachment) -> HttpRoutes:
    """In the order of the rules and their matches. After a route that catches all nothing is reached, and nothing is
    made."""
    routes: list[Route] = []
    findings: list[Finding] = []
    for made in _routes_and_findings(attachment):
        if isinstance(made, Finding):
            findings.append(made)
            continue
        routes.append(made)
        if made.match.catches_all:
            break
    return HttpRoutes(tuple(routes), tuple(findings))


def _routes_and_findings(attachment: Attachment) -> Iterator[Route | Finding]:
    for index, written in enumerate(attachment.virtual_service.spec.http):
        rule = _Rule(written, f"spec.http[{index}]", attachment)
        matches = [(field, match) for field, match in _matches(written) if attachment.reaches(match)]
        if not matches:
            continue
        action = route_action(written, attachment)
        if action is None:
            yield _without_action(rule)
            continue
        if isinstance(action, Forward):
            yield from judge_destinations(_destinations(rule), attachment)
        for field, match in matches:
            yield _route(rule, action, match, field)


def _matches(written: HttpRoute) -> Iterator[tuple[str, HttpMatchRequest]]:
    """Each match and its field in the rule; a rule without any takes every request."""
    if not written.match:
        yield "", EVERY_REQUEST
    for index, match in enumerate(written.match):
        yield f".match[{index}]", match


def _destinations(rule: _Rule) -> Iterator[tuple[str, Destination | None]]:
    for index, share in enumerate(rule.written.route):
        if share in shares(rule.written):
            yield f"{rule.path}.route[{index}].destination", share.destination


def _without_action(rule: _Rule) -> Finding:
    if rule.written.delegate:
        message = "Routes of another VirtualService are not taken over yet; the rule is left out."
        return rule.finding(NOT_HONOURED, ".delegate", message, "Write the other's rules here.")
    if rule.written.redirect:
        message = f"Envoy cannot redirect with status {rule.written.redirect.redirect_code}; the rule is left out."
        cure = f"Use one of {', '.join(map(str, sorted(REDIRECT_CODES)))}."
        return rule.finding(INVALID, ".redirect.redirectCode", message, cure)
    message = "The rule sends requests nowhere; it is left out."
    return rule.finding(
        INVALID, "", message, "Give it a `route` with a weight above 0, a `redirect` or a `directResponse`."
    )


def _route(rule: _Rule, action: RouteAction, match: HttpMatchRequest, field: str) -> Route | Finding:
    """The route of one match; a finding where it cannot be made or could never be taken."""
    if asks_for_claims(match):
        message = "Claims of a JWT are not looked at yet, so the match never holds; it is left out."
        return rule.finding(NOT_HONOURED, f"{field}.headers", message, "Match on ordinary headers.")
    request, response = route_headers(rule.written)
    looked_for = route_match(match)
    route = Route(
        name=f"{rule.written.name}.{match.name}" if match.name else rule.written.name,
        match=looked_for,
        action=action,
        origin=rule.attachment.origin(f"{rule.path}{field}"),
        operation=_operation(action, rule.attachment) + _pattern(looked_for.path),
        config=_config(rule.attachment.key[1]),
        stat_prefix=match.stat_prefix,
        request_headers=request,
        response_headers=response,
    )
    problem = unsound(route)
    message = f"Envoy would refuse the rule, and all other changes with it: {problem}. It is left out."
    return rule.finding(INVALID, field, message, "Correct the value.") if problem else route


def _operation(action: RouteAction, attachment: Attachment) -> str:
    """Istio's name for the route in traces: the only service that it goes to, else the VirtualService."""
    match action:
        case Forward(clusters=(only,)):
            _, port, _, hostname = only.cluster.split("|", 3)
            return f"{hostname}:{port}"
        case _:
            return f"{attachment.virtual_service.metadata.name}:{attachment.server.port.number}"


def _pattern(path: PathMatch) -> str:
    match path:
        case Prefix(value):
            return f"{value}*"
        case Exact(value) | Regex(value):
            return value


def _config(virtual_service: Key) -> str:
    namespace, name = virtual_service
    return f"/apis/networking.istio.io/v1/namespaces/{namespace}/virtual-service/{name}"
