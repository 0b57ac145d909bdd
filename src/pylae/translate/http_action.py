"""What an HTTP route does with a request that matches: forward it, send the client elsewhere, or answer (Istio,
HTTPRoute)."""

from datetime import timedelta

from pylae.api.destination import Destination
from pylae.api.http_action import HttpDirectResponse, HttpRedirect, HttpRewrite
from pylae.api.http_route import HttpRoute, HttpRouteDestination
from pylae.api.scalars import parse_duration
from pylae.model.edge import OFF, Edge
from pylae.model.ir.route import (
    NO_CHANGES,
    DirectResponse,
    Forward,
    HeaderChanges,
    Redirect,
    RegexRewrite,
    RouteAction,
    WeightedCluster,
)
from pylae.translate.destination import target
from pylae.translate.headers import authority, followed_by, header_changes
from pylae.translate.retry import retry
from pylae.translate.view import Attachment

REDIRECT_CODES = frozenset({301, 302, 303, 307, 308})
DEFAULT_PORTS = {"http": 80, "https": 443}


def route_action(rule: HttpRoute, attachment: Attachment) -> RouteAction | None:
    """What the rule asks for; None if it asks for nothing, or for what Envoy cannot do."""
    if rule.redirect:
        return _redirect(rule.redirect, attachment)
    if rule.direct_response:
        return _direct_response(rule.direct_response)
    return _forward(rule, attachment)


def route_headers(rule: HttpRoute) -> tuple[HeaderChanges, HeaderChanges]:
    """Changes to request and response for the whole route: the rule's, and after them those of an only destination."""
    request, response = _header_changes(rule)
    match shares(rule):
        case (only,) if not rule.redirect and not rule.direct_response:
            then_request, then_response = _header_changes(only)
            return followed_by(request, then_request), followed_by(response, then_response)
        case _:
            return request, response


def shares(rule: HttpRoute) -> tuple[HttpRouteDestination, ...]:
    """The destinations that get requests: of several, those with a weight."""
    return rule.route if len(rule.route) == 1 else tuple(share for share in rule.route if share.weight > 0)


def _header_changes(written: HttpRoute | HttpRouteDestination) -> tuple[HeaderChanges, HeaderChanges]:
    if written.headers is None:
        return NO_CHANGES, NO_CHANGES
    return header_changes(written.headers.request), header_changes(written.headers.response)


def _forward(rule: HttpRoute, attachment: Attachment) -> Forward | None:
    destinations = shares(rule)
    if not destinations:
        return None
    rewrite = rule.rewrite or HttpRewrite()
    host = rewrite.authority or authority(rule.headers)
    alone = len(destinations) == 1
    timeout = parse_duration(rule.timeout) if rule.timeout else timedelta(0)
    return Forward(
        clusters=tuple(_weighted_cluster(share, attachment, alone=alone, host=host) for share in destinations),
        timeout=timeout,
        retry=retry(rule.retries),
        prefix_rewrite="" if rewrite.uri_regex_rewrite else rewrite.uri,
        regex_rewrite=_regex_rewrite(rewrite),
        host_rewrite=host or (authority(destinations[0].headers) if alone else ""),
        idle_timeout=_idle_timeout(timeout, attachment.view.mesh.edge),
    )


def _idle_timeout(timeout: timedelta, edge: Edge) -> timedelta | None:
    """A response may be as late as the route allows: the edge's limit to idleness does not cut it short."""
    return timeout if OFF < edge.stream_idle_timeout < timeout else None


def _weighted_cluster(
    share: HttpRouteDestination, attachment: Attachment, *, alone: bool, host: str
) -> WeightedCluster:
    """An only destination leaves its headers and its host to the route; `host` is what the route has already."""
    cluster = target(share.destination or Destination(), attachment).cluster
    if alone:
        return WeightedCluster(cluster)
    request, response = _header_changes(share)
    return WeightedCluster(cluster, share.weight, request, response, "" if host else authority(share.headers))


def _regex_rewrite(rewrite: HttpRewrite) -> RegexRewrite | None:
    written = rewrite.uri_regex_rewrite
    return RegexRewrite(written.match, written.rewrite) if written else None


def _redirect(written: HttpRedirect, attachment: Attachment) -> Redirect | None:
    code = written.redirect_code or 301
    if code not in REDIRECT_CODES:
        return None
    return Redirect(
        host=written.authority,
        path=written.uri,
        prefix_rewrite=written.prefix_rewrite,
        scheme=written.scheme,
        port=_redirect_port(written, attachment),
        code=code,
    )


def _redirect_port(written: HttpRedirect, attachment: Attachment) -> int:
    """The port for the location, 0 to say none: the one that the scheme has anyway is not said."""
    if written.port is not None or written.derive_port != "FROM_REQUEST_PORT":
        return written.port or 0
    scheme = written.scheme or ("http" if attachment.server.is_plain_text else "https")
    port = attachment.server.port.number
    return 0 if DEFAULT_PORTS.get(scheme) == port else port


def _direct_response(written: HttpDirectResponse) -> DirectResponse:
    if written.body is None:
        return DirectResponse(written.status)
    text = written.body.string
    return DirectResponse(written.status, text.encode() if text is not None else written.body.bytes or b"")
