"""Secrets: certificates with their keys, and the authorities that clients' certificates are checked against."""

from typing import Any, assert_never

from envoy.extensions.transport_sockets.tls.v3 import secret_pb2

from pylae.model.ir.secret import SecretValue, TlsCertificate, TrustedCa
from pylae.xds.resource import Resource, Type, serialize


def emit_secret(value: SecretValue) -> Resource:
    """The `Secret` resource; the key is in its body and nowhere else."""
    return serialize(Type.SECRET, value.name, _message(value))


def _message(value: SecretValue) -> Any:
    message = secret_pb2.Secret(name=value.name)
    match value:
        case TlsCertificate():
            message.tls_certificate.certificate_chain.inline_bytes = value.chain
            message.tls_certificate.private_key.inline_bytes = bytes(value.key)
            if value.ocsp_staple:
                message.tls_certificate.ocsp_staple.inline_bytes = value.ocsp_staple
        case TrustedCa():
            message.validation_context.trusted_ca.inline_bytes = value.authorities
            if value.revocations:
                message.validation_context.crl.inline_bytes = value.revocations
        case _:
            assert_never(value)
    return message
