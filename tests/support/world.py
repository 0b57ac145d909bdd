"""A whole Pylae as a user has it: `pylae up -d`, the real kubectl, the real curl, the real Envoy."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

MANIFESTS = Path(__file__).parents[2] / "src" / "pylae" / "demo" / "manifests"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def headers(self) -> dict[str, str]:
        """The response's headers, where curl was asked to include them."""
        head = self.out.partition("\n\n")[0].splitlines()[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}

    @property
    def body(self) -> str:
        return self.out.partition("\n\n")[2]


@dataclass
class World:
    """One running gateway and the clients beside it."""

    data: Path
    http: int = field(default_factory=free_port)
    https: int = field(default_factory=free_port)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYLAE_DATA_DIR": str(self.data),
            "KUBECONFIG": str(self.data / "kubeconfig"),
            "HOME": str(self.data.parent),
            "NO_COLOR": "1",
        }

    def run(self, *command: str, stdin: str | None = None, timeout: float = 60) -> Answer:
        done = subprocess.run(
            command, env=self.environment, input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def pylae(self, *arguments: str, timeout: float = 60) -> Answer:
        return self.run(sys.executable, "-m", "pylae", *arguments, timeout=timeout)

    def up(self, *arguments: str) -> Answer:
        return self.pylae("up", "-d", "-p", f"{self.http}:80", "-p", f"{self.https}:443", *arguments)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> Answer:
        return self.run("kubectl", *arguments, stdin=stdin)

    def apply(self, manifest: str, *arguments: str) -> Answer:
        return self.kubectl("apply", "-f", "-", *arguments, stdin=manifest)

    def until(self, holds: Callable[[], object]) -> None:
        until(holds)

    def curl(self, url: str, *arguments: str) -> Answer:
        """`url` without a port: names resolve to loopback and 80 and 443 are the gateway's."""
        host = url.split("/")[2].partition(":")[0]
        ports = [("80", self.http), ("443", self.https)]
        connect = [option for port, own in ports for option in ("--connect-to", f"{host}:{port}:127.0.0.1:{own}")]
        return self.run("curl", "-sS", "-i", "--max-time", "10", *connect, *arguments, url)


@contextlib.contextmanager
def a_world(*arguments: str) -> Iterator[World]:
    """`arguments` are further ones of `pylae up`."""
    home = Path(tempfile.mkdtemp(prefix="pylae-"))
    made = World(home / "data")
    try:
        started = made.up(*arguments)
        assert started.code == 0, started.out + started.err
        yield made
    finally:
        made.pylae("down")
        shutil.rmtree(home, ignore_errors=True)


def until(holds: Callable[[], object], seconds: float = 15) -> None:
    """Wait for what must come about by itself. The machine may be busy, so the bound is wide; nothing is timed by
    it."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


GOOD = "good.example"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, PEM."""

    chain: str
    key: str
    serial: int


def pair(*names: str, days: tuple[float, float] = (-1, 90), subject: str = "") -> Pair:
    """Self-signed, ECDSA; `days` are the ends of its validity from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject or names[0])])
    now = datetime.now(UTC)
    serial = x509.random_serial_number()
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), serial)
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    made = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(made.public_bytes(serialization.Encoding.PEM).decode(), private.decode(), serial)


def secret(name: str, *, namespace: str = "istio-system", **keys: str) -> str:
    """A Secret's manifest; in key names `_` stands for the dot."""
    document = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": {key.replace("_", "."): value for key, value in keys.items()},
    }
    return json.dumps(document)


def gateway(
    name: str, host: str, credential: str, *, namespace: str = "default", serve: str = "", **tls: object
) -> str:
    """A Gateway with one HTTPS server, and a VirtualService that answers `hello from NAME`. `serve` is `on-demand`,
    `ahead`, or nothing."""
    server = {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "tls": {"mode": "SIMPLE", "credentialName": credential, **tls},
        "hosts": [host],
    }
    made = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "annotations": {"pylae.dev/serve": serve} if serve else {},
        },
        "spec": {"selector": {"istio": "ingressgateway"}, "servers": [server]},
    }
    return documents(json.dumps(made), answer(name, host, namespace=namespace))


def answer(name: str, host: str, *, namespace: str = "default") -> str:
    made = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "hosts": [host],
            "gateways": [name],
            "http": [{"directResponse": {"status": 200, "body": {"string": f"hello from {name}"}}}],
        },
    }
    return json.dumps(made)


def good_host() -> str:
    made = pair(GOOD)
    return documents(secret("good", tls_crt=made.chain, tls_key=made.key), gateway("good", GOOD, "good"))


def documents(*texts: str) -> str:
    """One manifest of several; the line before the first tells kubectl that it is YAML, though each is JSON."""
    return "".join(f"---\n{text.removeprefix('---')}\n" for text in texts)
