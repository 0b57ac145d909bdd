"""What every benchmark needs: certificates, objects, and a gateway of its own that leaves nothing behind."""

import contextlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "bench.example"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def certificate(host: str = HOST) -> tuple[str, str]:
    """A self-signed ECDSA certificate and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def objects(answer: str = "hello") -> str:
    """One HTTPS host, answered by the gateway itself, as a manifest."""
    chain, key = certificate()
    return f"""
apiVersion: v1
kind: Secret
metadata: {{name: bench, namespace: istio-system}}
type: kubernetes.io/tls
stringData:
  tls.crt: |
{indent(chain)}
  tls.key: |
{indent(key)}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: bench, namespace: default}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
  - port: {{number: 443, name: https, protocol: HTTPS}}
    tls: {{mode: SIMPLE, credentialName: bench}}
    hosts: [{HOST}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: bench, namespace: default}}
spec:
  hosts: [{HOST}]
  gateways: [bench]
  http:
  - directResponse: {{status: 200, body: {{string: {answer}}}}}
"""


def indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


@dataclass
class Stage:
    """A data directory and the ports of its gateway."""

    data: Path
    http: int
    https: int

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYLAE_DATA_DIR": str(self.data), "KUBECONFIG": str(self.data / "kubeconfig")}

    def pylae(self, *arguments: str, background: bool = False) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "pylae", *arguments], env=self.environment, stdout=subprocess.DEVNULL
        )
        if not background:
            process.wait()
        return process

    def up(self, *arguments: str, core: int | None = None) -> subprocess.Popen[bytes]:
        """With `core`, everything begins on that one, and Envoy has one worker."""
        ports = ("-p", f"{self.http}:80", "-p", f"{self.https}:443")
        before = os.sched_getaffinity(0)
        if core is not None:
            os.sched_setaffinity(0, {core})
        try:
            return self.pylae("up", *ports, *arguments, background=True)
        finally:
            os.sched_setaffinity(0, before)

    def ask_envoy(self, page: str) -> bytes:
        """A page of Envoy's admin."""
        socket = str(self.data / "run" / "admin.sock")
        command = ("curl", "-sS", "--unix-socket", socket, f"http://envoy/{page}")
        return subprocess.run(command, capture_output=True, check=True).stdout

    def expect(self, serve: str) -> None:
        """Whether hosts are served as they were to be: `ahead`, or `on-demand` with certificates that are asked for."""
        asked_for = b"on_demand_secret" in self.ask_envoy("config_dump?resource=dynamic_listeners")
        if asked_for != (serve == "on-demand"):
            print(f"NOT SERVED {serve}: the listeners say otherwise, so the figures are not what they are called")

    @property
    def envoy(self) -> int:
        """The process that serves."""
        return int(json.loads((self.data / "run" / "envoy.pid").read_text())["pid"])


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    home = Path(tempfile.mkdtemp(prefix="pylae-bench-"))
    made = Stage(home / "data", free_port(), free_port())
    try:
        yield made
    finally:
        made.pylae("down")
        shutil.rmtree(home, ignore_errors=True)


def trusting_nobody() -> ssl.SSLContext:
    """A client that looks at certificates without judging them."""
    made = ssl.create_default_context()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def handshake(port: int, tls: ssl.SSLContext, host: str = HOST) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=5)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else the kernel adds 40 ms to each small request
    return tls.wrap_socket(plain, server_hostname=host)


def get(port: int, tls: ssl.SSLContext, host: str = HOST) -> bytes:
    """The whole answer to one GET on a connection of its own. It is known by its length: Envoy keeps the
    connection open for a second after it."""
    with handshake(port, tls, host) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        answer = b""
        while True:
            part = connection.recv(65536)
            if not part:
                raise ConnectionError("the connection ended within the answer")
            answer += part
            head, _, body = answer.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if length and len(body) >= int(length[1]):
                return answer


def until_served(port: int, tls: ssl.SSLContext, deadline: float = 30, host: str = HOST) -> float:
    """Wait for the first 200; the moment it came."""
    end = time.perf_counter() + deadline
    while time.perf_counter() < end:
        with contextlib.suppress(OSError):
            if get(port, tls, host).startswith(b"HTTP/1.1 200"):
                return time.perf_counter()
        time.sleep(0.005)
    raise TimeoutError(f"no 200 within {deadline} s")


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
