"""`pylae up`: start the API, the control plane and one Envoy, here in the foreground or detached."""

import ipaddress
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from pylae.cli import instance
from pylae.cli.logs import Tail, readable
from pylae.cli.output import say
from pylae.cli.summary import render
from pylae.controlplane.settings import PortMapping, Settings
from pylae.node.directories import DataDirectory
from pylae.node.lock import AlreadyRunning, holder

PATIENCE = 60.0
"""Seconds until a start that neither succeeds nor fails is told as such."""

PAUSE = 0.02
UNITS = {"Mi": 2**20, "Gi": 2**30}
LEAST_HEAP = 64 * UNITS["Mi"]
"""Bytes. Envoy takes half of that before anybody has come."""

TERMINATED = 128 + signal.SIGTERM
LAST_LINES = 10


def _mappings(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[PortMapping, ...]:
    del context, parameter
    try:
        return tuple(PortMapping.parse(value) for value in values)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _address(context: click.Context, parameter: click.Parameter, value: str) -> str:
    del context, parameter
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise click.BadParameter(f'"{value}" is no IP address, such as 127.0.0.1 or 0.0.0.0') from None


def _size(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    del context, parameter
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,9})(Mi|Gi)", value)
    if not found or not (size := int(found[1]) * UNITS[found[2]]) >= LEAST_HEAP:
        raise click.BadParameter(f'"{value}" is no size from 64Mi on, such as 512Mi or 2Gi')
    return size


@click.command()
@click.option(
    "-f", "--file", "files", multiple=True, type=click.Path(exists=True, path_type=Path),
    help="Apply this file or directory and go on watching it.",
)  # fmt: skip
@click.option(
    "-p", "--publish", "ports", multiple=True, metavar="HOSTPORT:GATEWAYPORT", callback=_mappings,
    help="Reach the gateway's port on this port of the machine.",
)  # fmt: skip
@click.option(
    "--bind",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    callback=_address,
    help="Address of the gateway's ports.",
)
@click.option("--envoy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another Envoy binary.")
@click.option(
    "--max-heap", metavar="SIZE", callback=_size,
    help="Memory of Envoy, such as 512Mi: requests get 503 before it is full.  [default: half of the machine's]",
)  # fmt: skip
@click.option(
    "--max-connections", type=click.IntRange(min=1), metavar="NUMBER",
    help="Clients' connections at a time, as far as there can be open files.  [default: 50000]",
)  # fmt: skip
@click.option("-d", "--detach", is_flag=True, help="Return when it is ready, and leave it running.")
@click.option("--unattended", is_flag=True, hidden=True, help="Nobody reads the output.")
@instance.data_dir_option
def up(data: DataDirectory, detach: bool, unattended: bool, **wanted: Any) -> None:
    """Start the gateway: its API, its control plane and one Envoy."""
    begun = time.monotonic()
    if detach and not unattended:
        _start_detached(data, begun)
    else:
        _run(Settings(data=data, foreground=not unattended, **wanted), begun)


def _run(settings: Settings, begun: float) -> None:
    """In this process, until it is told to end."""
    from pylae.controlplane.app import run

    if settings.foreground:
        _when_ready(settings.data, lambda: _greet(settings.data, begun, "Ctrl-C stops; "))
    run(settings)


def _greet(data: DataDirectory, begun: float, first: str = "") -> None:
    took = time.monotonic() - begun
    say(render(instance.status(data), data))
    say(f"\nReady in {took:.1f} s. {first}`pylae status` shows what serves.")


def _when_ready(data: DataDirectory, then: Callable[[], None]) -> None:
    """Call `then` once, from a thread beside the control plane, which answers no questions before it is ready."""

    def wait() -> None:
        while not _is_ready(data, os.getpid()):
            time.sleep(PAUSE)
        with suppress(click.ClickException):  # it may be ending by now
            then()

    threading.Thread(target=wait, name="greeting", daemon=True).start()


def _start_detached(data: DataDirectory, begun: float) -> None:
    if pid := holder(data.lock):
        raise AlreadyRunning(pid, data.lock)
    data.prepare()
    data.log.touch(mode=0o600)
    written = Tail(data.log, position=data.log.stat().st_size, inode=data.log.stat().st_ino)
    with data.log.open("ab") as log:
        process = subprocess.Popen(
            _same_command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    with _given_up_by_signals(process):
        _wait(process, data, written)
    _greet(data, begun)


@contextmanager
def _given_up_by_signals(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Whoever is interrupted while he waits for the start did not want it: the process is told to end."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        process.terminate()
        process.wait()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _same_command() -> list[str]:
    """What was typed, but unattended; the environment and the working directory are inherited."""
    return [sys.executable, "-m", "pylae", *sys.argv[1:], "--unattended"]


def _wait(process: subprocess.Popen[bytes], data: DataDirectory, written: Tail) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise click.ClickException(_last_words(written, f"Pylae ended at once ({process.returncode})."))
        if _is_ready(data, process.pid):
            return
        time.sleep(PAUSE)
    raise click.ClickException(_last_words(written, f"Pylae is not ready after {PATIENCE:.0f} s. It goes on trying."))


def _is_ready(data: DataDirectory, pid: int) -> bool:
    """Whether this very process is ready, and not another that was started there before."""
    return holder(data.lock) == pid and instance.is_ready(data)


def _last_words(written: Tail, what: str) -> str:
    lines = [readable(line) for line in written.fresh()[-LAST_LINES:]]
    return os.linesep.join([what if lines else f"{what} Its log is {written.path}", *(f"  {line}" for line in lines)])
