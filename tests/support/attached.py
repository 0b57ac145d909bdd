"""`pylae run` as processes of their own, on an API that runs already, and what they did to it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import Engine
from world import free_port

from pylae.apimachinery.custom.crd import definitions

Json = dict[str, Any]

NAMESPACE = "pylae-system"


@dataclass
class Replica:
    """One control plane. `options` are further ones of the command, `environment` what its own differs in."""

    home: Path
    kubeconfig: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    xds: int = field(default_factory=free_port)
    xds_tokens: int = field(default_factory=free_port)
    telemetry: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.home / "data"

    def start(self) -> None:
        command = [sys.executable, "-m", "pylae", "run", "--data-dir", str(self.data)]
        command += ["--kubeconfig", str(self.kubeconfig), "-n", NAMESPACE]
        doors = {"--xds": self.xds, "--xds-tokens": self.xds_tokens, "--telemetry": self.telemetry}
        command += [word for door, port in doors.items() for word in (door, f"127.0.0.1:{port}")]
        command += self.options
        environment = {**os.environ, "POD_NAMESPACE": "", **self.environment}
        with (self.home / "output").open("ab") as output:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int | None:
        """The exit code; None if it did not run."""
        if self.process is None:
            return None
        self.process.send_signal(by)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process = None
        return code

    @property
    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.telemetry}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    @property
    def log(self) -> str:
        """With what it printed before there was a log."""
        written = self.data / "pylae.log"
        return (self.home / "output").read_text() + (written.read_text() if written.exists() else "")

    def has_said(self, words: str) -> bool:
        return words in self.log


@contextlib.contextmanager
def a_replica(kubeconfig: Path, *options: str) -> Iterator[Replica]:
    """One that has been started, and need not be ready."""
    made = Replica(Path(tempfile.mkdtemp(prefix="pr", dir="/tmp")), kubeconfig, options)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.home, ignore_errors=True)


@dataclass
class Kubectl:
    """As the user of a kubeconfig."""

    kubeconfig: Path

    def __call__(self, *arguments: str, stdin: object = None) -> str:
        done = subprocess.run(
            ["kubectl", "--kubeconfig", str(self.kubeconfig), *arguments],
            input=None if stdin is None else json.dumps(stdin),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "-o", "json"))

    def apply(self, *documents: Json) -> None:
        self("apply", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": documents})

    def holder(self) -> str:
        """Who leads, by the Lease; "" for nobody."""
        found = self("get", "lease", "-n", NAMESPACE, "pylae-status", "-o", "json", "--ignore-not-found")
        return (json.loads(found)["spec"].get("holderIdentity") or "") if found else ""


def teach(engine: Engine) -> Kubectl:
    """What every test wants to be there: the namespaces, and Istio's kinds, which the embedded API knows by itself."""
    kubectl = Kubectl(engine.kubeconfig)
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in (NAMESPACE, "edge")]
    kubectl.apply(*spaces)
    if engine.name == "kubernetes":
        kubectl.apply(*definitions())
        names = [f"crd/{made['metadata']['name']}" for made in definitions()]
        kubectl("wait", "--for=condition=Established", *names, "--timeout=60s")
    return kubectl


def gateway(name: str, host: str, *, namespace: str = "edge", credential: str = "", **labels: str) -> Json:
    tls = {"tls": {"mode": "SIMPLE", "credentialName": credential}} if credential else {}
    port = {"number": 443 if credential else 80, "name": "web", "protocol": "HTTPS" if credential else "HTTP"}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"selector": {"istio": "ingressgateway"}, "servers": [{"port": port, "hosts": [host], **tls}]},
    }


def virtual_service(name: str, host: str, says: str, *, namespace: str = "edge") -> Json:
    response = {"directResponse": {"status": 200, "body": {"string": says}}}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"hosts": [host], "gateways": [name], "http": [response]},
    }


def pause(seconds: float) -> None:
    """For what must not come about: nothing says that it did not."""
    time.sleep(seconds)
