"""The walkthrough's hierarchies of certificates, in files laid out as there.

    certs/1_root  certs/2_intermediate  certs/3_application  certs/4_client     webapp.istioinaction.io
    certs2/…                                                                    catalog.istioinaction.io

Each hierarchy is a root and an intermediate (RSA 4096) and leaves for a server and a client (RSA 2048). The subjects
are those of the walkthrough; unlike its certificates, these carry the name as subjectAltName too.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import Certificate

from pylae.certs.authority import Authority, PrivateKey, Purpose, Request, Validity, intermediate, leaf, root
from pylae.certs.pem import certificate_pem, key_pem
from pylae.certs.subject import subject

FIRST_SERIAL = 0x100212
"""1049106, the number that the walkthrough shows for webapp's certificate."""

BEFORE = timedelta(days=1)
LIFETIME = timedelta(days=7300)
AUTHORITY_BITS, LEAF_BITS = 4096, 2048
KEYS = {"root": AUTHORITY_BITS, "intermediate": AUTHORITY_BITS, "server": LEAF_BITS, "client": LEAF_BITS}

SERVER = (Purpose.SERVER, FIRST_SERIAL, BEFORE)
CLIENT = (Purpose.CLIENT, FIRST_SERIAL + 1, BEFORE)
RENEWAL = (Purpose.SERVER, FIRST_SERIAL + 2, timedelta())

Keys = dict[str, PrivateKey]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One tree of certificates for `host`, in `directory`. They are valid from a day before `now`, renewals from
    `now`.
    """

    directory: Path
    host: str
    now: datetime

    def write(self, keys: Keys) -> None:
        """Sign everything and write it; the server's renewal lies beside the certificate that it follows."""
        top = root(self._authority_request(f"{self.host} root", FIRST_SERIAL - 1), keys["root"])
        middle = intermediate(self._authority_request(self.host, FIRST_SERIAL), keys["intermediate"], top)
        self._put("1_root", "ca", keys["root"], top.certificate)
        self._put("2_intermediate", "intermediate", keys["intermediate"], middle.certificate)
        self._put_certificates("2_intermediate", "ca-chain", middle.certificate, top.certificate)
        server, renewed = (self._leaf(keys["server"], middle, *which) for which in (SERVER, RENEWAL))
        client = self._leaf(keys["client"], middle, *CLIENT)
        self._put("3_application", self.host, keys["server"], server, middle.certificate)
        self._put_certificates("3_application", f"{self.host}.renewed", renewed, middle.certificate)
        self._put("4_client", self.host, keys["client"], client, middle.certificate)

    def _authority_request(self, name: str, serial: int) -> Request:
        return Request(subject(f"C=US, ST=Denial, O=Dis, CN={name}"), serial, self._validity(BEFORE))

    def _leaf(self, key: PrivateKey, issuer: Authority, purpose: Purpose, serial: int, age: timedelta) -> Certificate:
        name = subject(f"C=US, ST=Denial, L=Springfield, O=Dis, CN={self.host}")
        request = Request(name, serial, self._validity(age))
        return leaf(request, key, issuer, purpose=purpose, names=[self.host])

    def _validity(self, age: timedelta) -> Validity:
        return Validity(self.now - age, self.now - age + LIFETIME)

    def _put(self, folder: str, name: str, key: PrivateKey, *chain: Certificate) -> None:
        path = self.directory / folder / "private" / f"{name}.key.pem"
        path.parent.mkdir(parents=True)
        path.touch(mode=0o600)
        path.write_bytes(key_pem(key))
        self._put_certificates(folder, name, *chain)

    def _put_certificates(self, folder: str, name: str, *chain: Certificate) -> None:
        path = self.directory / folder / "certs" / f"{name}.cert.pem"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(certificate_pem(*chain))


def draw_keys(executor: Executor) -> Callable[[], Keys]:
    """Begin to draw the four keys of a hierarchy, side by side; the result waits for them."""
    drawn = {name: executor.submit(rsa.generate_private_key, 65537, bits) for name, bits in KEYS.items()}
    return lambda: {name: key.result() for name, key in drawn.items()}
