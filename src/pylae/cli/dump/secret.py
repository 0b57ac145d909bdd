"""`proxy-config secret`: the certificates that Envoy holds, and those that it still waits for.

Private keys are no part of a dump: Envoy itself writes `[redacted]` in their place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pylae.cli.dump.source import Json, Table, data, part

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

HEAD = ("RESOURCE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE")
NOTHING = "No active or warming secrets found."
STATES = (("static_secrets", "ACTIVE"), ("dynamic_active_secrets", "ACTIVE"), ("dynamic_warming_secrets", "WARMING"))


@dataclass(frozen=True, slots=True)
class Held:
    """A secret as Envoy has it: `type` is `Cert Chain`, `CA` or empty for one that never came."""

    name: str
    type: str
    state: str
    certificate: "Certificate | None"

    def is_valid(self, now: datetime) -> bool:
        """Whether `now` lies in the time of the first certificate."""
        if self.certificate is None:
            return False
        return self.certificate.not_valid_before_utc <= now <= self.certificate.not_valid_after_utc


def table(dump: Json, now: datetime) -> Table:
    """What is active, by name, then what is waited for. Serial numbers are decimal."""
    return Table(HEAD, tuple(_row(secret, now) for secret in held(dump)))


def chosen(dump: Json) -> Json:
    """Envoy's part about secrets, each with the facts of its first certificate; the serial number in both spellings."""
    told = part(dump, "Secrets")
    return {
        key: [_with_facts(entry) for entry in value] if isinstance(value, list) else value
        for key, value in told.items()
    }


def held(dump: Json) -> tuple[Held, ...]:
    """Every secret that Envoy was told or asked for."""
    told = part(dump, "Secrets")
    found = [_held(entry, state) for key, state in STATES for entry in told.get(key, ())]
    return tuple(sorted(found, key=lambda secret: (secret.state, secret.name.casefold())))


def _held(entry: Json, state: str) -> Held:
    secret = entry.get("secret", {})
    for kind, message, source in (
        ("Cert Chain", "tls_certificate", "certificate_chain"),
        ("CA", "validation_context", "trusted_ca"),
    ):
        if message in secret:
            return Held(entry["name"], kind, state, _first(data(secret[message].get(source, {}))))
    return Held(entry["name"], "", state, None)


def _first(pem: str) -> "Certificate | None":
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(pem.encode())
    except ValueError:
        return None


def _row(secret: Held, now: datetime) -> tuple[str, ...]:
    valid = "true" if secret.is_valid(now) else "false"
    start = (secret.name, secret.type, secret.state, valid)
    if (certificate := secret.certificate) is None:
        return (*start, "", "", "")
    times = (certificate.not_valid_after_utc, certificate.not_valid_before_utc)
    return (*start, str(certificate.serial_number), *map(_time, times))


def _with_facts(entry: Json) -> Json:
    certificate = _held(entry, "").certificate
    return {**entry, "certificate": dict(_facts(certificate))} if certificate else entry


def _facts(certificate: "Certificate") -> Iterator[tuple[str, object]]:
    number = certificate.serial_number
    yield "subject", certificate.subject.rfc4514_string()
    yield "serial_number", {"decimal": str(number), "hexadecimal": f"{number:032x}"}
    yield "not_before", _time(certificate.not_valid_before_utc)
    yield "not_after", _time(certificate.not_valid_after_utc)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
