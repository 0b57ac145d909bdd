"""`pylae up` as a service of systemd, which listens on a socket."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from world import free_port

PATIENCE = 30


@contextmanager
def systemd() -> Iterator[tuple[socket.socket, Path]]:
    """The socket, and a directory whose path is short enough for one."""
    with TemporaryDirectory(prefix="pylae-") as home, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"{home}/notify")
        listening.settimeout(PATIENCE)
        yield listening, Path(home)


def until(listening: socket.socket, wanted: bytes) -> list[bytes]:
    """Everything that is heard, the line that is waited for included."""
    heard: list[bytes] = []
    while wanted not in heard:
        heard += listening.recv(1000).splitlines()
    return heard


@pytest.mark.real
def test_systemd_hears_that_it_serves_that_it_lives_and_that_it_ends() -> None:
    with systemd() as (listening, home):
        environment = {**os.environ, "NOTIFY_SOCKET": f"{home}/notify", "WATCHDOG_USEC": "1000000"}
        quiet = subprocess.DEVNULL
        command = [sys.executable, "-m", "pylae", "up", "--data-dir", f"{home}/data"]
        ports = ["-p", f"{free_port()}:80", "-p", f"{free_port()}:443"]
        with subprocess.Popen([*command, *ports], env=environment, stdout=quiet, stderr=quiet) as process:
            until(listening, b"READY=1")
            until(listening, b"WATCHDOG=1")
            process.send_signal(signal.SIGTERM)
            until(listening, b"STOPPING=1")
            assert process.wait(PATIENCE) == 0
