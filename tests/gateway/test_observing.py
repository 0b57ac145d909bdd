"""Observing: probes, metrics under Istio's and Envoy's names, logs, and what istioctl would show."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO

import pytest
import yaml
from backends import http_backend
from world import GOOD, Answer, World, a_world, answer, good_host

pytestmark = pytest.mark.real

POD = ("-n", "istio-system", "istio-ingressgateway-0")
CLUSTER = "outbound|80||web.default.svc.cluster.local"


def routed() -> str:
    """The good host, with a Service behind it."""
    made = json.loads(answer("good", GOOD))
    made["spec"]["http"] = [{"route": [{"destination": {"host": "web"}}]}]
    return json.dumps(made)


@pytest.fixture(scope="module")
def observed() -> Iterator[World]:
    with a_world() as world, http_backend("web") as address:
        world.apply(good_host())
        world.apply(routed())
        world.pylae("expose", "web", address)
        world.until(lambda: "x-backend" in ask(world).headers)
        yield world


def ask(world: World, path: str = "/") -> Answer:
    return world.curl(f"https://{GOOD}{path}", "-k")


def telemetry(world: World, path: str) -> Answer:
    base = json.loads(world.pylae("status", "-o", "json").out)["telemetry"]["address"]
    return world.run("curl", "-sS", "-i", base + path)


@pytest.mark.parametrize("path", ["/readyz", "/livez"])
def test_probes_say_ok(observed: World, path: str) -> None:
    probed = telemetry(observed, path)
    assert probed.out.startswith("HTTP/1.1 200")
    assert probed.body == "ok\n"


def sample(world: World, path: str, name: str) -> float:
    """The sum of a metric's samples whose names and labels begin like this."""
    lines = [line for line in telemetry(world, path).body.splitlines() if line.startswith(name)]
    assert lines, f"there is no {name} on {path}"
    return sum(float(line.rpartition(" ")[2]) for line in lines)


PILOT = {
    "pilot_xds ": 1,
    "pilot_virt_services ": 1,
    "pilot_services ": 2,
    'pilot_xds_pushes_total{type="lds"}': 1,
    'pilot_xds_pushes_total{type="cds"}': 1,
    'pilot_xds_pushes_total{type="rds"}': 1,
    'pilot_xds_pushes_total{type="sds"}': 1,
    'pilot_xds_pushes_total{type="eds"}': 1,
    'pilot_k8s_cfg_events_total{event="add",type="Gateway"}': 1,
    "pilot_proxy_convergence_time_count ": 1,
    'pylae_certificate_not_after_seconds{namespace="istio-system",secret="kubernetes://good"}': 1,
}
"""Each with the least that it is here."""


@pytest.mark.parametrize("name", PILOT)
def test_the_control_plane_counts_under_istios_names(observed: World, name: str) -> None:
    assert sample(observed, "/metrics", name) >= PILOT[name]


def test_counters_count(observed: World) -> None:
    events = 'pilot_k8s_cfg_events_total{event="update",type="VirtualService"}'
    pushes = 'pilot_xds_pushes_total{type="rds"}'
    before = sample(observed, "/metrics", pushes)
    changed = json.loads(routed())
    changed["spec"]["http"][0]["timeout"] = "7s"
    observed.apply(json.dumps(changed))
    observed.until(lambda: sample(observed, "/metrics", pushes) > before)
    assert sample(observed, "/metrics", events) >= 1
    errors = "pilot_sds_certificate_errors "
    assert sample(observed, "/metrics", errors) == 0


def test_envoy_counts_under_its_own_names(observed: World) -> None:
    name = f'envoy_cluster_upstream_rq_total{{cluster_name="{CLUSTER}'
    before = sample(observed, "/stats/prometheus", name)
    ask(observed)
    observed.until(lambda: sample(observed, "/stats/prometheus", name) > before)
    assert sample(observed, "/stats/prometheus", "envoy_server_live") == 1


@pytest.mark.parametrize(
    ("mesh", "pattern"),
    [
        (
            {},
            r'^\[\S+Z\] "GET /{path} HTTP/2" 200 - via_upstream - "-" 0 \d+ \d+ \d+ "\S+" "curl/\S+" "\S+" "good\.',
        ),
        ({"accessLogFormat": "%REQ(:PATH)% %RESPONSE_CODE%!\n"}, r"^/{path} 200!$"),
        ({"accessLogEncoding": "JSON", "accessLogFormat": '{"at": "%REQ(:PATH)%"}'}, r'^\{{"at":"/{path}"\}}$'),
    ],
)
def test_an_access_log_on_request(observed: World, mesh: dict[str, str], pattern: str) -> None:
    wanted = re.compile(pattern.format(path="asked"), re.MULTILINE)
    with access_log(observed, **mesh):
        observed.until(lambda: ask(observed, "/asked") and wanted.search(observed.kubectl("logs", *POD).out))
        assert wanted.search(observed.pylae("logs", "envoy").out)


def test_an_access_log_in_json_has_istios_keys(observed: World) -> None:
    with access_log(observed, accessLogEncoding="JSON"):
        observed.until(lambda: ask(observed, "/json") and '"path":"/json"' in observed.kubectl("logs", *POD).out)
    line = next(x for x in observed.kubectl("logs", *POD).out.splitlines() if '"path":"/json"' in x)
    entry = json.loads(line)
    wanted = {
        "start_time", "method", "path", "protocol", "response_code", "response_flags", "response_code_details",
        "upstream_host", "upstream_cluster", "authority", "user_agent", "request_id", "duration", "bytes_sent",
        "downstream_local_address", "downstream_remote_address", "requested_server_name",
    }  # fmt: skip
    assert wanted <= entry.keys()
    assert (entry["method"], entry["response_code"], entry["authority"]) == ("GET", 200, GOOD)


@contextmanager
def access_log(world: World, **mesh: str) -> Iterator[None]:
    """Within, the mesh configuration asks for an access log."""
    written = yaml.safe_dump({"accessLogFile": "/dev/stdout", **mesh})
    created = world.kubectl("create", "configmap", "istio", "-n", "istio-system", f"--from-literal=mesh={written}")
    assert created.code == 0, created.err
    yield
    world.kubectl("delete", "configmap", "istio", "-n", "istio-system")


def test_without_a_request_there_is_no_access_log(observed: World) -> None:
    def quiet() -> bool:
        before = len(observed.kubectl("logs", *POD).out)
        ask(observed, "/quiet")
        return len(observed.kubectl("logs", *POD).out) == before

    observed.until(quiet)


def test_kubectl_logs_takes_the_last_lines_and_follows(observed: World) -> None:
    with access_log(observed, accessLogFormat="%REQ(:PATH)%\n"):
        observed.until(lambda: ask(observed, "/last") and observed.kubectl("logs", *POD, "--tail=1").out == "/last\n")
        command = ("timeout", "20", "kubectl", "logs", "-f", "--tail=1", *POD)
        with subprocess.Popen(command, env=observed.environment, stdout=subprocess.PIPE, text=True) as following:
            assert following.stdout
            assert following.stdout.readline() == "/last\n"
            ask(observed, "/followed")
            assert any(line == "/followed\n" for line in following.stdout)
            following.terminate()


# the log of Pylae itself


@contextmanager
def foreground(world: World, **streams: int) -> Iterator[subprocess.Popen[str]]:
    """`pylae up` as a child of the test; it has ended afterwards, whatever came."""
    assert world.pylae("down").code == 0
    command = (sys.executable, "-m", "pylae", "up", "-p", f"{world.http}:80", "-p", f"{world.https}:443")
    running = subprocess.Popen(command, env=world.environment, start_new_session=True, text=True, **streams)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(timeout=30)


def test_the_log_is_json_where_nobody_reads(world: World) -> None:
    with foreground(world, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        assert running.stderr
        world.until(lambda: world.pylae("status").code == 0)
        world.apply(broken_route())
        line = next(line for line in running.stderr if "PYL0301" in line)
        running.send_signal(signal.SIGTERM)
        with running.stderr as rest:
            assert all(json.loads(each) for each in rest)
    entry = json.loads(line)
    assert entry["level"] == "warning"
    assert entry.keys() == {"level", "time", "scope", "msg"}
    assert running.returncode == 0


def test_the_log_is_text_on_a_terminal(world: World) -> None:
    ours, theirs = pty.openpty()
    with (
        os.fdopen(ours, "rb", buffering=0) as terminal,
        foreground(world, stdin=theirs, stdout=theirs, stderr=theirs) as running,
    ):
        os.close(theirs)
        assert "export KUBECONFIG=" in _read_until(terminal, "Ctrl-C stops")
        world.apply(broken_route())
        shown = _read_until(terminal, "PYL0301")
        running.send_signal(signal.SIGINT)
        shown += _read_until(terminal)
    assert re.search(r"^\d\d:\d\d:\d\d warning  PYL0301 ", shown, re.MULTILINE), shown
    assert '{"level"' not in shown
    assert running.returncode == 0


def _read_until(terminal: FileIO, words: str = "") -> str:
    """What is shown until these words, or without them until the end."""
    shown = ""
    with suppress(OSError):  # how a pseudo-terminal ends
        while not words or words not in shown:
            shown += terminal.read(4096).decode().replace("\r", "")
    return shown


def broken_route() -> str:
    """A Gateway on port 80 whose only route leads nowhere."""
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["lost.example"]}
    made = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "lost"},
        "spec": {"selector": {"istio": "ingressgateway"}, "servers": [server]},
    }
    route = json.loads(answer("lost", "lost.example"))
    route["spec"]["http"] = [{"route": [{"destination": {"host": "nowhere"}}]}]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [made, route]})


# what istioctl shows


def test_proxy_status_is_synced(observed: World) -> None:
    shown = observed.pylae("proxy-status").out
    assert "istio-ingressgateway-0.istio-system" in shown
    assert "5 (CDS,LDS,EDS,RDS,SDS)" in shown
    synced = re.compile(r"SYNCED \(\d+[sm]")
    observed.until(lambda: len(synced.findall(observed.pylae("ps", "-v", "1").out)) == 5)
    (proxy,) = json.loads(observed.pylae("proxy-status", "-o", "json").out)
    assert {state["state"] for state in proxy["types"].values()} == {"SYNCED"}


SHOWN = {
    "secret": r"^kubernetes://good +Cert Chain +ACTIVE +true +\d+ ",
    "listener": r"^127\.0\.0\.1 +{https} +SNI: good\.example +Route: https\.443\.https\.good\.default$",
    "route": r"^https\.443\.https\.good\.default +good\.example:443 +good\.example +/\* +good\.default$",
    "cluster": r"^web\.default\.svc\.cluster\.local +80 +- +outbound +EDS",
    "endpoint": r"^127\.0\.0\.1:\d+ +HEALTHY +OK +outbound\|80\|\|web\.default\.svc\.cluster\.local",
    "all": r"^cluster/web\.default\.svc\.cluster\.local",
}


@pytest.mark.parametrize("kind", SHOWN)
def test_proxy_config_shows_every_kind_in_istioctls_columns(observed: World, kind: str) -> None:
    shown = observed.pylae("proxy-config", kind, "deploy/istio-ingressgateway.istio-system")
    assert shown.code == 0, shown.err
    assert re.search(SHOWN[kind].format(https=observed.https), shown.out, re.MULTILINE), shown.out


@pytest.mark.parametrize("kind", SHOWN)
def test_proxy_config_writes_every_kind_for_machines(observed: World, kind: str) -> None:
    as_json = json.loads(observed.pylae("proxy-config", kind, "-o", "json").out)
    as_yaml = yaml.safe_load(observed.pylae("proxy-config", kind, "-o", "yaml").out)
    assert as_json
    assert type(as_json) is type(as_yaml)
    assert len(as_json) == len(as_yaml)


def test_another_gateway_is_not_this_one(observed: World) -> None:
    refused = observed.pylae("proxy-config", "secret", "deploy/other.istio-system")
    assert refused.code != 0
    assert "deploy/istio-ingressgateway.istio-system" in refused.err


@pytest.mark.skipif(not shutil.which("script"), reason="script is absent: install bsdutils")
def test_status_on_a_terminal_says_the_same_as_off_it(observed: World) -> None:
    command = f"{sys.executable} -m pylae status"
    on_it = observed.run("script", "-qec", command, "/dev/null").out.replace("\r", "")
    off_it = observed.pylae("status").out
    assert on_it.splitlines()[:2] == off_it.splitlines()[:2]
