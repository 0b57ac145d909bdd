"""What the machine's other users can reach of a gateway: its ports, the read-only metrics, and nothing else."""

import json
import os
import shutil
import stat
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from world import GOOD, Answer, World, answer, documents

from pylae.cli.door import ask_json
from pylae.node.directories import SOCKET_PATH_LIMIT, DataDirectory

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def far() -> Iterator[World]:
    """A gateway for all addresses, far down in the file system, started where new files are open to everybody."""
    home = Path(tempfile.mkdtemp(prefix="pylae-"))
    world = World(home / "/".join(["a-long-way-down"] * 12))
    try:
        started = started_where_all_is_open(world)
        assert started.code == 0, started.err
        world.apply(a_plain_host())
        world.until(lambda: "hello" in world.curl(f"http://{GOOD}/").out)
        yield world
    finally:
        world.pylae("down")
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(DataDirectory.at(world.data).run, ignore_errors=True)


def started_where_all_is_open(world: World) -> Answer:
    before = os.umask(0)
    try:
        return world.up("--bind", "0.0.0.0")
    finally:
        os.umask(before)


def a_plain_host() -> str:
    port = {"number": 80, "name": "http", "protocol": "HTTP"}
    spec = {"selector": {"istio": "ingressgateway"}, "servers": [{"port": port, "hosts": [GOOD]}]}
    made = {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "plain"}, "spec": spec}
    return documents(json.dumps(made), answer("plain", GOOD))


def test_every_file_and_socket_is_its_owners_alone_whatever_the_umask(far: World) -> None:
    data = DataDirectory.at(far.data)
    found = [data.path, data.run, *data.path.rglob("*"), *data.run.rglob("*")]
    assert {data.xds_socket, data.admin_socket, data.control_socket, data.database, data.log, data.envoy_log} < {*found}
    for path in found:
        assert stat.S_IMODE(path.lstat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_data_directory_may_lie_deeper_than_a_sockets_path_may_be_long(far: World) -> None:
    data = DataDirectory.at(far.data)
    assert len(os.fsencode(data.path)) > SOCKET_PATH_LIMIT
    assert stat.S_ISSOCK(data.admin_socket.stat().st_mode)
    assert far.pylae("proxy-config", "listener").code == 0


def test_bind_concerns_the_ports_of_the_gateway_alone(far: World) -> None:
    told = json.loads(far.pylae("status", "-o", "json").out)
    ports = {int(told[part]["address"].rpartition(":")[2]) for part in ("api", "telemetry")}
    assert set(listening(told["controlPlane"]["pid"])) == {("127.0.0.1", port) for port in ports}
    assert set(listening(told["envoy"]["pid"])) == {("0.0.0.0", far.http)}


def listening(pid: int) -> Iterator[tuple[str, int]]:
    """The TCP addresses that a process listens on (proc(5), IPv4; one of IPv6 fails the test)."""
    descriptors = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.is_symlink()}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            (
                _,
                local,
                _,
                state,
                *_,
            ) = line.split()
            if state == "0A" and f"socket:[{line.split()[9]}]" in descriptors:
                assert table == "tcp", f"listens on {local}"
                address, port = local.split(":")
                yield ".".join(map(str, struct.pack("=I", int(address, 16)))), int(port, 16)


@pytest.mark.parametrize("place", ["data", "data/run"])
@pytest.mark.parametrize("kind", ["symlink", "file"])
def test_what_stands_in_the_place_of_a_directory_of_ours_is_not_used(tmp_path: Path, place: str, kind: str) -> None:
    elsewhere, foreign = tmp_path / "elsewhere", tmp_path / place
    elsewhere.mkdir(mode=0o755)
    foreign.parent.mkdir(mode=0o700, exist_ok=True)
    foreign.symlink_to(elsewhere) if kind == "symlink" else foreign.touch()
    refused = World(tmp_path / "data").up()
    assert refused.code != 0
    assert str(foreign) in refused.err
    assert "--data-dir" in refused.err
    assert not list(elsewhere.iterdir())
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
@pytest.mark.parametrize("place", ["data", "data/run"])
def test_a_directory_of_another_user_is_not_used(tmp_path: Path, place: str) -> None:
    foreign = tmp_path / place
    foreign.parent.mkdir(mode=0o700, exist_ok=True)
    foreign.mkdir()
    os.chown(foreign, 65534, 65534)
    refused = World(tmp_path / "data").up()
    assert refused.code == 1
    assert f"{foreign} is not a directory of yours" in refused.err


def test_telemetry_can_be_read_and_nothing_else(shop: World) -> None:
    address = json.loads(shop.pylae("status", "-o", "json").out)["telemetry"]["address"]
    for path in ("/metrics", "/stats/prometheus", "/readyz", "/livez"):
        assert shop.run("curl", "-sf", f"{address}{path}").code == 0
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert " 405 " in shop.run("curl", "-si", "-X", method, f"{address}{path}").out.split("\n")[0]
    for path in ("/status", "/config_dump", "/certs", "/quitquitquit", "/debug", "/stats", "/", "/api/v1/secrets"):
        assert " 404 " in shop.run("curl", "-si", f"{address}{path}").out.split("\n")[0]


def test_envoy_is_not_told_our_environment(shop: World) -> None:
    pid = json.loads(shop.pylae("status", "-o", "json").out)["envoy"]["pid"]
    told = {entry.partition(b"=")[0] for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if entry}
    assert told <= {b"PATH", b"TZ", b"LANG", b"LOCALDOMAIN", b"RES_OPTIONS"}
    admin = ask_json(DataDirectory.at(shop.data).admin_socket, "/server_info")
    assert admin["command_line_options"]["admin_address_path"] == ""
