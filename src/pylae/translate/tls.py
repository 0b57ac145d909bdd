"""How a server ends TLS: its settings as Envoy shall get them.

Envoy refuses a whole listener for one setting that it cannot use, and with it all other hosts of the port. What Envoy
would refuse therefore never leaves this room: names that BoringSSL does not know are dropped, as Istio drops them, and
a condition on client certificates that cannot be checked keeps the server from being served, since to drop it would let
everybody in.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass

from pylae.api.gateway import TLS_VERSIONS, ServerTlsSettings
from pylae.model.ir.listener import DownstreamTls, SecretRef
from pylae.rules.cipher_suites import CURVES, is_known_cipher_entry, suites

DEMANDS_CLIENT_CERTIFICATE = frozenset({"MUTUAL"})
VERIFIES_CLIENT_CERTIFICATE = frozenset({"MUTUAL", "OPTIONAL_MUTUAL"})

_HASH = re.compile(r"[0-9A-Fa-f]{64}|(?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class Fault:
    """A setting with which the server must not be served; `field` is its path from the server on."""

    field: str
    message: str
    cure: str


def downstream_tls(
    settings: ServerTlsSettings, certificates: tuple[SecretRef, ...], client_ca: SecretRef | None
) -> DownstreamTls:
    """The TLS of a server that ends it. Conditions on client certificates count only where one is verified (D7)."""
    verified = settings if client_ca else ServerTlsSettings()
    return DownstreamTls(
        certificates=certificates,
        client_ca=client_ca,
        require_client_certificate=settings.mode in DEMANDS_CLIENT_CERTIFICATE,
        accept_untrusted=bool(verified.insecure_skip_verify),
        subject_alt_names=verified.subject_alt_names,
        certificate_spki=verified.verify_certificate_spki,
        certificate_hashes=verified.verify_certificate_hash,
        minimum_version=_version(settings.min_protocol_version),
        maximum_version=_version(settings.max_protocol_version),
        cipher_suites=cipher_suites(settings.cipher_suites),
        ecdh_curves=tuple(dict.fromkeys(curve for curve in settings.ecdh_curves if curve in CURVES)),
    )


def _version(written: str) -> str:
    return written if written in TLS_VERSIONS and written != "TLS_AUTO" else ""


def cipher_suites(written: tuple[str, ...]) -> tuple[str, ...]:
    """The entries that Envoy knows, each once; none at all (Envoy's own choice) if they leave no suite."""
    known = tuple(dict.fromkeys(entry for entry in written if entry and is_known_cipher_entry(entry)))
    return known if _left_by(known) else ()


def _left_by(entries: tuple[str, ...]) -> set[str]:
    """The suites that are enabled in the end: an entry adds some, and with an operator takes away what was added."""
    enabled: set[str] = set()
    banned: set[str] = set()
    for entry in entries:
        match entry[0]:
            case "+":
                continue
            case "-":
                enabled -= suites(entry[1:])
            case "!":
                banned |= suites(entry[1:])
            case _:
                enabled |= suites(entry)
        enabled -= banned
    return enabled


def tls_fault(settings: ServerTlsSettings, client_ca: SecretRef | None) -> Fault | None:
    """Why a server that ends TLS with these settings must not be served; None if it may."""
    if settings.mode not in VERIFIES_CLIENT_CERTIFICATE:
        return None
    if client_ca is None:
        message = f"Mode {settings.mode} names no authority that client certificates must come from."
        return Fault("tls", message, "Set `credentialName` to a Secret that has `ca.crt`.")
    return _first_bad("verifyCertificateSpki", settings.verify_certificate_spki, _is_sha256) or _first_bad(
        "verifyCertificateHash", settings.verify_certificate_hash, lambda text: _HASH.fullmatch(text) is not None
    )


def _first_bad(field: str, values: tuple[str, ...], is_good: Callable[[str], bool]) -> Fault | None:
    bad = next((value for value in values if not is_good(value)), None)
    if bad is None:
        return None
    form = "base64 of a SHA-256" if field == "verifyCertificateSpki" else "a SHA-256 in hexadecimal"
    return Fault(f"tls.{field}", f"{bad!r} is not {form}; client certificates could not be checked.", "Correct it.")


def _is_sha256(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except (binascii.Error, ValueError):
        return False
