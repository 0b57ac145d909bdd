"""Where a Gateway's server gets its certificates from: rules RG26 to RG33 of Istio's webhook.

Files of the machine are refused unless the allow-list names them; certificates come from Secrets.
"""

from collections.abc import Iterator
from itertools import compress

from pylae.api.gateway import ServerTlsSettings
from pylae.rules.credentials import CLIENT_CERTIFICATE_MODES
from pylae.rules.sds_name import CA_SUFFIX, KUBERNETES, parse
from pylae.validation.report import Path, Report

INSTEAD_OF_FILES = "Put certificate and key into a Secret and name it as credentialName."


def check_unused(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    """RG27."""
    for name, _ in certificate_fields(tls):
        report.warning(
            path / name,
            f"{tls.mode} mode does not use certificates, and {name} has no effect.",
            "Set mode SIMPLE or MUTUAL to terminate TLS here, or remove it.",
        )


def check_mesh_certificates(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    """RG26."""
    for name, _ in certificate_fields(tls):
        if name not in ("caCrl", "caCertCredentialName"):
            report.error(path / name, f"ISTIO_MUTUAL TLS cannot have associated {name}.", "Remove it.")


def check_sources(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    """RG28 to RG33, for a server that terminates TLS."""
    sources = {
        "credential_name": bool(tls.credential_name),
        "credential_names": bool(tls.credential_names),
        "server_certificate and private_key": bool(tls.server_certificate and tls.private_key),
        "tls_certificates": bool(tls.tls_certificates),
    }
    if sum(sources.values()) > 1:
        chosen = " and ".join(compress(sources, sources.values()))
        report.error(
            path,
            f"only one of {', '.join(sources)} can be set, and here are {chosen}.",
            "Keep credentialName, and remove the files.",
        )
    elif tls.credential_name or tls.credential_names:
        _check_files_beside_credential(tls, path, report)
    else:
        _check_files(tls, path, report)
    _check_credentials(tls, path, report)


def _check_files_beside_credential(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    """RG29: Istio looks no further where there is a credential. Files have no effect then."""
    cures = {"serverCertificate": "Remove it.", "privateKey": "Remove it."}
    if tls.mode in CLIENT_CERTIFICATE_MODES:
        cures |= {"caCertificates": "Put the authorities into the Secret as ca.crt."}
    cures |= {"caCrl": "Put the revocation list into the Secret as ca.crl."}
    for name, _ in certificate_fields(tls):
        if name in cures:
            report.warning(path / name, f"{name} has no effect beside credentialName.", cures[name])


def _check_files(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    """RG30 to RG33, and that the files may be read at all."""
    kind = "MUTUAL" if tls.mode in CLIENT_CERTIFICATE_MODES else "SIMPLE"
    for place, certificate, key in _file_pairs(tls, path):
        if not certificate:
            report.error(place / "serverCertificate", f"{kind} TLS requires a server certificate.", INSTEAD_OF_FILES)
        if not key:
            report.error(place / "privateKey", f"{kind} TLS requires a private key.", INSTEAD_OF_FILES)
        report.check_reach(place / "serverCertificate", certificate, INSTEAD_OF_FILES)
        report.check_reach(place / "privateKey", key, INSTEAD_OF_FILES)
    if len(tls.tls_certificates) > 2:
        report.warning(path / "tlsCertificates", f"{kind} TLS can support up to 2 server certificates, and uses those.")
    _check_authority_files(tls, path, report)


def _check_authority_files(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    if tls.mode in CLIENT_CERTIFICATE_MODES and not tls.ca_certificates:
        report.error(
            path / "caCertificates",
            f"MUTUAL TLS requires a client CA bundle, which mode {tls.mode} verifies with.",
            "Name a Secret with tls.crt, tls.key and ca.crt as credentialName.",
        )
    report.check_reach(path / "caCertificates", tls.ca_certificates, "Put the authorities into the Secret as ca.crt.")
    if tls.ca_crl and tls.mode == "SIMPLE":
        message = "CRL is not supported with SIMPLE TLS: it revokes client certificates."
        report.error(path / "caCrl", message, "Remove it.")
    else:
        report.check_reach(path / "caCrl", tls.ca_crl, "Put the revocation list into the Secret as ca.crl.")


def _file_pairs(tls: ServerTlsSettings, path: Path) -> Iterator[tuple[Path, str, str]]:
    if not tls.tls_certificates:
        yield path, tls.server_certificate, tls.private_key
    for index, entry in enumerate(tls.tls_certificates):
        yield path / "tlsCertificates" / index, entry.server_certificate, entry.private_key


def _check_credentials(tls: ServerTlsSettings, path: Path, report: Report) -> None:
    if tls.credential_name:
        check_credential(tls.credential_name, path / "credentialName", report)
    for index, name in enumerate(tls.credential_names):
        check_credential(name, path / "credentialNames" / index, report)
    authorities = parse(tls.ca_cert_credential_name)
    if authorities.scheme not in ("", KUBERNETES):
        report.not_honoured(
            path / "caCertCredentialName",
            f"{authorities.scheme} is not honoured yet.",
            "Name a Secret that has ca.crt.",
        )


def check_credential(credential: str, path: Path, report: Report) -> None:
    """What a `credentialName` says."""
    name = parse(credential)
    if name.scheme not in ("", KUBERNETES):
        report.not_honoured(path, f"{name.scheme} is not honoured yet: no certificate is served.", "Name a Secret.")
    elif name.is_authorities:
        report.warning(
            path,
            f"A credential whose name ends in {CA_SUFFIX} is read as client authorities: no certificate is served.",
            "Give the Secret with certificate and key another name.",
        )
    elif name.namespace:
        report.warning(
            path,
            f"{credential!r} names a namespace, and a gateway reads Secrets of its own namespace only.",
            "Put the Secret there and write its name alone.",
        )


def certificate_fields(tls: ServerTlsSettings) -> Iterator[tuple[str, object]]:
    """The fields that say where certificates come from, of those that are set."""
    fields = {
        "serverCertificate": tls.server_certificate,
        "privateKey": tls.private_key,
        "caCertificates": tls.ca_certificates,
        "caCrl": tls.ca_crl,
        "credentialName": tls.credential_name,
        "credentialNames": tls.credential_names,
        "caCertCredentialName": tls.ca_cert_credential_name,
        "tlsCertificates": tls.tls_certificates,
    }
    return ((name, value) for name, value in fields.items() if value)
