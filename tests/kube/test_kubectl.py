"""Taking turns with the real kubectl on one object, and on one kubeconfig."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from pylae.api.scheme import CONFIG_MAP, GATEWAY
from pylae.apiserver.server import ApiServer
from pylae.kube.apply import Outcome, apply
from pylae.kube.client import Client
from pylae.kube.kubeconfig import load
from pylae.kube.kubeconfig_merge import merge
from pylae.kube.manifest import load as load_manifest

pytestmark = [pytest.mark.real, pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl here")]

MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  labels: {app: shop}
data: {x: "<1> & 'ä'"}
---
apiVersion: networking.istio.io/v1alpha3
kind: Gateway
metadata: {name: front, namespace: default}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["*"]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  ports:
  - {name: http, port: 80, targetPort: 8080}
"""


async def kubectl(kubeconfig: Path, *arguments: str) -> str:
    """Runs kubectl with a home of its own, and returns what it prints. A failure is an error of the test."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(kubeconfig.parent), "KUBECONFIG": str(kubeconfig)}
    process = await asyncio.create_subprocess_exec(
        "kubectl", *arguments, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return output.decode()


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(MANIFEST)
    return path


async def apply_all(client: Client, manifest: Path) -> list[Outcome]:
    return [await apply(client, document) for document in load_manifest(manifest).documents]


async def test_after_kubectl_there_is_nothing_left_to_apply(server: ApiServer, client: Client, manifest: Path) -> None:
    await kubectl(server.settings.kubeconfig, "apply", "-f", str(manifest))
    assert await apply_all(client, manifest) == [Outcome.UNCHANGED] * 3


async def test_kubectl_has_nothing_left_to_apply_after_us(server: ApiServer, client: Client, manifest: Path) -> None:
    await apply_all(client, manifest)
    said = await kubectl(server.settings.kubeconfig, "apply", "-f", str(manifest))
    assert [line.split()[-1] for line in said.splitlines()] == ["unchanged"] * 3


async def test_what_kubectl_applied_and_we_do_not_want_goes(server: ApiServer, client: Client, manifest: Path) -> None:
    await kubectl(server.settings.kubeconfig, "apply", "-f", str(manifest))
    manifest.write_text(MANIFEST.replace("  labels: {app: shop}\n", ""))
    assert await apply_all(client, manifest) == [Outcome.CONFIGURED, Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert "labels" not in (await client.get(CONFIG_MAP, "default", "a"))["metadata"]


async def test_what_kubectl_saved_can_be_applied(server: ApiServer, client: Client, manifest: Path) -> None:
    await apply_all(client, manifest)
    saved = await kubectl(server.settings.kubeconfig, "get", "gateways.networking.istio.io,configmaps", "-o", "yaml")
    manifest.write_text(saved)
    await client.patch(CONFIG_MAP, "default", "a", {"data": {"y": "2"}})
    assert len(await apply_all(client, manifest)) == 2
    assert (await client.get(GATEWAY, "default", "front"))["spec"]["servers"][0]["hosts"] == ["*"]


async def test_kubectl_reads_what_was_merged(server: ApiServer, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    merge(mine, server.settings.kubeconfig, "pylae")
    assert await kubectl(mine, "--context", "pylae", "get", "--raw", "/readyz") == "ok"
    assert await kubectl(mine, "config", "get-contexts", "-o", "name") == "pylae\n"
    await kubectl(mine, "config", "set-context", "other")
    assert load(mine, "pylae") == load(server.settings.kubeconfig)
