"""What systemd hears, over a real socket."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pylae.node.notify import ALIVE, READY, notify, status, stay_alive, watchdog


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """The socket that systemd listens on, and the environment that names it."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(5)
        yield listening, {"NOTIFY_SOCKET": str(path)}


def test_lines_are_told_in_one_datagram(systemd: tuple[socket.socket, dict[str, str]]) -> None:
    listening, environment = systemd
    assert notify(READY, status("serves 3 hosts"), environment=environment)
    assert listening.recv(200) == b"READY=1\nSTATUS=serves 3 hosts"


def test_a_status_never_becomes_another_assignment() -> None:
    assert status("one\nMAINPID=1") == "STATUS=one MAINPID=1"


def test_an_abstract_socket_is_reached_too() -> None:
    name = f"pylae-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.settimeout(5)
        assert notify(READY, environment={"NOTIFY_SOCKET": f"@{name}"})
        assert listening.recv(200) == b"READY=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "vsock:2:9999"])
def test_where_nobody_listens_nothing_is_told_and_nothing_fails(address: str) -> None:
    assert not notify(READY, environment={"NOTIFY_SOCKET": address})


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "10000000"}, 5.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid())}, 5.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_signs_of_life_are_given_twice_as_often_as_asked_for(
    environment: dict[str, str], seconds: float | None
) -> None:
    assert watchdog(environment) == seconds


async def test_signs_of_life_go_on(systemd: tuple[socket.socket, dict[str, str]]) -> None:
    listening, environment = systemd
    task = asyncio.create_task(stay_alive({**environment, "WATCHDOG_USEC": "2000"}))
    heard = [await asyncio.to_thread(listening.recv, 200) for _ in range(3)]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert heard == [ALIVE.encode()] * 3
