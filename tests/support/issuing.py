"""Certificates, keys and revocation lists as tests need them, odd ones among them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 1, 15, tzinfo=UTC)
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_USAGES = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
    "encipher_only decipher_only"
)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, both PEM."""

    certificate: x509.Certificate
    private: PrivateKey

    @property
    def chain(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key(self) -> bytes:
        return spelled(self.private)


@cache
def ec_key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    """The same key for the same number."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def spelled(key: PrivateKey, passphrase: bytes = b"", *, traditional: bool = False) -> bytes:
    """The key in PEM, encrypted if there is a passphrase."""
    form = serialization.PrivateFormat.TraditionalOpenSSL if traditional else serialization.PrivateFormat.PKCS8
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, encryption)


def issue(
    *names: str,
    key: PrivateKey | None = None,
    days: tuple[int, int] = (-1, 90),
    extensions: Iterable[x509.ExtensionType] = (),
    common_name: str = "shop.example",
) -> Issued:
    """A self-signed certificate for these DNS names, valid for these days around NOW."""
    key = key or ec_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    for extension in extensions:
        builder = builder.add_extension(extension, False)
    return Issued(builder.sign(key, hashes.SHA256()), key)


def usage(*allowed: str) -> x509.KeyUsage:
    """The extension that allows these usages and no others."""
    return x509.KeyUsage(**{name: name in allowed for name in _USAGES.split()})


def revocations(issuer: Issued) -> bytes:
    """An empty revocation list, PEM."""
    builder = x509.CertificateRevocationListBuilder(issuer.certificate.subject, NOW, NOW + timedelta(days=7))
    return builder.sign(issuer.private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def staple(issued: Issued) -> bytes:
    """An OCSP answer that says the certificate is good, DER."""
    certificate = issued.certificate
    builder = ocsp.OCSPResponseBuilder().add_response(
        certificate, certificate, hashes.SHA1(), ocsp.OCSPCertStatus.GOOD, NOW, NOW + timedelta(days=7), None, None
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, certificate).sign(issued.private, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)
