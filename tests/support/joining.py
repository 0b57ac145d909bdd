"""`pylae gateway` as a process of its own, that joins control planes as a user would have it join."""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attached import Kubectl, Replica
from engine import Engine
from killing import kill
from world import free_port, until


@dataclass(frozen=True)
class Place:
    """What a gateway is and where. `selector` is its label `istio`; `name` is that of its pod."""

    namespace: str = "edge"
    selector: str = "ingressgateway"
    address: str = "127.0.0.1"
    by_token: bool = False
    name: str = "istio-ingressgateway-0"


@dataclass
class JoinedGateway:
    """One that can be ended in several ways, and started again as it was. `joins` are the options by which it does."""

    home: Path
    place: Place
    joins: list[str]
    http: int
    https: int

    @property
    def data(self) -> Path:
        return self.home / "data"

    def start(self, *more: str) -> None:
        """Returns once its Envoy serves."""
        place = self.place
        itself = ["-n", place.namespace, "-l", f"istio={place.selector}", "--name", place.name]
        bound = ["--bind", place.address, "-p", f"{self.http}:80", "-p", f"{self.https}:443"]
        _pylae("gateway", "-d", "--data-dir", str(self.data), *itself, *self.joins, *bound, *more)

    def stop(self) -> None:
        """With its Envoy."""
        _pylae("down", "--data-dir", str(self.data))

    def kill(self) -> None:
        """The program alone: its Envoy is meant to serve on."""
        kill(self.status()["gateway"]["pid"])

    def status(self) -> dict[str, Any]:
        return dict(json.loads(_pylae("status", "-o", "json", "--data-dir", str(self.data))))


@contextlib.contextmanager
def a_joined_gateway(
    engine: Engine, *replicas: Replica, place: Place = Place(), ports: tuple[int, int] | None = None
) -> Iterator[JoinedGateway]:
    """`ports` are those for 80 and 443, at its own address."""
    until_ready(*replicas)  # before that there is no authority to enroll with
    home = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    try:
        proof = (_token if place.by_token else _certificate)(engine, home, place.namespace)
        doors = [one.xds_tokens if place.by_token else one.xds for one in replicas]
        joins = [option for port in doors for option in ("--control-plane", f"127.0.0.1:{port}")]
        made = JoinedGateway(home, place, [*joins, *proof], *(ports or (free_port(), free_port())))
        made.start()
        yield made
    finally:
        subprocess.run([sys.executable, "-m", "pylae", "down", "--data-dir", f"{home}/data"], check=False)
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def a_gateway(engine: Engine, *replicas: Replica, by_token: bool = False) -> Iterator[tuple[int, int]]:
    """An Envoy of namespace `edge`; its ports for 80 and 443."""
    with a_joined_gateway(engine, *replicas, place=Place(by_token=by_token)) as made:
        yield made.http, made.https


def until_ready(*replicas: Replica) -> None:
    for replica in replicas:
        until(lambda replica=replica: replica.is_ready, 30)


def _certificate(engine: Engine, home: Path, namespace: str) -> list[str]:
    pki = home / "pki"
    _pylae("enroll", "-n", namespace, "--out", str(pki), "--kubeconfig", str(engine.kubeconfig))
    return ["--ca", f"{pki}/ca.crt", "--certificate", f"{pki}/tls.crt", "--key", f"{pki}/tls.key"]


def _token(engine: Engine, home: Path, namespace: str) -> list[str]:
    """As a pod is given it: its account's token for our audience, and the ConfigMap that says whom to trust."""
    kubectl = Kubectl(engine.kubeconfig)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "gateway", "namespace": namespace}}
    kubectl.apply(account)
    (home / "token").write_text(kubectl("create", "token", "-n", namespace, "gateway", "--audience=pylae"))
    published = ["get", "configmap", "-n", namespace, "pylae-ca"]
    until(lambda: kubectl(*published, "--ignore-not-found"))
    (home / "ca.crt").write_text(kubectl.json(*published)["data"]["ca.crt"])
    return ["--ca", f"{home}/ca.crt", "--token-file", f"{home}/token"]


def _pylae(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pylae", *arguments], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
