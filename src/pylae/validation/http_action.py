"""What an HTTP route does apart from forwarding: rules RV24, RV25 and RV28 to RV30 of Istio's webhook."""

from http import HTTPStatus

from pylae.api.http_action import HttpDirectResponse, HttpRedirect, HttpRetry, HttpRewrite
from pylae.api.http_route import HttpRoute
from pylae.validation.report import Path, Report
from pylae.validation.scalars import check_alternatives, check_duration, check_port
from pylae.validation.string_match import check_expression

RETRY_POLICIES = frozenset(
    {
        "5xx",
        "gateway-error",
        "reset",
        "reset-before-request",
        "connect-failure",
        "retriable-4xx",
        "refused-stream",
        "retriable-status-codes",
        "retriable-headers",
        "envoy-ratelimited",
        "http3-post-connect-failure",
        "cancelled",
        "deadline-exceeded",
        "internal",
        "resource-exhausted",
        "unavailable",
    }
)
"""Envoy's conditions for HTTP and gRPC (Envoy, "x-envoy-retry-on", "x-envoy-retry-grpc-on")."""

REDIRECT_CODES = (301, 302, 303, 307, 308)
LARGE_BODY, LARGEST_BODY = 100 * 1024, 1024 * 1024

_STATUSES = frozenset(str(status.value) for status in HTTPStatus)


def check_redirect(route: HttpRoute, path: Path, report: Report) -> None:
    """RV29; a redirect's prefix can only take the place of a prefix that was matched."""
    redirect = route.redirect
    if redirect is None:
        return
    here = path / "redirect"
    if redirect == HttpRedirect(redirect_code=redirect.redirect_code):
        report.error(here, "redirect must specify URI, authority, scheme, port or prefixRewrite.")
    if redirect.uri and redirect.prefix_rewrite:
        report.error(here, "redirect cannot contain both uri and prefixRewrite.", "Keep one.")
    if redirect.prefix_rewrite and any(match.uri and match.uri.prefix is None for match in route.match):
        report.error(here / "prefixRewrite", "prefixRewrite needs matches of a uri prefix, or without a uri.")
    if redirect.redirect_code and redirect.redirect_code not in REDIRECT_CODES:
        codes = ", ".join(map(str, REDIRECT_CODES))
        report.error(here / "redirectCode", f"redirect code {redirect.redirect_code} is not one of {codes}.")
    if redirect.scheme and redirect.scheme not in ("http", "https"):
        report.error(here / "scheme", f"invalid redirect scheme {redirect.scheme!r}, must be http or https.")
    if redirect.port is not None:
        check_port(report, here / "port", redirect.port)
    check_alternatives(report, here, port=redirect.port, derivePort=redirect.derive_port)


def check_rewrite(rewrite: HttpRewrite | None, path: Path, report: Report) -> None:
    """RV28."""
    if rewrite is None:
        return
    expression = rewrite.uri_regex_rewrite
    if not rewrite.uri and not rewrite.authority and expression is None:
        report.error(path, "rewrite must specify uri, authority or uriRegexRewrite.")
    if expression is None:
        return
    if rewrite.uri:
        report.error(path, "rewrite may contain one of uri and uriRegexRewrite, not both.", "Keep one.")
    for name, value in (("match", expression.match), ("rewrite", expression.rewrite)):
        if not value:
            report.error(path / "uriRegexRewrite" / name, f"uriRegexRewrite must specify {name}.")
    check_expression(report, path / "uriRegexRewrite" / "match", expression.match)


def check_direct_response(response: HttpDirectResponse | None, path: Path, report: Report) -> None:
    """RV30. Istio lets 600 pass as a status; Envoy refuses it."""
    if response is None:
        return
    check_status(report, path / "status", response.status)
    if response.body is None:
        return
    check_alternatives(report, path / "body", string=response.body.string, bytes=response.body.bytes)
    size = max(len((response.body.string or "").encode()), len(response.body.bytes or b""))
    if size > LARGEST_BODY:
        report.error(path / "body", f"direct response body of {size} bytes is larger than the limit of 1 MiB.")
    elif size > LARGE_BODY:
        report.warning(
            path / "body",
            f"large direct_responses cost memory on every gateway; this one has {size} bytes.",
            "Serve it.",
        )


def check_status(report: Report, path: Path, status: int) -> None:
    """A status that Envoy answers with."""
    if not 200 <= status <= 599:
        report.error(path, f"HTTP status {status} is not in the range 200..599.")


def check_retries(retries: HttpRetry | None, path: Path, report: Report) -> None:
    """RV24 and RV25."""
    if retries is None:
        return
    if retries.attempts < 0:
        report.error(path / "attempts", f"attempts cannot be negative, and {retries.attempts} is.")
    settings = (retries.per_try_timeout, retries.retry_on, retries.retry_remote_localities)
    if retries.attempts == 0 and any(settings):
        report.error(path, "http retry policy configured when attempts are set to 0 (disabled).", "Set attempts.")
    check_duration(report, path / "perTryTimeout", retries.per_try_timeout)
    check_duration(report, path / "backoff", retries.backoff)
    for policy in retries.retry_on.split(",") if retries.retry_on else ():
        if policy not in RETRY_POLICIES and policy not in _STATUSES:
            known = ", ".join(sorted(RETRY_POLICIES))
            report.error(
                path / "retryOn",
                f"{policy!r} is not a valid retryOn policy.",
                f"Use HTTP statuses, or some of {known}.",
            )
