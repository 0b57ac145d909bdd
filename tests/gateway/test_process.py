"""A process that one can trust: what dies comes back, what was acknowledged is there, and there are never two."""

import json
import os
import signal
import socket
from pathlib import Path

import pytest
from admin import runs
from load import Load
from world import GOOD, World, free_port, good_host

pytestmark = pytest.mark.real


@pytest.fixture
def serving(world: World) -> World:
    world.apply(good_host())
    world.until(lambda: world.curl(f"https://{GOOD}/", "-k").code == 0)
    return world


def status(world: World) -> dict[str, dict[str, int]]:
    return json.loads(world.pylae("status", "-o", "json").out)


def revisions(world: World) -> dict[str, int]:
    told = world.kubectl("get", "secrets,services,gateways.networking.istio.io,virtualservices", "-A", "-o", "json")
    return {
        f"{item['kind']} {item['metadata']['namespace']}/{item['metadata']['name']}": int(
            item["metadata"]["resourceVersion"]
        )
        for item in json.loads(told.out)["items"]
    }


def test_a_second_up_on_the_same_data_directory_says_who_runs_there(serving: World) -> None:
    second = serving.up()
    assert second.code == 1
    assert str(status(serving)["controlPlane"]["pid"]) in second.err


def test_down_leaves_no_process_and_up_brings_every_object_back(serving: World) -> None:
    before = revisions(serving)
    told = status(serving)
    assert serving.pylae("down").code == 0
    for process in (told["controlPlane"]["pid"], told["envoy"]["pid"]):
        assert not runs(process)
    assert serving.up().code == 0
    after = revisions(serving)
    assert after.keys() == before.keys()
    assert all(after[name] >= revision for name, revision in before.items())
    assert serving.curl(f"https://{GOOD}/", "-k").body == "hello from good"


def test_envoy_serves_on_without_a_control_plane_and_the_next_up_takes_it_over(serving: World) -> None:
    told = status(serving)
    with Load(serving.https, GOOD) as load:
        os.kill(told["controlPlane"]["pid"], signal.SIGKILL)
        serving.until(lambda: not runs(told["controlPlane"]["pid"]))
        assert serving.curl(f"https://{GOOD}/", "-k").body == "hello from good"
        assert serving.up().code == 0
    load.assert_nothing_failed()
    assert status(serving)["envoy"]["pid"] == told["envoy"]["pid"]


def test_an_envoy_that_dies_is_started_again_with_the_same_configuration(serving: World) -> None:
    pid = status(serving)["envoy"]["pid"]
    os.kill(pid, signal.SIGKILL)
    serving.until(lambda: status(serving)["envoy"].get("pid") not in (pid, None))
    serving.until(lambda: serving.curl(f"https://{GOOD}/", "-k").code == 0)


def test_a_write_that_was_acknowledged_survives_kill_9(serving: World) -> None:
    pid = status(serving)["controlPlane"]["pid"]
    created = serving.kubectl("create", "configmap", "kept", "--from-literal=a=b")
    os.kill(pid, signal.SIGKILL)
    assert created.code == 0
    assert serving.up().code == 0
    assert serving.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.a}").out == "b"


def test_down_ends_an_envoy_whose_control_plane_died(serving: World) -> None:
    told = status(serving)
    os.kill(told["controlPlane"]["pid"], signal.SIGKILL)
    assert serving.pylae("down").code == 0
    assert not runs(told["envoy"]["pid"])


def test_a_port_in_use_is_told_and_tried_again_while_the_others_serve(serving: World) -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        patch = [{"op": "replace", "path": "/spec/ports/0/nodePort", "value": port}]
        serving.apply(HTTP)
        patched = serving.kubectl(
            "patch", "service", "istio-ingressgateway", "-n", "istio-system", "--type=json", "-p", json.dumps(patch)
        )
        assert patched.code == 0, patched.err
        serving.until(lambda: "PYL0201" in serving.pylae("status").out)
        described = ("describe", "service", "istio-ingressgateway", "-n", "istio-system")
        serving.until(lambda: f"127.0.0.1:{port}" in serving.kubectl(*described).out)
        assert serving.curl(f"https://{GOOD}/", "-k").body == "hello from good"
    serving.until(
        lambda: serving.run("curl", "-sS", "-H", "host: plain.example", f"http://127.0.0.1:{port}/").code == 0
    )
    serving.until(lambda: "PYL0201" not in serving.pylae("status").out)


HTTP = json.dumps(
    {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "plain", "namespace": "default"},
        "spec": {
            "selector": {"istio": "ingressgateway"},
            "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["plain.example"]}],
        },
    }
)


def test_nothing_of_ours_can_be_opened_by_another_user(serving: World) -> None:
    for path in (serving.data, *serving.data.rglob("*")):
        mode = path.stat().st_mode & 0o077
        assert mode == 0, f"{path} is open to others: {mode:o}"


def test_every_listener_of_ours_is_on_loopback_or_a_unix_socket(serving: World) -> None:
    told = status(serving)
    for pid in (told["controlPlane"]["pid"], told["envoy"]["pid"]):
        for address in listening(pid):
            assert address in ("0100007F", "00000000000000000000000001000000"), f"{pid} listens on {address}"


def listening(pid: int) -> set[str]:
    """The addresses, as /proc spells them, on which a process listens by TCP."""
    links = [str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {link.removeprefix("socket:[").rstrip("]") for link in links if link.startswith("socket:")}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                found.add(fields[1].partition(":")[0])
    return found
