"""Faults, mirrors and cross-origin answers of HTTP routes: rules RV13, RV14, RV26 and RV27 of Istio's webhook."""

from datetime import timedelta

from pylae.api.http_match import StringMatch
from pylae.api.http_policy import Abort, CorsPolicy, Delay, HttpFaultInjection
from pylae.api.http_route import HttpRoute
from pylae.validation.destination import check_destination
from pylae.validation.http_action import check_status
from pylae.validation.http_match import TOKEN
from pylae.validation.report import Path, Report
from pylae.validation.scalars import check_alternatives, check_duration, check_percent
from pylae.validation.string_match import check_pattern

GRPC_STATUSES = frozenset(
    {
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    }
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"})


def check_mirrors(route: HttpRoute, path: Path, report: Report) -> None:
    """RV13 and RV14."""
    if route.mirror is not None and route.mirrors:
        report.error(path, "HTTP route cannot contain both mirror and mirrors.", "Keep mirrors.")
    if route.mirror is not None:
        check_destination(route.mirror, path / "mirror", report)
    for index, mirror in enumerate(route.mirrors):
        here = path / "mirrors" / index
        if mirror.destination is None:
            report.error(here / "destination", "mirror destination is required.")
        else:
            check_destination(mirror.destination, here / "destination", report)
        if mirror.percentage is not None:
            _check_share(report, here / "percentage" / "value", mirror.percentage.value)
    if route.mirror_percentage is not None:
        _check_share(report, path / "mirrorPercentage" / "value", route.mirror_percentage.value)
    for name, percent in (("mirrorPercent", route.mirror_percent), ("mirror_percent", route.old_mirror_percent)):
        if percent is not None:
            report.warning(path / name, 'using deprecated setting "mirrorPercent".', "Use mirrorPercentage.")
            _check_share(report, path / name, percent)


def _check_share(report: Report, path: Path, value: float) -> None:
    if not 0 <= value <= 100:
        report.error(path, f"mirror percentage {value:g} must be in the range 0..100.")


def check_fault(fault: HttpFaultInjection | None, path: Path, report: Report) -> None:
    """RV26."""
    if fault is None:
        return
    if fault.delay is None and fault.abort is None:
        report.error(path, "HTTP fault injection must have an abort and/or a delay.")
    if fault.delay is not None:
        _check_delay(fault.delay, path / "delay", report)
    if fault.abort is not None:
        _check_abort(fault.abort, path / "abort", report)


def _check_delay(delay: Delay, path: Path, report: Report) -> None:
    check_alternatives(report, path, fixedDelay=delay.fixed_delay, exponentialDelay=delay.exponential_delay)
    if delay.exponential_delay is not None:
        report.error(path / "exponentialDelay", "exponentialDelay is not supported yet.", "Use fixedDelay.")
    check_duration(report, path / "fixedDelay", delay.fixed_delay)
    if not 0 <= delay.percent <= 100:
        report.error(path / "percent", f"percentage {delay.percent} must be in the range 0..100.")
    check_percent(report, path / "percentage", delay.percentage)


def _check_abort(abort: Abort, path: Path, report: Report) -> None:
    kinds = {"httpStatus": abort.http_status, "grpcStatus": abort.grpc_status, "http2Error": abort.http2_error}
    check_alternatives(report, path, **kinds)
    if not any(kind is not None for kind in kinds.values()):
        report.warning(
            path, "abort configured, but error type not set: it is ignored.", "Set httpStatus or grpcStatus."
        )
    if abort.http_status is not None:
        check_status(report, path / "httpStatus", abort.http_status)
    if abort.grpc_status is not None and abort.grpc_status not in GRPC_STATUSES:
        report.error(
            path / "grpcStatus", f"gRPC status {abort.grpc_status!r} is not known.", "Use one like UNAVAILABLE."
        )
    if abort.http2_error is not None:
        report.error(path / "http2Error", "HTTP/2 abort fault injection is not supported yet.", "Use httpStatus.")
    check_percent(report, path / "percentage", abort.percentage)


def check_cors(policy: CorsPolicy | None, path: Path, report: Report) -> None:
    """RV27."""
    if policy is None:
        return
    for index, origin in enumerate(policy.allow_origins):
        _check_origin(origin, path / "allowOrigins" / index, report)
    for index, method in enumerate(policy.allow_methods):
        if method not in METHODS:
            report.error(path / "allowMethods" / index, f"{method!r} is not a supported HTTP method.")
    for field, names in (("allowHeaders", policy.allow_headers), ("exposeHeaders", policy.expose_headers)):
        for index, name in enumerate(names):
            if not TOKEN.fullmatch(name):
                report.error(path / field / index, f"{name!r} is not a valid header name.")
    check_duration(report, path / "maxAge", policy.max_age, precision=timedelta(seconds=1))


def _check_origin(origin: StringMatch, path: Path, report: Report) -> None:
    if not (origin.exact or origin.prefix or origin.regex):
        report.error(
            path, "an empty pattern is not a valid match type for CORS allow origins.", "Set exact, prefix or regex."
        )
    else:
        check_pattern(report, path, origin)
