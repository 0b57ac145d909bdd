"""TLS of a Gateway's server: rules RG23 to RG25 of Istio's webhook, and what Envoy would refuse beyond them."""

import base64
import binascii
import re

from pylae.api.gateway import TLS_MODES, ServerTlsSettings
from pylae.rules.cipher_suites import CURVES, is_known_cipher_entry
from pylae.rules.credentials import CLIENT_CERTIFICATE_MODES
from pylae.validation.report import Path, Report
from pylae.validation.server_certificates import check_credential, check_mesh_certificates, check_sources, check_unused

PASSING_MODES = frozenset({"PASSTHROUGH", "AUTO_PASSTHROUGH"})
OLD_VERSIONS = ("TLSV1_0", "TLSV1_1")

_SHA256_HEX = re.compile(r"[0-9A-Fa-f]{64}|(?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}")


def check_server_tls(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    """All rules that look at `tls` alone. Nearly always it names a Secret, and there is nothing else to look at."""
    if tls.credential_name and tls == ServerTlsSettings(mode="SIMPLE", credential_name=tls.credential_name):
        check_credential(tls.credential_name, path / "credentialName", report)
        return
    _check_versions(tls, path, report)
    _check_cipher_suites(tls, path / "cipherSuites", report)
    _check_curves(tls, path / "ecdhCurves", report)
    match tls.mode:
        case "PASSTHROUGH" | "AUTO_PASSTHROUGH":
            check_unused(tls, path, report)
        case "ISTIO_MUTUAL":
            check_mesh_certificates(tls, path, report)
        case "SIMPLE" | "MUTUAL" | "OPTIONAL_MUTUAL":
            _check_client_conditions(tls, path, report)
            check_sources(tls, path, report)
        case _:
            report.error(path / "mode", f"{tls.mode!r} is no TLS mode.", f"Use one of {', '.join(TLS_MODES)}.")
    if tls.mode in ("AUTO_PASSTHROUGH", "ISTIO_MUTUAL"):
        report.not_honoured(path / "mode", f"Mode {tls.mode} is not honoured yet: the server is not served.")


def _check_versions(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    lowest, highest = tls.min_protocol_version, tls.max_protocol_version
    if lowest in OLD_VERSIONS and not tls.cipher_suites:
        report.warning(
            path / "minProtocolVersion",
            f"TLS version below TLSV1_2 needs cipherSuites: without them {lowest} has none in common with any client.",
            "Name suites such as ECDHE-RSA-AES128-SHA, or raise the version.",
        )
    if "TLS_AUTO" not in (lowest, highest) and lowest > highest:
        report.warning(
            path / "minProtocolVersion", f"{lowest} is newer than maxProtocolVersion {highest}: no client can connect."
        )


def _check_cipher_suites(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    unknown = [entry for entry in tls.cipher_suites if not is_known_cipher_entry(entry)]
    if unknown:
        report.warning(path, f"ignoring invalid cipher suites: {', '.join(unknown)}.", "Use OpenSSL's names.")
    twice = dict.fromkeys(entry for entry in tls.cipher_suites if tls.cipher_suites.count(entry) > 1)
    if twice:
        report.warning(path, f"ignoring duplicate cipher suites: {', '.join(twice)}.")


def _check_curves(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    unknown = [curve for curve in tls.ecdh_curves if curve not in CURVES]
    if unknown:
        report.warning(
            path, f"ignoring curves that Envoy does not know: {', '.join(unknown)}.", f"It knows {_listed(CURVES)}."
        )


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _check_client_conditions(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    """What client certificates must be like: Envoy refuses a listener for a digest that is none."""
    if tls.mode not in CLIENT_CERTIFICATE_MODES:
        _check_no_client_conditions(tls, path, report)
        return
    for index, digest in enumerate(tls.verify_certificate_spki):
        if not _is_base64_sha256(digest):
            report.error(path / "verifyCertificateSpki" / index, f"{digest!r} is not the base64 of a SHA-256.")
    for index, digest in enumerate(tls.verify_certificate_hash):
        if not _SHA256_HEX.fullmatch(digest):
            report.error(path / "verifyCertificateHash" / index, f"{digest!r} is not a SHA-256 in hexadecimal.")


def _check_no_client_conditions(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    conditions = {
        "subjectAltNames": tls.subject_alt_names,
        "verifyCertificateSpki": tls.verify_certificate_spki,
        "verifyCertificateHash": tls.verify_certificate_hash,
        "caCertCredentialName": tls.ca_cert_credential_name,
        "caCertificates": tls.ca_certificates,
    }
    for name in (name for name, value in conditions.items() if value):
        report.warning(
            path / name,
            f"{name} has no effect: mode SIMPLE asks for no client certificate.",
            "Set mode MUTUAL or OPTIONAL_MUTUAL.",
        )


def _is_base64_sha256(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except (binascii.Error, ValueError):
        return False
