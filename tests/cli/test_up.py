"""The command line against a running instance: real API, real Envoy."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pylae.node.directories import DataDirectory
from pylae.node.lock import holder

pytestmark = pytest.mark.real

GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: default}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [shop.example]
"""

NOWHERE = {
    "clusters": [{"name": "away", "cluster": {"server": "https://127.0.0.1:1"}}],
    "contexts": [{"name": "away", "context": {"cluster": "away"}}],
    "current-context": "away",
}


@dataclass(frozen=True)
class Instance:
    data: DataDirectory

    def pylae(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pylae", *words, "--data-dir", str(self.data.path)]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=120)

    def up(self) -> subprocess.CompletedProcess[str]:
        ports = [f"{free_port()}:{port}" for port in (80, 443)]
        return self.pylae("up", "-d", *[word for port in ports for word in ("-p", port)])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def fresh() -> Iterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="pylae-") as directory:
        instance = Instance(DataDirectory.at(directory))
        yield instance
        instance.pylae("down")


@pytest.fixture(scope="module")
def running() -> Iterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="pylae-") as directory:
        instance = Instance(DataDirectory.at(directory))
        started = instance.up()
        assert started.returncode == 0, started.stderr
        yield instance
        instance.pylae("down")


def envoys(data: DataDirectory) -> list[str]:
    """The ids of the processes that run from the data directory's bootstrap."""
    wanted = str(data.run / "bootstrap.json").encode()
    found = (path for path in Path("/proc").iterdir() if path.name.isdecimal())
    return [path.name for path in found if wanted in arguments(path)]


def arguments(process: Path) -> list[bytes]:
    try:
        return (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def test_detached_it_returns_when_it_is_ready_and_down_leaves_nothing_behind(fresh: Instance) -> None:
    started = fresh.up()
    assert started.returncode == 0
    assert f"export KUBECONFIG={fresh.data.kubeconfig}" in started.stdout
    assert "Ready in " in started.stdout
    pid = holder(fresh.data.lock)
    assert pid
    assert fresh.pylae("down").stdout.startswith(f"Pylae (pid {pid}) has ended.")
    assert holder(fresh.data.lock) is None
    assert envoys(fresh.data) == []
    assert fresh.pylae("down").stdout.startswith("Nothing runs")


def test_an_envoy_whose_control_plane_was_killed_is_ended_by_down(fresh: Instance) -> None:
    assert fresh.up().returncode == 0
    pid = holder(fresh.data.lock)
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert len(envoys(fresh.data)) == 1
    assert "its Envoy serves on. Take it over: pylae up" in fresh.pylae("status").stderr
    assert fresh.pylae("down").stdout == "The Envoy that a dead Pylae left behind has ended.\n"
    assert envoys(fresh.data) == []


def test_a_second_one_on_the_same_directory_says_so(running: Instance) -> None:
    again = running.pylae("up", "-d")
    assert again.returncode == 1
    assert again.stderr.startswith(f"pylae: Pylae already runs on {running.data.path} (pid ")


def test_a_start_that_fails_is_told_with_the_last_words_of_the_log(fresh: Instance) -> None:
    failed = fresh.pylae("up", "-d", "--envoy", sys.executable)
    assert failed.returncode == 1
    assert failed.stderr.startswith("pylae: Pylae ended at once (1).\n  pylae: ")


def test_whoever_waits_for_long_is_shown_what_the_log_complains_of(fresh: Instance) -> None:
    away = fresh.data.path.parent / "away"
    away.write_text(json.dumps(NOWHERE))
    command = [
        sys.executable,
        "-m",
        "pylae",
        "run",
        "-d",
        "--data-dir",
        str(fresh.data.path),
        "--kubeconfig",
        str(away),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stderr
        assert "127.0.0.1:1" in waiting.stderr.readline()
        waiting.terminate()


def test_manifests_go_in_and_out_and_what_is_bad_is_told_by_its_line(running: Instance) -> None:
    applied = running.pylae("apply", "-f", "-", given=f"{GATEWAY}---\nkind: nothing\n")
    assert applied.returncode == 1
    assert applied.stdout == "Gateway default/front created\n"
    assert applied.stderr.startswith("-:10: no apiVersion")
    assert running.pylae("apply", "-f", "-", given=GATEWAY).stdout == "Gateway default/front unchanged\n"
    deleted = running.pylae("delete", "-f", "-", given=GATEWAY)
    assert (deleted.returncode, deleted.stdout) == (0, "Gateway default/front deleted\n")


def test_a_service_gets_its_endpoints(running: Instance) -> None:
    exposed = running.pylae("expose", "webapp", "127.0.0.1:8080")
    assert exposed.stdout == "Service default/webapp created, and answers on port 80 from 127.0.0.1:8080\n"
    assert running.pylae("expose", "webapp", "127.0.0.1:8081").stdout.startswith("Service default/webapp answers")


def test_the_running_envoy_is_read_by_istioctls_words(running: Instance) -> None:
    read = running.pylae("proxy-config", "cluster", "deploy/istio-ingressgateway.istio-system")
    assert read.stdout.startswith("SERVICE FQDN")
    other = running.pylae("pc", "c", "deploy/other.istio-system")
    assert other.stderr.startswith('pylae: "deploy/other.istio-system" is not the gateway here.')
    assert "istio-ingressgateway-0.istio-system" in running.pylae("ps").stdout


def test_status_and_logs_tell_of_the_running_instance(running: Instance) -> None:
    assert f"control plane pid {holder(running.data.lock)}" in running.pylae("status").stdout
    assert running.pylae("status", "-o", "yaml").stdout.startswith("version: ")
    assert running.pylae("logs", "pylae").returncode == 0


def test_the_kubeconfig_is_printed_located_and_merged(running: Instance, tmp_path: Path) -> None:
    assert running.pylae("kubeconfig", "--path").stdout == f"{running.data.kubeconfig}\n"
    assert running.pylae("kubeconfig").stdout == running.data.kubeconfig.read_text()
    target = tmp_path / "config"
    command = [sys.executable, "-m", "pylae", "kubeconfig", "--merge", "--data-dir", str(running.data.path)]
    subprocess.run(command, env={**os.environ, "KUBECONFIG": str(target)}, check=True, capture_output=True)
    assert "name: pylae" in target.read_text()


def test_a_shell_that_uses_the_kubeconfig_merges_it_into_the_users_own(running: Instance, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pylae", "kubeconfig", "--merge", "--data-dir", str(running.data.path)]
    environment = {**os.environ, "KUBECONFIG": str(running.data.kubeconfig), "HOME": str(tmp_path)}
    before = running.data.kubeconfig.read_text()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert "name: pylae" in (tmp_path / ".kube" / "config").read_text()
    assert running.data.kubeconfig.read_text() == before


def test_a_namespace_that_is_missing_is_told_with_the_way_to_make_it(running: Instance) -> None:
    told = running.pylae("expose", "web", "127.0.0.1:3000", "-n", "nowhere").stderr
    assert told == 'pylae: namespaces "nowhere" not found. Create it first: kubectl create namespace nowhere\n'
