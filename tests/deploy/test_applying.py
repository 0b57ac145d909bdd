"""What is installed is taken whole: by the embedded API, and by Kubernetes' own server."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from world import World, a_world

from cluster import RealCluster, a_cluster

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS = str(DEPLOY / "manifests" / "pylae.yaml")
CHART = str(DEPLOY / "chart" / "pylae")

SENT_ALWAYS = "poddisruptionbudget.policy/"
"""kubectl sends a budget's selector with every apply, whether it changed or not."""

SETTINGS = ("--set", "image.repository=registry.example/pylae", "-n", "pylae-system")


class Engine:
    """An API server, embedded or real, and the programs that talk to it."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(kubeconfig.parent), "KUBECONFIG": str(kubeconfig)}

    def run(self, *command: str, stdin: str | None = None) -> list[str]:
        """The lines that a command prints. A failure is an error of the test."""
        done = subprocess.run(
            command, env=self.environment, input=stdin, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()

    def kubectl(self, *arguments: str, stdin: str | None = None) -> list[str]:
        return self.run("kubectl", *arguments, stdin=stdin)


@pytest.fixture(scope="module")
def gateway() -> Iterator[World]:
    with a_world() as made:
        yield made


@pytest.fixture(scope="module")
def cluster() -> Iterator[RealCluster]:
    with a_cluster() as made:
        yield made


@pytest.fixture(
    params=[
        pytest.param("gateway", id="embedded", marks=pytest.mark.real),
        pytest.param("cluster", id="kubernetes", marks=pytest.mark.cluster),
    ]
)
def engine(request: pytest.FixtureRequest) -> Engine:
    found = request.getfixturevalue(request.param)
    return Engine(found.data / "kubeconfig" if isinstance(found, World) else found.kubeconfig)


def test_the_plain_manifests_are_taken_whole(engine: Engine, manifests: list[dict[str, Any]]) -> None:
    definitions = str(DEPLOY / "chart" / "pylae" / "crds")
    engine.kubectl("apply", "-f", definitions)
    engine.kubectl("wait", "--for=condition=Established", "-f", definitions)
    assert len(engine.kubectl("apply", "-f", MANIFESTS)) == len(manifests)
    assert len(engine.kubectl("apply", "--dry-run=server", "-f", MANIFESTS)) == len(manifests)
    again = engine.kubectl("apply", "-f", MANIFESTS)
    assert [line for line in again if not line.endswith(" unchanged") and not line.startswith(SENT_ALWAYS)] == []
    engine.kubectl("delete", "--wait=false", "-f", MANIFESTS, "-l", "app.kubernetes.io/part-of=pylae")


def test_the_chart_is_installed_upgraded_and_removed(engine: Engine, helm: str) -> None:
    release = "istio-edge"
    engine.run(helm, "install", release, CHART, "--create-namespace", *SETTINGS)
    engine.run(helm, "upgrade", release, CHART, *SETTINGS, "--set", "controlPlane.replicas=3")
    replicas = engine.kubectl("get", "deployment", "pylae", "-n", "pylae-system", "-o", "jsonpath={.spec.replicas}")
    assert replicas == ["3"]
    assert release in engine.run(helm, "list", "-n", "pylae-system", "-q")
    engine.run(helm, "uninstall", release, "-n", "pylae-system")
    assert engine.kubectl("get", "deployments", "-A", "-o", "name") == []
    kinds = engine.kubectl("api-resources", "--api-group=networking.istio.io", "-o", "name")
    assert "gateways.networking.istio.io" in kinds


OBJECTS = """
apiVersion: v1
kind: Namespace
metadata: {name: moving}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: moving}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE, credentialName: front}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: front, namespace: moving}
spec: {hosts: [a.example], gateways: [front], http: [{route: [{destination: {host: web}}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: words, namespace: moving}
data: {a: "y", b: "1e3", c: "null", d: "~", e: "a\\nb\\n", f: " - x", "0": "0o17"}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: moving}
spec: {type: NodePort, ports: [{port: 80, name: http}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: moving, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [192.0.2.1], conditions: {ready: true}}]
ports: [{name: http, port: 8080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-2, namespace: moving, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.1]}]
ports: [{name: http, port: 8080}]
---
apiVersion: v1
kind: Secret
metadata: {name: front, namespace: istio-system}
stringData: {tls.crt: certificate, tls.key: key}
"""


@pytest.mark.cluster
def test_a_laptops_objects_go_to_a_cluster_and_come_home(gateway: World, cluster: RealCluster) -> None:
    assert gateway.apply(OBJECTS).code == 0
    there = Engine(cluster.kubeconfig)
    definitions = str(DEPLOY / "chart" / "pylae" / "crds")
    there.kubectl("apply", "-f", definitions)
    there.kubectl("wait", "--for=condition=Established", "-f", definitions)
    exported = gateway.pylae("export", "--with-keys")
    assert "EndpointSlice moving/web-2" in exported.err
    there.kubectl("apply", "-f", "-", stdin=exported.out)
    words = there.kubectl("get", "configmap", "words", "-n", "moving", "-o", "jsonpath={.data.a} {.data.b} {.data.0}")
    assert words == ["y 1e3 0o17"]
    gateway.kubectl("delete", "gateway,virtualservice,service,endpointslice", "--all", "-n", "moving")
    home = gateway.pylae("import", "--kubeconfig", str(cluster.kubeconfig), "-l", "istio=ingressgateway", "--with-keys")
    assert home.code == 0, home.out + home.err
    taken = {tuple(line.split()[:4]) for line in home.out.splitlines()}
    assert {
        ("Gateway", "moving", "front", "created"),
        ("VirtualService", "moving", "front", "created"),
        ("Service", "moving", "web", "created"),
        ("EndpointSlice", "moving", "web-1", "created"),
        ("Secret", "istio-system", "front", "configured"),
    } <= taken
