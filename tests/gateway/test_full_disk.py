"""A full disk: writes are refused in words, everything else goes on, and once there is room so do writes."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from world import GOOD, World, good_host, pair, secret

from pylae.apiserver.database import PAGE_BYTES

pytestmark = pytest.mark.real

DISK = "16m"


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small file system of its own."""
    if os.getuid() != 0:
        pytest.skip("only root can mount one")
    home = Path(tempfile.mkdtemp(prefix="pylae-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", home], check=False)
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        yield home
    finally:
        subprocess.run(["umount", "--lazy", home], check=True)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def world(disk: Path) -> Iterator[World]:
    made = World(disk / "data")
    try:
        started = made.up()
        assert started.code == 0, started.err
        yield made
    finally:
        made.pylae("down")


def fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (PAGE_BYTES * 256, PAGE_BYTES, 1):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    return path


def test_a_full_disk_stops_writes_alone_and_only_while_it_is_full(disk: Path, world: World) -> None:
    assert world.apply(good_host()).code == 0
    world.until(lambda: world.curl(f"https://{GOOD}/", "-k").code == 0)
    large = f"--from-literal=a={'x' * 100_000}"
    filler = fill(disk)
    while (created := world.kubectl("create", "configmap", "large", large)).code == 0:
        assert world.kubectl("delete", "configmap", "large").code == 0  # there was room in files of ours

    assert "nothing was stored" in created.err
    assert "full. Free some space" in created.err
    assert world.kubectl("get", "configmap", "large").code == 1
    assert world.kubectl("get", "secret", "good", "-n", "istio-system").code == 0
    assert world.curl(f"https://{GOOD}/", "-k").body == "hello from good"
    assert "serving" in world.pylae("status").out

    filler.unlink()
    made = pair("late.example")
    assert world.apply(secret("late", tls_crt=made.chain, tls_key=made.key)).code == 0
    assert world.kubectl("create", "configmap", "large", large).code == 0
    assert world.curl(f"https://{GOOD}/", "-k").body == "hello from good"
    assert world.pylae("down").code == 0
    assert world.up().code == 0
    assert world.kubectl("get", "configmap", "large").code == 0
