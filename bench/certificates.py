"""Certificates for benchmarks: one authority, leaves of either kind, and a great many made once and kept."""

import base64
import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
PLAIN = serialization.NoEncryption()
PORTION = 500
"""Certificates that a worker makes at a time."""


@dataclass(frozen=True)
class Leaf:
    """A certificate and its key, PEM."""

    chain: str
    key: str

    @property
    def serial(self) -> int:
        return x509.load_pem_x509_certificate(self.chain.encode()).serial_number

    def data(self) -> dict[str, str]:
        """As the `data` of a Secret."""
        pair = {"tls.crt": self.chain, "tls.key": self.key}
        return {name: base64.b64encode(text.encode()).decode() for name, text in pair.items()}

    def write(self, directory: Path, name: str) -> Path:
        """`NAME.crt`, `NAME.key` and both in `NAME.pem`, which is returned."""
        for ending, text in (("crt", self.chain), ("key", self.key), ("pem", self.chain + self.key)):
            path = directory / f"{name}.{ending}"
            path.touch(mode=0o600)
            path.write_text(text)
        return path


class Authority:
    """Made anew in each process: nobody verifies what these servers show, only what clients show."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("bench authority")
        self._now = datetime.now(UTC)

    @property
    def pem(self) -> str:
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        builder = self._builder(self._name, self._key.public_key()).add_extension(constraints, critical=True)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(PEM).decode()

    def issue(self, host: str, *, by_rsa: bool = False) -> Leaf:
        """ECDSA P-256, or RSA 2048."""
        key = rsa.generate_private_key(65537, 2048) if by_rsa else ec.generate_private_key(ec.SECP256R1())
        alternative = x509.SubjectAlternativeName([x509.DNSName(host)])
        builder = self._builder(_name(host), key.public_key()).add_extension(alternative, critical=False)
        made = builder.sign(self._key, hashes.SHA256())
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, PLAIN)
        return Leaf(made.public_bytes(PEM).decode(), private.decode())

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
        return builder.not_valid_before(self._now - timedelta(hours=1)).not_valid_after(self._now + timedelta(days=365))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def kept(path: Path, hosts: list[str]) -> Iterator[Leaf]:
    """One for each host in their order, from the file if it has as many, else made and kept there (0600)."""
    if not path.exists() or sum(1 for _ in path.open()) < len(hosts):
        _make(path, hosts)
    return _read(path, len(hosts))


def _read(path: Path, count: int) -> Iterator[Leaf]:
    with path.open() as lines:
        for line in islice(lines, count):
            yield Leaf(*json.loads(line))


def _make(path: Path, hosts: list[str]) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    portions = [hosts[start : start + PORTION] for start in range(0, len(hosts), PORTION)]
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as workers, draft.open("w") as file:
        for lines in workers.map(_portion, portions):
            file.writelines(lines)
    draft.replace(path)


def _portion(hosts: list[str]) -> list[str]:
    authority = Authority()
    leaves = [authority.issue(host) for host in hosts]
    return [json.dumps([leaf.chain, leaf.key]) + "\n" for leaf in leaves]
