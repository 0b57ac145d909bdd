"""How TLS ends at the gateway: Envoy's downstream TLS context (Istio's modes SIMPLE, MUTUAL and OPTIONAL_MUTUAL).

Certificates are named, never contained: they come by secret discovery, so that a rotation touches no listener.
"""

from typing import Any, assert_never

from envoy.extensions.transport_sockets.tls.v3 import common_pb2, tls_pb2
from envoy.type.matcher.v3 import string_pb2
from google.protobuf.wrappers_pb2 import BoolValue

from pylae.model.ir.listener import AskedBySni, DownstreamTls, SecretRef
from pylae.xds.certificate_selector import certificate_selector
from pylae.xds.wellknown import secret_by_name

_SanType = common_pb2.SubjectAltNameMatcher.SanType
SAN_TYPES = (_SanType.DNS, _SanType.URI, _SanType.EMAIL, _SanType.IP_ADDRESS)
"""An expected name may be of any type: Istio does not say which, and Envoy read its older field in this way."""


def downstream_tls_context(tls: DownstreamTls) -> Any:
    """`DownstreamTlsContext`: whose certificate, which client certificates, which versions and ciphers."""
    message = tls_pb2.DownstreamTlsContext(require_client_certificate=BoolValue(value=tls.require_client_certificate))
    common = message.common_tls_context
    common.alpn_protocols.extend(tls.alpn)
    if (parameters := _parameters(tls)) is not None:
        common.tls_params.CopyFrom(parameters)
    if tls.client_ca is not None:
        common.combined_validation_context.CopyFrom(_client_validation(tls, tls.client_ca))
    _set_certificates(message, tls.certificates)
    return message


def _set_certificates(message: Any, certificates: tuple[SecretRef, ...] | AskedBySni) -> None:
    common = message.common_tls_context
    match certificates:
        case AskedBySni() as asked:
            common.custom_tls_certificate_selector.CopyFrom(certificate_selector(asked))
            # Envoy refuses the listener otherwise: a session that is resumed would pass the selector by.
            message.disable_stateless_session_resumption = True
            message.disable_stateful_session_resumption = True
        case tuple():
            common.tls_certificate_sds_secret_configs.extend(secret_by_name(secret.name) for secret in certificates)
        case _:
            assert_never(certificates)


def _client_validation(tls: DownstreamTls, authority: SecretRef) -> Any:
    expected = common_pb2.CertificateValidationContext(
        match_typed_subject_alt_names=[
            _name(san_type, name) for name in tls.subject_alt_names for san_type in SAN_TYPES
        ],
        verify_certificate_spki=tls.certificate_spki,
        verify_certificate_hash=tls.certificate_hashes,
    )
    if tls.accept_untrusted:
        expected.trust_chain_verification = common_pb2.CertificateValidationContext.ACCEPT_UNTRUSTED
    return tls_pb2.CommonTlsContext.CombinedCertificateValidationContext(
        default_validation_context=expected,
        validation_context_sds_secret_config=secret_by_name(authority.name),
    )


def _name(san_type: int, name: str) -> Any:
    return common_pb2.SubjectAltNameMatcher(san_type=san_type, matcher=string_pb2.StringMatcher(exact=name))


def _parameters(tls: DownstreamTls) -> Any | None:
    """Only if the user chose something: Envoy's own defaults are the better ones."""
    if not (tls.minimum_version or tls.maximum_version or tls.cipher_suites or tls.ecdh_curves):
        return None
    return common_pb2.TlsParameters(
        tls_minimum_protocol_version=_version(tls.minimum_version),
        tls_maximum_protocol_version=_version(tls.maximum_version),
        cipher_suites=tls.cipher_suites,
        ecdh_curves=tls.ecdh_curves,
    )


def _version(name: str) -> int:
    """Istio and Envoy have the same names but for the underscores: `TLSV1_2` is `TLSv1_2`."""
    chosen: int = common_pb2.TlsParameters.TlsProtocol.Value(name.replace("TLSV", "TLSv") or "TLS_AUTO")
    return chosen
