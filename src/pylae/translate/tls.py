"""How a server ends TLS: its settings as Envoy shall get them.

Envoy refuses a whole listener for one name that it does not know, and with it all other hosts of the port. Names of
suites and curves that it does not know are dropped, as Istio drops them; validation tells the user.
"""

from pylae.api.gateway import TLS_VERSIONS, ServerTlsSettings
from pylae.model.ir.listener import DownstreamTls, SecretRef
from pylae.rules.cipher_suites import CURVES, is_known_cipher_entry, suites


def downstream_tls(
    settings: ServerTlsSettings, certificates: tuple[SecretRef, ...], client_ca: SecretRef | None
) -> DownstreamTls:
    """The TLS of a server that ends it. Conditions on client certificates count only where one is verified."""
    verified = settings if client_ca else ServerTlsSettings()
    return DownstreamTls(
        certificates=certificates,
        client_ca=client_ca,
        require_client_certificate=settings.mode == "MUTUAL",
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
