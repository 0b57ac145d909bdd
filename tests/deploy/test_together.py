"""What is installed works together: the pods' own arguments and rights, as processes beside a real Kubernetes API."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from world import answer, documents, free_port, gateway, pair, secret, until

from cluster import RealCluster, a_cluster

pytestmark = pytest.mark.cluster

DEPLOY = Path(__file__).parents[2] / "deploy"
HOST = "shop.example"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def cluster() -> Iterator[RealCluster]:
    """A cluster with the plain manifests applied."""
    with a_cluster() as made:
        definitions = str(DEPLOY / "chart" / "pylae" / "crds")
        kubectl(made.kubeconfig, "apply", "-f", definitions)
        kubectl(made.kubeconfig, "wait", "--for=condition=Established", "-f", definitions)
        kubectl(made.kubeconfig, "apply", "-f", str(DEPLOY / "manifests" / "pylae.yaml"))
        until(lambda: may_list_secrets(made.kubeconfig))
        yield made


def may_list_secrets(kubeconfig: Path) -> bool:
    """Whether the server knows of the roles by now; what is asked for is the last of them."""
    plane = "--as=system:serviceaccount:pylae-system:pylae"
    command = ["kubectl", "auth", "can-i", "list", "secrets", "-n", "istio-system", plane]
    environment = {"PATH": os.environ["PATH"], "HOME": str(kubeconfig.parent), "KUBECONFIG": str(kubeconfig)}
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def kubectl(kubeconfig: Path, *arguments: str, stdin: str | None = None) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(kubeconfig.parent), "KUBECONFIG": str(kubeconfig)}
    done = subprocess.run(
        ["kubectl", *arguments], env=environment, input=stdin, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def account(cluster: RealCluster, namespace: str, name: str, home: Path) -> Path:
    """A kubeconfig with which one is that service account and nobody else."""
    token = kubectl(cluster.kubeconfig, "create", "token", name, "-n", namespace).strip()
    config = json.loads(kubectl(cluster.kubeconfig, "config", "view", "--raw", "-o", "json"))
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    path = home / f"{name}.kubeconfig"
    path.write_text(json.dumps(config))
    return path


def arguments(manifests: list[Json], name: str, replaced: dict[str, str]) -> list[str]:
    """A pod's arguments, with what is elsewhere on this machine in its place."""
    (pod,) = (item for item in manifests if (item["kind"], item["metadata"]["name"]) == ("Deployment", name))
    (container,) = pod["spec"]["template"]["spec"]["containers"]
    options = dict(word.split("=", 1) for word in container["args"] if word.startswith("--"))
    assert replaced.keys() <= options.keys()
    return [container["args"][0], *(f"{option}={value}" for option, value in {**options, **replaced}.items())]


@contextmanager
def process(home: Path, *command: str, **environment: str) -> Iterator[Path]:
    """A Pylae with these arguments, until it drains at the end; gives the path of what it said."""
    log = home / f"{command[0]}.out"
    settings = {**os.environ, "HOME": str(home), **environment}
    with log.open("wb") as out:
        started = subprocess.Popen([sys.executable, "-m", "pylae", *command], env=settings, stdout=out, stderr=out)
    try:
        yield log
    finally:
        started.terminate()
        started.wait(60)


@pytest.fixture
def home() -> Iterator[Path]:
    """Short, since sockets lie below it."""
    with tempfile.TemporaryDirectory(prefix="pylae-") as path:
        yield Path(path)


def curl(port: int) -> str:
    command = ["curl", "-sSk", "--max-time", "5", "--connect-to", f"{HOST}:443:127.0.0.1:{port}", f"https://{HOST}/"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_a_gateway_joins_and_serves_with_the_rights_that_are_installed(
    cluster: RealCluster, manifests: list[Json], home: Path
) -> None:
    ports = {name: free_port() for name in ("xds", "tokens", "https")}
    with ExitStack() as running:
        plane = arguments(
            manifests,
            "pylae",
            {
                "--xds": f"127.0.0.1:{ports['xds']}",
                "--xds-tokens": f"127.0.0.1:{ports['tokens']}",
                "--telemetry": f"127.0.0.1:{free_port()}",
                "--data-dir": str(home / "plane"),
            },
        )
        kubeconfig = str(account(cluster, "pylae-system", "pylae", home))
        told = running.enter_context(process(home, *plane, KUBECONFIG=kubeconfig, POD_NAMESPACE="pylae-system"))
        until(lambda: authority(cluster), 30)
        (home / "ca.crt").write_text(authority(cluster))
        token = kubectl(
            cluster.kubeconfig, "create", "token", "istio-ingressgateway", "-n", "istio-system", "--audience=pylae"
        )
        (home / "token").write_text(token)
        edge = arguments(
            manifests,
            "istio-ingressgateway",
            {
                "--control-plane": f"127.0.0.1:{ports['tokens']}",
                "--token-file": str(home / "token"),
                "--ca": str(home / "ca.crt"),
                "--bind": "127.0.0.1",
                "--telemetry": f"127.0.0.1:{free_port()}",
                "--data-dir": str(home / "edge"),
            },
        )
        running.enter_context(process(home, *edge, f"--publish={ports['https']}:443", POD_NAMESPACE="istio-system"))
        made = pair(HOST)
        kubectl(
            cluster.kubeconfig,
            "apply",
            "-f",
            "-",
            stdin=documents(
                secret("shop", tls_crt=made.chain, tls_key=made.key),
                gateway("shop", HOST, "shop"),
                answer("shop", HOST),
            ),
        )
        until(lambda: curl(ports["https"]) == "hello from shop", 30)
        until(lambda: programmed(cluster) == "True", 30)
        assert "Allow the verb" not in told.read_text()


def authority(cluster: RealCluster) -> str:
    """What the control plane published for gateways of the namespace, if it has."""
    found = kubectl(
        cluster.kubeconfig, "get", "configmap", "-n", "istio-system", "-o", r"jsonpath={.items[*].data.ca\.crt}"
    )
    return found if "BEGIN CERTIFICATE" in found else ""


def programmed(cluster: RealCluster) -> str:
    path = 'jsonpath={.status.conditions[?(@.type=="Programmed")].status}'
    return kubectl(cluster.kubeconfig, "get", "gateways.networking.istio.io", "shop", "-o", path)
