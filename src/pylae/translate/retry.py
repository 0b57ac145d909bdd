"""Retries: how often and when Envoy tries a failed request again (Istio, HTTPRetry)."""

from http import HTTPStatus

from pylae.api.http_action import HttpRetry
from pylae.api.scalars import parse_duration
from pylae.model.ir.route import Retry

RETRIABLE_STATUS_CODES = "retriable-status-codes"
KNOWN_STATUSES = frozenset(status.value for status in HTTPStatus)


def retry(written: HttpRetry | None) -> Retry | None:
    """Istio's default of two retries where nothing is written; none with `attempts: 0`."""
    if written is None:
        return Retry()
    if written.attempts <= 0:
        return None
    default = Retry()
    on, statuses = _conditions(written.retry_on) if written.retry_on.strip() else (default.on, ())
    return Retry(
        attempts=written.attempts,
        on=on,
        statuses=statuses,
        per_try_timeout=parse_duration(written.per_try_timeout) if written.per_try_timeout else None,
        back_off=parse_duration(written.backoff) if written.backoff else None,
        avoid_previous_hosts=written.retry_ignore_previous_hosts is not False,
        remote_localities=bool(written.retry_remote_localities),
    )


def _conditions(written: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Conditions as written, and the HTTP statuses among them apart: these need `retriable-status-codes`."""
    words = [word.strip() for word in written.split(",") if word.strip()]
    statuses = tuple(int(word) for word in words if _is_status(word))
    on = tuple(word for word in words if not _is_status(word))
    return (*on, RETRIABLE_STATUS_CODES) if statuses and RETRIABLE_STATUS_CODES not in on else on, statuses


def _is_status(word: str) -> bool:
    return word.isdecimal() and int(word) in KNOWN_STATUSES
