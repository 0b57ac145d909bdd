"""Conditions of HTTP routes: rules RV15 to RV18 of Istio's webhook."""

import re

from pylae.api.http_match import HttpMatchRequest, StringMatch
from pylae.validation.references import check_gateway_names
from pylae.validation.report import Path, Report
from pylae.validation.scalars import check_labels, check_namespace, check_port
from pylae.validation.string_match import check_path_pattern, check_pattern

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A header's name (RFC 9110, section 5.6.2)."""

PSEUDO_HEADERS = frozenset({":method", ":scheme", ":authority", ":path", ":status"})
JWT_CLAIM = re.compile(r"@request\.auth\.claims(?:(?:\.[^.\[\]]+)+|(?:\[[^\[\]]+\])+)", re.IGNORECASE)
ANY_VALUE = StringMatch(regex="*")
"""No RE2: in `withoutHeaders` Istio reads it as "any value"."""


def check_http_match(match: HttpMatchRequest, path: Path, report: Report) -> None:
    """One condition; what the VirtualService is bound to is not looked at."""
    check_path_pattern(report, path / "uri", match.uri)
    check_pattern(report, path / "scheme", match.scheme)
    check_pattern(report, path / "method", match.method)
    check_pattern(report, path / "authority", match.authority)
    for name, pattern in match.headers.items():
        _check_header(name, pattern, (path / "headers").key(name), report)
    for name, pattern in match.without_headers.items():
        _check_header(
            name, StringMatch() if pattern == ANY_VALUE else pattern, (path / "withoutHeaders").key(name), report
        )
    for name, pattern in match.query_params.items():
        if not name:
            report.error(path / "queryParams", "the name of a query parameter should not be empty.")
        check_pattern(report, (path / "queryParams").key(name), pattern)
    _check_source(match, path, report)


def is_jwt_claim(header: str) -> bool:
    """Whether a "header" stands for a claim of the request's token: `@request.auth.claims.group`."""
    return JWT_CLAIM.fullmatch(header) is not None


def _check_header(name: str, pattern: StringMatch, path: Path, report: Report) -> None:
    if is_jwt_claim(name):
        report.not_honoured(path, "Routing by the claims of a token is not honoured yet.", "Route by a header.")
    elif not TOKEN.fullmatch(name) and name not in PSEUDO_HEADERS:
        report.error(path, f"{name!r} is not a valid header name.", "Use letters, digits and hyphens.")
    check_pattern(report, path, pattern)


def _check_source(match: HttpMatchRequest, path: Path, report: Report) -> None:
    if match.port:
        check_port(report, path / "port", match.port)
    check_labels(report, path / "sourceLabels", match.source_labels)
    check_namespace(report, path / "sourceNamespace", match.source_namespace)
    check_gateway_names(report, path / "gateways", match.gateways)
