"""Doubts about a certificate that Envoy serves without complaint, and that clients will refuse."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, assert_never

from pylae.model.codes import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_EXPIRES_SOON,
    CERTIFICATE_NOT_YET_VALID,
    CERTIFICATE_OTHER_NAME,
    CERTIFICATE_WITHOUT_SAN,
)
from pylae.model.finding import Code
from pylae.model.ir.secret import SecretValue, TlsCertificate, TrustedCa
from pylae.rules.hosts import ANY_HOST, covers
from pylae.rules.pem import CertificateFacts, all_facts, facts

SOON, SOON_PART = timedelta(days=14), 4
"""Two weeks before the end, or when a quarter of a short life is left: who renews in time (cert-manager does with a
third left) hears nothing."""


class Doubt(NamedTuple):
    """One doubt: `message` says what, `cure` what to do."""

    code: Code
    message: str
    cure: str


def warnings(value: SecretValue, hosts: tuple[str, ...], now: datetime) -> tuple[Doubt, ...]:
    """What clients will mind about a certificate served for these hosts (DNS names, `*.suffix` or `*`), at this time.

    `now` is aware. Of client authorities only the times are looked at.
    """
    match value:
        case TlsCertificate():
            leaf = facts(value.chain)
            return (*_times(leaf, "certificate", now), *_names(leaf, hosts))
        case TrustedCa():
            found = all_facts(value.authorities)
            return tuple(doubt for ca in found for doubt in _times(ca, "client authority", now))
        case _:
            assert_never(value)


def unchanged_until(value: SecretValue, now: datetime) -> datetime:
    """Until when `warnings` of this value stay what they are now, whatever the hosts; for ever is `datetime.max`, and
    all are aware."""
    found = (facts(value.chain),) if isinstance(value, TlsCertificate) else all_facts(value.authorities)
    moments = [moment for certificate in found for moment in _turning_points(certificate, now)]
    return min((moment for moment in moments if moment >= now), default=datetime.max.replace(tzinfo=UTC))


def _turning_points(certificate: CertificateFacts, now: datetime) -> Iterator[datetime]:
    """The moments at which time makes a difference; in the last days each day is counted."""
    end = certificate.not_after
    soon = _soon(certificate)
    yield from (certificate.not_before, end - soon, end)
    if now <= end < now + soon:
        yield end - timedelta(days=(end - now).days)


def serves(names: tuple[str, ...], host: str) -> bool:
    """Whether clients that ask for `host` accept a certificate of these names (RFC 6125: `*` stands for one label).

    A wildcard host is served if some name below it is: which ones clients ask for cannot be known.
    """
    if host == ANY_HOST:
        return True
    if host.startswith("*"):
        return any(covers(host, name) for name in names)
    return host in names or f"*.{host.partition('.')[2]}" in names


def _times(certificate: CertificateFacts, what: str, now: datetime) -> Iterator[Doubt]:
    subject = f"The {what} {certificate.subject or f'with serial {certificate.serial:x}'}"
    begin, end = f"{certificate.not_before:%Y-%m-%d %H:%M} UTC", f"{certificate.not_after:%Y-%m-%d %H:%M} UTC"
    if now > certificate.not_after:
        yield Doubt(CERTIFICATE_EXPIRED, f"{subject} expired on {end}.", "Replace it by a new one.")
    elif now < certificate.not_before:
        yield Doubt(
            CERTIFICATE_NOT_YET_VALID, f"{subject} is valid from {begin} on.", "Look at the clocks, or wait until then."
        )
    elif (left := certificate.not_after - now) < _soon(certificate):
        when = f"in {left.days} days" if left.days else "in less than a day"
        yield Doubt(CERTIFICATE_EXPIRES_SOON, f"{subject} expires on {end}, {when}.", "Replace it before that day.")


def _soon(certificate: CertificateFacts) -> timedelta:
    """How long before its end a certificate ends soon."""
    return min(SOON, (certificate.not_after - certificate.not_before) / SOON_PART)


def _names(leaf: CertificateFacts, hosts: tuple[str, ...]) -> Iterator[Doubt]:
    if not leaf.names:
        yield Doubt(
            CERTIFICATE_WITHOUT_SAN,
            f"The certificate {leaf.subject} has no subjectAltName: browsers and Go clients refuse it, whatever its "
            "common name.",
            "Issue it with the host names as subjectAltName.",
        )
        return
    others = [host for host in hosts if not serves(leaf.names, host)]
    if others:
        yield Doubt(
            CERTIFICATE_OTHER_NAME,
            f"The certificate is for {_listed(leaf.names)} and does not cover {_listed(others)}.",
            "Issue one for that host, or give the host a server with a credential of its own.",
        )


def _listed(names: tuple[str, ...] | list[str]) -> str:
    """At most five: a certificate may carry hundreds of names."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
