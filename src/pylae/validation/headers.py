"""Changes to headers: rules RV19 and RV20 of Istio's webhook."""

import re

from pylae.api.http_action import HeaderOperations, Headers, HttpRewrite
from pylae.rules.substitution import unknown_substitution
from pylae.validation.report import Path, Report

AUTHORITY = frozenset({"host", ":authority"})

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def check_headers(headers: Headers | None, path: Path, report: Report) -> None:
    """Changes of a route, or of one of its destinations."""
    if headers is None:
        return
    if headers.request is not None:
        _check_operations(headers.request, path / "request", report, authority=True)
    if headers.response is not None:
        _check_operations(headers.response, path / "response", report, authority=False)


def check_authority(rewrite: HttpRewrite | None, headers: Headers | None, path: Path, report: Report) -> None:
    """RV20: the host can be rewritten in one place only."""
    places = ["rewrite.authority"] if rewrite and rewrite.authority else []
    if headers and headers.request:
        for operation, values in (("set", headers.request.set), ("add", headers.request.add)):
            places += [f"headers.request.{operation}" for name in values if name.lower() in AUTHORITY]
    if len(places) > 1:
        report.error(
            path,
            f"authority header cannot be set multiple times, and it is set in {' and '.join(places)}.",
            "Keep one.",
        )


def _check_operations(operations: HeaderOperations, path: Path, report: Report, *, authority: bool) -> None:
    for operation, values in (("set", operations.set), ("add", operations.add)):
        for name, value in values.items():
            _check_name(name, (path / operation).key(name), report, authority=authority)
            _check_value(value, (path / operation).key(name), report)
    for index, name in enumerate(operations.remove):
        _check_name(name, path / "remove" / index, report, authority=False)


def _check_name(name: str, path: Path, report: Report, *, authority: bool) -> None:
    if not name:
        report.error(path, "header name cannot be empty.")
    elif (name.startswith(":") or name.lower() in AUTHORITY) and not (authority and name.lower() in AUTHORITY):
        report.error(path, f"header {name!r} cannot be changed here.", "Rewrite the host with rewrite.authority.")
    elif _CONTROL.search(name) or " " in name:
        report.error(path, f"{name!r} is not a valid header name.", "Use letters, digits and hyphens.")


def _check_value(value: str, path: Path, report: Report) -> None:
    if _CONTROL.search(value):
        report.error(path, "header value contains control characters.", "Write it on one line.")
    if unknown := unknown_substitution(value):
        report.error(
            path,
            f"header value is not a format that Envoy knows, from {unknown!r} on.",
            "Write %% for a percent sign, or one of Envoy's operators, such as %REQ(X-ID)%.",
        )
