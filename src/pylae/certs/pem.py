"""Certificates and keys as the PEM text that Secrets, curl and openssl read (RFC 7468)."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pylae.api.scalars import SecretBytes
from pylae.certs.authority import PrivateKey


def certificate_pem(*chain: x509.Certificate) -> bytes:
    """One PEM block per certificate, in the order given: the leaf first, then each issuer, as TLS sends them."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)


def key_pem(key: PrivateKey) -> SecretBytes:
    """The private key, unencrypted: RSA as PKCS #1 and elliptic curves as SEC 1, the forms that every Envoy reads."""
    return SecretBytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
