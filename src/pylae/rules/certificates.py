"""Certificates in PEM, parsed to the last field: whatever Envoy would stumble over must show here.

Parsing is remembered, by the bytes of the certificate alone.
"""

from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PublicKeyTypes
from cryptography.x509.oid import ExtensionOID

from pylae.rules.armour import Block, Broken, blocks
from pylae.rules.private_key import KEY_LABELS

CERTIFICATE_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})

CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
"""The curves that Envoy serves certificates with (Envoy, "Common TLS configuration")."""

_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


def read_certificates(text: bytes) -> tuple[Block, ...]:
    """The certificate blocks of a PEM text, each of them parsed; at least one. Raises `armour.Broken`."""
    found = blocks(text)
    certificates = tuple(block for block in found if block.label in CERTIFICATE_LABELS)
    if not certificates:
        raise _no_certificate(found)
    for block in certificates:
        _check_readable(block)
    return certificates


@lru_cache(maxsize=1024)
def certificate(der: bytes) -> x509.Certificate:
    """The parsed certificate. `read_certificates` has looked whether it can be."""
    return x509.load_der_x509_certificate(der)


def armoured(certificates: tuple[Block, ...]) -> bytes:
    """The certificates in PEM's strict form, one after the other."""
    return b"".join(block.armoured() for block in certificates)


def key_type(public: PublicKeyTypes) -> str:
    """`RSA 2048`, `EC P-256`, `Ed25519`."""
    match public:
        case rsa.RSAPublicKey():
            return f"RSA {public.key_size}"
        case ec.EllipticCurvePublicKey():
            return f"EC {CURVES.get(public.curve.name, public.curve.name)}"
        case _:
            return type(public).__name__.removesuffix("PublicKey")


def check_servable(leaf: x509.Certificate) -> None:
    """What Envoy and BoringSSL demand of a server's certificate. Raises `armour.Broken`."""
    public = leaf.public_key()
    if not _is_servable(public):
        raise Broken(
            f"Envoy serves no certificate with a key of type {key_type(public)}.",
            "Use RSA of 2048 bits or more, or EC P-256, P-384 or P-521.",
        )
    if isinstance(public, ec.EllipticCurvePublicKey) and not _may_sign(leaf):
        raise Broken(
            "The certificate's keyUsage does not allow digital signatures, which TLS with an EC key needs.",
            "Issue it with keyUsage digitalSignature.",
        )


def _is_servable(public: CertificatePublicKeyTypes) -> bool:
    match public:
        case rsa.RSAPublicKey():
            return 2048 <= public.key_size <= 16384
        case ec.EllipticCurvePublicKey():
            return public.curve.name in CURVES
        case _:
            return isinstance(public, ed25519.Ed25519PublicKey)


def _may_sign(leaf: x509.Certificate) -> bool:
    try:
        usage = leaf.extensions.get_extension_for_oid(ExtensionOID.KEY_USAGE).value
    except x509.ExtensionNotFound:
        return True
    return isinstance(usage, x509.KeyUsage) and usage.digital_signature


def _check_readable(block: Block) -> None:
    try:
        _read_all(bytes(block.der))
    except _UNREADABLE:
        raise Broken(
            f"The certificate of line {block.line} cannot be read: its content is no X.509 certificate.",
            "Issue or copy it once more.",
        ) from None


@lru_cache(maxsize=1024)
def _read_all(der: bytes) -> None:
    """Touches every field: each is parsed only when it is asked for."""
    parsed = certificate(der)
    _ = (parsed.subject, parsed.issuer, parsed.extensions, parsed.public_key(), parsed.serial_number)
    _ = (parsed.not_valid_before_utc, parsed.not_valid_after_utc, parsed.signature_algorithm_oid)


def _no_certificate(found: tuple[Block, ...]) -> Broken:
    if any(block.label in KEY_LABELS for block in found):
        return Broken(
            "It holds a private key where a certificate should be.", "Look whether certificate and key were exchanged."
        )
    others = ", ".join(sorted({block.label for block in found}))
    message = f"It holds no certificate, only {others}." if others else "It holds no certificate in PEM."
    return Broken(message, "A certificate begins with -----BEGIN CERTIFICATE-----.")
