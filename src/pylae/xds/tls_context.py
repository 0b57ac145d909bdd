"""How TLS ends at the gateway: Envoy's downstream TLS context (Istio's modes SIMPLE, MUTUAL and OPTIONAL_MUTUAL).

Certificates are named, never contained: they come by secret discovery, so that a rotation touches no listener.
"""

from typing import Any

from envoy.extensions.transport_sockets.tls.v3 import common_pb2, tls_pb2
from envoy.type.matcher.v3 import string_pb2
from google.protobuf.wrappers_pb2 import BoolValue

from pylae.model.ir.listener import DownstreamTls, SecretRef
from pylae.xds.wellknown import secret_by_name

_SanType = common_pb2.SubjectAltNameMatcher.SanType
SAN_TYPES = (_SanType.DNS, _SanType.URI, _SanType.EMAIL, _SanType.IP_ADDRESS)
"""An expected name may be of any type: Istio does not say which, and Envoy read its older field in this way."""


def downstream_tls_context(tls: DownstreamTls) -> Any:
    """`DownstreamTlsContext`: whose certificate, which client certificates, which versions and ciphers."""
    common = tls_pb2.CommonTlsContext(
        alpn_protocols=tls.alpn,
        tls_certificate_sds_secret_configs=[secret_by_name(secret.name) for secret in tls.certificates],
        tls_params=_parameters(tls),
    )
    if tls.client_ca is not None:
        common.combined_validation_context.CopyFrom(_client_validation(tls, tls.client_ca))
    return tls_pb2.DownstreamTlsContext(
        common_tls_context=common, require_client_certificate=BoolValue(value=tls.require_client_certificate)
    )


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
