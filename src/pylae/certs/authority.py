"""Root, intermediate and leaf certificates, each signed by the one above it.

An `Authority` is a certificate with its private key. Serial numbers and the validity are the caller's: an authority
that counted or looked at the clock by itself could not be tested to the byte.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey

_CA_USES = frozenset({"key_cert_sign", "crl_sign", "digital_signature"})
_LEAF_USES = frozenset({"digital_signature", "key_encipherment"})


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when a certificate holds; both ends are aware datetimes, kept to the second as X.509 has them."""

    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be certified: who, by which serial number (positive, unique per issuer), and for how long."""

    subject: x509.Name
    serial: int
    validity: Validity


@dataclass(frozen=True, slots=True, repr=False)
class Authority:
    """A certificate that may sign others, with the key it signs by. Its repr names the subject and never the key."""

    certificate: x509.Certificate
    key: PrivateKey

    def __repr__(self) -> str:
        return f"Authority({self.certificate.subject.rfc4514_string()})"


class Purpose(Enum):
    """What a leaf is for; the values are the extended key usages of RFC 5280, 4.2.1.12."""

    SERVER = ExtendedKeyUsageOID.SERVER_AUTH
    CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH


def root(request: Request, key: PrivateKey) -> Authority:
    """A self-signed authority: where the trust begins."""
    builder = _authority_builder(request, key, issuer=request.subject, path_length=None)
    signed = _sign(_identified(builder, key, issuer_key=key), key)
    return Authority(signed, key)


def intermediate(request: Request, key: PrivateKey, issuer: Authority) -> Authority:
    """An authority below `issuer` that signs leaves only (path length 0): the root's key may stay in its safe."""
    builder = _authority_builder(request, key, issuer=issuer.certificate.subject, path_length=0)
    signed = _sign(_identified(builder, key, issuer_key=issuer.key), issuer.key)
    return Authority(signed, key)


def leaf(
    request: Request, key: PrivateKey, issuer: Authority, *, purpose: Purpose, names: Iterable[str]
) -> x509.Certificate:
    """A certificate for a server or a client.

    `names` become the subjectAltName, each a DNS name (`*.` in front allowed), an IP address or a URI. Servers need
    them: most clients no longer look at the common name (RFC 9525).
    """
    builder = _builder(request, key, issuer=issuer.certificate.subject)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(_LEAF_USES), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose.value]), critical=False)
    if alternatives := [_alternative(name) for name in names]:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return _sign(_identified(builder, key, issuer_key=issuer.key), issuer.key)


def _builder(request: Request, key: PrivateKey, *, issuer: x509.Name) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=request.subject,
        public_key=key.public_key(),
        serial_number=request.serial,
        not_valid_before=request.validity.not_before.replace(microsecond=0),
        not_valid_after=request.validity.not_after.replace(microsecond=0),
    )


def _authority_builder(
    request: Request, key: PrivateKey, *, issuer: x509.Name, path_length: int | None
) -> x509.CertificateBuilder:
    builder = _builder(request, key, issuer=issuer)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return builder.add_extension(_key_usage(_CA_USES), critical=True)


def _identified(
    builder: x509.CertificateBuilder, key: PrivateKey, *, issuer_key: PrivateKey
) -> x509.CertificateBuilder:
    """With the two key identifiers by which a chain is put together when several authorities share a name."""
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return builder.add_extension(own, critical=False).add_extension(above, critical=False)


def _sign(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    return builder.sign(key, SHA256())


def _alternative(name: str) -> x509.GeneralName:
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(uses: frozenset[str]) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{use: use in uses for use in every})
