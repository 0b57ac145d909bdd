"""TLS towards a service: the rules of Istio's webhook for ClientTLSSettings (pkg/config/validation/agent,
ValidateTLS).
"""

from pylae.api.traffic_policy import CLIENT_TLS_MODES, ClientTlsSettings
from pylae.validation.report import Path, Report

INSTEAD_OF_FILES = "Put it into a Secret and name that as credentialName."


def check_client_tls(tls: ClientTlsSettings, path: Path, report: Report) -> None:
    """All rules for `tls` of a traffic policy."""
    match tls.mode:
        case "ISTIO_MUTUAL":
            _check_mesh_certificates(tls, path, report)
        case "SIMPLE" | "MUTUAL":
            _check_sources(tls, path, report)
            _check_skip_verify(tls, path, report)
        case "DISABLE":
            pass
        case unknown:
            report.error(path / "mode", f"{unknown!r} is no TLS mode.", f"Use one of {', '.join(CLIENT_TLS_MODES)}.")
    _check_credential(tls, path / "credentialName", report)
    for name, file in _files(tls).items():
        report.check_reach(path / name, file, INSTEAD_OF_FILES)


def _files(tls: ClientTlsSettings) -> dict[str, str]:
    return {
        "clientCertificate": tls.client_certificate,
        "privateKey": tls.private_key,
        "caCertificates": "" if tls.ca_certificates == "system" else tls.ca_certificates,
        "caCrl": tls.ca_crl,
    }


def _check_mesh_certificates(tls: ClientTlsSettings, path: Path, report: Report) -> None:
    for name, value in {**_files(tls), "credentialName": tls.credential_name}.items():
        if value and name != "caCrl":
            report.error(path / name, f"ISTIO_MUTUAL TLS cannot have associated {name}.", "Remove it.")


def _check_sources(tls: ClientTlsSettings, path: Path, report: Report) -> None:
    if tls.credential_name:
        if any((tls.client_certificate, tls.private_key, tls.ca_certificates, tls.ca_crl)):
            report.error(
                path,
                "cannot specify client certificates or CA certificate or CA CRL if credentialName is set.",
                "Keep credentialName.",
            )
    elif tls.mode == "MUTUAL":
        for name in ("clientCertificate", "privateKey"):
            if not _files(tls)[name]:
                report.error(path / name, f"{name} required for mutual tls.", "Set credentialName.")


def _check_skip_verify(tls: ClientTlsSettings, path: Path, report: Report) -> None:
    if not tls.insecure_skip_verify:
        return
    verified = {
        "caCertificates": tls.ca_certificates,
        "subjectAltNames": tls.subject_alt_names,
        "credentialName": tls.credential_name if tls.mode == "SIMPLE" else "",
    }
    for name in (name for name, value in verified.items() if value):
        report.error(
            path / name,
            f"cannot specify {name} when insecureSkipVerify is set: nothing is verified.",
            "Remove one of both.",
        )


def _check_credential(tls: ClientTlsSettings, path: Path, report: Report) -> None:
    scheme, separator, rest = tls.credential_name.partition("configmap://")
    if separator and not scheme and rest.partition("/")[0] != report.about.namespace:
        report.error(path, f"configmap:// must name the namespace of the destination rule, {report.about.namespace}.")
