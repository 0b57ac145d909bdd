"""A certificate authority of a test's own, with files as curl and openssl want them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
PLAIN = serialization.NoEncryption()


@dataclass(frozen=True)
class Leaf:
    """A certificate and its key, PEM, and the number to revoke it by."""

    chain: str
    key: str
    serial: int

    def write(self, path: Path) -> Path:
        """Both in one file."""
        path.write_text(self.chain + self.key)
        return path


@dataclass(frozen=True)
class Authority:
    """Issues leaves for some names, by ECDSA unless RSA is asked for."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def subject(self) -> x509.Name:
        return _name(self.name)

    @property
    def pem(self) -> str:
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        builder = self._builder(self.subject, self.key.public_key()).add_extension(constraints, critical=True)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(PEM).decode()

    def issue(self, *names: str, by_rsa: bool = False) -> Leaf:
        key = rsa.generate_private_key(65537, 2048) if by_rsa else ec.generate_private_key(ec.SECP256R1())
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = self._builder(_name(names[0]), key.public_key()).add_extension(alternatives, critical=False)
        made = builder.sign(self.key, hashes.SHA256())
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, PLAIN).decode()
        return Leaf(made.public_bytes(PEM).decode(), private, made.serial_number)

    def revoke(self, *leaves: Leaf) -> str:
        """The revocation list that holds these, PEM."""
        builder = x509.CertificateRevocationListBuilder(
            self.subject, self.now - timedelta(hours=1), self.now + timedelta(days=7)
        )
        for leaf in leaves:
            revoked = x509.RevokedCertificateBuilder(leaf.serial, self.now - timedelta(minutes=30))
            builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(PEM).decode()

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder(self.subject, subject, key, x509.random_serial_number())
        return builder.not_valid_before(self.now - timedelta(hours=1)).not_valid_after(self.now + timedelta(days=90))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
