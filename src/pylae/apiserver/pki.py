"""The API server's own certificate authority: one for this data directory, trusted by nobody else.

It signs two leaves: the server's, for loopback and the configured names, and the administrator's, which goes into the
kubeconfig. All are ECDSA P-256. A leaf is renewed a month before it ends, the authority (and all with it) before its
leaves would outlive it; what is missing, broken or does not belong together is made anew.
"""

import ipaddress
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from pylae.apiserver.files import private_directory, write_private

AUTHORITY_LIFE: Final = timedelta(days=3650)
LEAF_LIFE: Final = timedelta(days=397)
RENEW_BEFORE: Final = timedelta(days=30)
CLOCK_SKEW: Final = timedelta(hours=1)

ADMIN: Final = "pylae-admin"
ADMIN_GROUP: Final = "system:masters"
LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "::1")

logger = logging.getLogger(__name__)
PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, and the files they lie in."""

    certificate: x509.Certificate
    key: PrivateKey
    certificate_file: Path
    key_file: Path


@dataclass(frozen=True, slots=True)
class Pki:
    """All that the server and its administrator need."""

    authority: Pair
    server: Pair
    admin: Pair


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a certificate is to say: its subject, its names and what it is good for."""

    common_name: str
    organization: str
    usage: ObjectIdentifier
    names: tuple[str, ...] = ()


def ensure_pki(directory: Path, *, names: Sequence[str], now: datetime) -> Pki:
    """Reads the directory's certificates and makes what is missing, ending or wrong. Raises OSError."""
    private_directory(directory)
    authority = _read(directory, "ca")
    if authority is None or _ends(authority, now, LEAF_LIFE):
        authority = _make_authority(directory, now)
    all_names = tuple(dict.fromkeys((*LOOPBACK_NAMES, *names)))
    server = Leaf("pylae-api", "pylae", ExtendedKeyUsageOID.SERVER_AUTH, all_names)
    admin = Leaf(ADMIN, ADMIN_GROUP, ExtendedKeyUsageOID.CLIENT_AUTH)
    return Pki(
        authority,
        _ensure_leaf(directory / "server", server, authority=authority, now=now),
        _ensure_leaf(directory / "admin", admin, authority=authority, now=now),
    )


def key_pem(pair: Pair) -> bytes:
    return pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate_pem(pair: Pair) -> bytes:
    return pair.certificate.public_bytes(serialization.Encoding.PEM)


def _ensure_leaf(stem: Path, leaf: Leaf, *, authority: Pair, now: datetime) -> Pair:
    pair = _read(stem.parent, stem.name)
    if pair and not _ends(pair, now, RENEW_BEFORE) and _is(pair, leaf) and _issued_by(pair, authority):
        return pair
    logger.info("making the certificate %s.crt", stem)
    return _write(stem, _issue(leaf, authority, now))


def _read(directory: Path, name: str) -> Pair | None:
    """The pair as it lies there, or None if it is not whole."""
    certificate_file, key_file = directory / f"{name}.crt", directory / f"{name}.key"
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        logger.warning("%s and its key cannot be read (%s): making new ones", certificate_file, error)
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        logger.warning("%s and its key do not belong together: making new ones", certificate_file)
        return None
    return Pair(certificate, key, certificate_file, key_file)


def _ends(pair: Pair, now: datetime, within: timedelta) -> bool:
    return pair.certificate.not_valid_after_utc - within <= now


def _is(pair: Pair, leaf: Leaf) -> bool:
    return pair.certificate.subject == _subject(leaf) and _names(pair.certificate) == set(leaf.names)


def _issued_by(pair: Pair, authority: Pair) -> bool:
    try:
        pair.certificate.verify_directly_issued_by(authority.certificate)
    except Exception:  # a mismatch of names, of kinds of keys or of the signature: each has its own exception
        return False
    return True


def _names(certificate: x509.Certificate) -> set[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def _subject(leaf: Leaf) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, leaf.organization),
            x509.NameAttribute(NameOID.COMMON_NAME, leaf.common_name),
        ]
    )


def _make_authority(directory: Path, now: datetime) -> Pair:
    logger.info("making a certificate authority for the API in %s", directory)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"pylae-api-ca-{int(now.timestamp())}")])
    certificate = (
        _builder(name, now, AUTHORITY_LIFE)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _write(directory / "ca", (certificate, key))


def _issue(leaf: Leaf, authority: Pair, now: datetime) -> tuple[x509.Certificate, PrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _builder(_subject(leaf), now, LEAF_LIFE)
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([leaf.usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    if leaf.names:
        names = x509.SubjectAlternativeName([_general_name(name) for name in leaf.names])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(authority.key, hashes.SHA256()), key


def _builder(subject: x509.Name, now: datetime, life: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(stem: Path, made: tuple[x509.Certificate, PrivateKey]) -> Pair:
    pair = Pair(*made, stem.with_suffix(".crt"), stem.with_suffix(".key"))
    write_private(pair.key_file, key_pem(pair))
    write_private(pair.certificate_file, certificate_pem(pair))
    return pair
