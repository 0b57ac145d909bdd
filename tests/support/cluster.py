"""A real kube-apiserver over a real etcd, as processes on loopback: what the embedded API is measured against.

There is no kubelet, no scheduler and no controller manager, so what those do does not happen: nothing runs, nobody
fills in a Namespace's ServiceAccount and ConfigMap, a Namespace that is deleted stays `Terminating` and owners'
dependents stay. `tests/battery/differences.py` says which statements feel it.
"""

import base64
import contextlib
import json
import shutil
import signal
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from programs import needed
from world import free_port, until

from pylae.apiserver.kubeconfig import write_kubeconfig
from pylae.apiserver.pki import Pki, ensure_pki

TOKEN = "token-of-the-administrator"
STRANGER = "token-of-a-stranger"
"""Somebody whom the server knows and who may do nothing."""
READY = 60.0


@dataclass
class Process:
    """A program that can be started again as it was, and what it last said."""

    arguments: list[str]
    log: Path
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(self.arguments, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        if self.running:
            self.running.send_signal(by)
            try:
                self.running.wait(20)
            except subprocess.TimeoutExpired:
                self.running.kill()
                self.running.wait()
            self.running = None

    def check(self) -> None:
        assert self.running, "it has not been started"
        assert self.running.poll() is None, self.log.read_text(errors="replace")[-3000:]


@dataclass
class RealCluster:
    """etcd and kube-apiserver in a directory of their own; `kubeconfig` is the administrator's."""

    home: Path
    port: int = field(default_factory=free_port)
    etcd_port: int = field(default_factory=free_port)
    peer_port: int = field(default_factory=free_port)
    name: str = "kubernetes"

    def __post_init__(self) -> None:
        self.pki: Pki = ensure_pki(self.home / "pki", names=(), now=datetime.now(UTC))
        write_kubeconfig(self.kubeconfig, server=self.url, token=TOKEN, pki=self.pki)
        tokens = [f'{TOKEN},admin,1,"system:masters"', f"{STRANGER},stranger,2"]
        (self.home / "tokens.csv").write_text("\n".join(tokens) + "\n")
        self.etcd = Process(self._etcd(), self.home / "etcd.log")
        self.apiserver = Process(self._apiserver(), self.home / "apiserver.log")

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def kubeconfig(self) -> Path:
        return self.home / "kubeconfig"

    def start(self) -> None:
        self.start_etcd()
        self.start_apiserver()

    def stop(self) -> None:
        self.apiserver.stop()
        self.etcd.stop()

    def start_etcd(self) -> None:
        self.etcd.start()
        self._until(self.etcd, lambda: self._etcd_says("/health", None).get("health") == "true")

    def start_apiserver(self) -> None:
        self.apiserver.start()
        self._until(self.apiserver, lambda: self.get("/readyz") == b"ok")

    def restart(self, *, by: signal.Signals = signal.SIGTERM) -> None:
        """Of the API server alone. SIGKILL for one that crashes."""
        self.apiserver.stop(by)
        self.start_apiserver()

    def restart_etcd(self, *, by: signal.Signals = signal.SIGTERM) -> None:
        self.etcd.stop(by)
        self.start_etcd()
        self._until(self.apiserver, lambda: self.get("/readyz") == b"ok")

    def compact(self) -> None:
        """Forgets the past. The API server remembers some of it by itself, so it is started anew."""
        revision = self._etcd_says("/v3/kv/range", {"key": base64.b64encode(b"/").decode()})["header"]["revision"]
        self._etcd_says("/v3/kv/compaction", {"revision": revision, "physical": True})
        self.restart()

    def get(self, path: str) -> bytes:
        """What the API server answers to its administrator."""
        trust = ssl.create_default_context(cafile=str(self.home / "pki" / "ca.crt"))
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, context=trust, timeout=10) as response:
            return response.read()

    def _etcd_says(self, path: str, body: object) -> dict:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.etcd_port}{path}", data=data, timeout=10) as response:
            return json.load(response)

    @staticmethod
    def _until(process: Process, holds) -> None:
        def held() -> bool:
            process.check()
            with contextlib.suppress(OSError, urllib.error.URLError, ValueError):
                return bool(holds())
            return False

        until(held, READY)

    def _etcd(self) -> list[str]:
        client, peer = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{self.peer_port}"
        return [
            str(needed("etcd")),
            f"--data-dir={self.home / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",  # a test's data need not outlive a loss of power
            "--log-level=error",
        ]

    def _apiserver(self) -> list[str]:
        pki = self.home / "pki"
        return [
            str(needed("kube-apiserver")),
            f"--etcd-servers=http://127.0.0.1:{self.etcd_port}",
            "--etcd-compaction-interval=0",  # `compact` does it, when a test says so
            "--bind-address=127.0.0.1",
            "--external-hostname=127.0.0.1",
            f"--secure-port={self.port}",
            "--endpoint-reconciler-type=none",  # it would refuse to advertise a loopback address
            f"--cert-dir={pki}",
            f"--tls-cert-file={pki / 'server.crt'}",
            f"--tls-private-key-file={pki / 'server.key'}",
            f"--client-ca-file={pki / 'ca.crt'}",
            f"--token-auth-file={self.home / 'tokens.csv'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-signing-key-file={pki / 'server.key'}",
            f"--service-account-key-file={pki / 'server.crt'}",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",  # Pods would wait for a controller that makes their account
            "--service-cluster-ip-range=10.96.0.0/16",
            "--watch-cache=true",
            "--profiling=false",
        ]


@contextlib.contextmanager
def a_cluster(kind: type[RealCluster] = RealCluster) -> Iterator[RealCluster]:
    """One that runs. Raises pytest's Skipped where the programs are missing."""
    needed("etcd")
    needed("kube-apiserver")
    home = Path(tempfile.mkdtemp(prefix="pylae-cluster-"))
    made = kind(home)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(home, ignore_errors=True)
