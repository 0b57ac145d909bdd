"""What a certificate in PEM says, and whether Envoy will take it with its key.

Every refusal here is one that Envoy (BoringSSL) would answer with a NACK, which would hold up the host until the next
push. A private key is read afresh each time and kept nowhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import NameOID

from pylae.api.scalars import SecretBytes
from pylae.rules.armour import Block, Broken, Problem, reading
from pylae.rules.certificates import armoured, certificate, check_servable, key_type, read_certificates
from pylae.rules.private_key import read_private_key

__all__ = ["Broken", "CertificateFacts", "Pair", "Problem", "all_facts", "check_authorities", "check_pair", "facts"]

CERTIFICATE = "certificate"
PRIVATE_KEY = "private key"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says.

    `names` are its subjectAltNames: DNS names in lower case, IP addresses, URIs and mail addresses. Times are UTC and
    aware; `subject` and `issuer` are written as RFC 4514; `key_type` is such as `RSA 2048` or `EC P-256`.
    """

    subject: str
    issuer: str
    serial: int
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]
    common_name: str
    key_type: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A chain and its key as Envoy shall get them: armoured anew, without comments and without strangers."""

    chain: bytes
    key: SecretBytes


def facts(chain: bytes) -> CertificateFacts:
    """What the first certificate of a PEM chain says. Raises `Broken`."""
    return _facts(bytes(read_certificates(chain)[0].der))


def all_facts(bundle: bytes) -> tuple[CertificateFacts, ...]:
    """What each certificate of a PEM bundle says, in order. Raises `Broken`."""
    return tuple(_facts(bytes(block.der)) for block in read_certificates(bundle))


def check_pair(chain: bytes, key: bytes) -> Problem | None:
    """Why Envoy would refuse this certificate chain with this private key, or None."""
    return _problem(lambda: read_pair(chain, key))


def check_authorities(bundle: bytes) -> Problem | None:
    """Why Envoy would refuse this bundle of certificate authorities, or None."""
    return _problem(lambda: read_authorities(bundle))


def read_pair(chain: bytes, key: bytes) -> Pair:
    """A chain and the key of its first certificate.

    Raises `Broken` where Envoy would refuse them; its place is CERTIFICATE, PRIVATE_KEY, or "" if both do not belong
    together.
    """
    with reading(CERTIFICATE):
        certificates = read_certificates(chain)
        leaf = certificate(bytes(certificates[0].der))
        check_servable(leaf)
    with reading(PRIVATE_KEY):
        block, public = read_private_key(key)
    if public != leaf.public_key():
        raise _mismatch(certificates, public)
    return Pair(armoured(certificates), block.armoured())


def read_authorities(bundle: bytes) -> bytes:
    """The certificates of a bundle and nothing else, in PEM. Raises `Broken` where Envoy would refuse them."""
    return armoured(read_certificates(bundle))


@lru_cache(maxsize=1024)
def _facts(der: bytes) -> CertificateFacts:
    parsed = certificate(der)
    common_names = parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return CertificateFacts(
        subject=parsed.subject.rfc4514_string(),
        issuer=parsed.issuer.rfc4514_string(),
        serial=parsed.serial_number,
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        names=_alternative_names(parsed),
        common_name=str(common_names[0].value) if common_names else "",
        key_type=key_type(parsed.public_key()),
    )


_SPELLED = (x509.DNSName, x509.IPAddress, x509.UniformResourceIdentifier, x509.RFC822Name)


def _alternative_names(parsed: x509.Certificate) -> tuple[str, ...]:
    try:
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(_spelled(name) for name in names if isinstance(name, _SPELLED))


def _spelled(name: x509.GeneralName) -> str:
    return name.value.lower() if isinstance(name, x509.DNSName) else str(name.value)


def _problem(read: Callable[[], object]) -> Problem | None:
    try:
        read()
    except Broken as broken:
        problem = broken.problem
        return Problem(f"{broken.place}: {problem.message}", problem.cure) if broken.place else problem
    return None


def _mismatch(certificates: tuple[Block, ...], public: PublicKeyTypes) -> Broken:
    for position, block in enumerate(certificates[1:], start=2):
        if certificate(bytes(block.der)).public_key() == public:
            return Broken(
                f"The private key belongs to certificate {position} of the chain, not to the first.",
                "Put the server's own certificate first, then the one that signed it.",
            )
    return Broken(
        "The private key does not belong to the certificate.", "Store the key that the certificate was issued for."
    )
