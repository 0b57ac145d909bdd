"""How a program is started by its command: here in the foreground, or detached, where the command returns once the
program is ready. The same for everything that holds a data directory.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import click

from pylae.cli import instance
from pylae.cli.logs import Tail, readable, tells_of_trouble
from pylae.cli.output import note, say
from pylae.node.directories import DataDirectory
from pylae.node.lock import AlreadyRunning, holder

PATIENCE = 60.0
"""Seconds until a start that neither succeeds nor fails is told as such."""

SILENCE = 3.0
"""Seconds after which whoever waits is shown what the log complains of."""

PAUSE = 0.02
TERMINATED = 128 + signal.SIGTERM
LAST_LINES = 10

Page = Callable[[DataDirectory], str]
"""What is said of an instance that is ready."""


def launch_options(command: Callable[..., None]) -> Callable[..., None]:
    """`-d/--detach`, and what the detached process itself is started with."""
    detach = click.option("-d", "--detach", is_flag=True, help="Return when it is ready, and leave it running.")
    unattended = click.option("--unattended", is_flag=True, hidden=True, help="Nobody reads the output.")
    return detach(unattended(command))


@dataclass(frozen=True, slots=True)
class Launch:
    """One start on a data directory; `begun` is when the command was, by the monotonic clock."""

    data: DataDirectory
    page: Page
    begun: float

    def in_foreground(self, run: Callable[[], None], *, attended: bool) -> None:
        """In this process, until it is told to end. Whoever attends is told when it is ready."""
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # gRPC prints beside our log, and tells us the same as errors
        if attended:
            _when_ready(self.data, lambda: self._greet("Ctrl-C stops; "))
        run()

    def detached(self) -> None:
        """In a process of its own, by the command that was typed; returns when that is ready. Raises `AlreadyRunning`,
        and ClickException with its last words if it ends."""
        data = self.data
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
        self._greet()

    def _greet(self, first: str = "") -> None:
        took = time.monotonic() - self.begun
        say(self.page(self.data))
        say(f"\nReady in {took:.1f} s. {first}`pylae status` shows what serves.")


def _when_ready(data: DataDirectory, then: Callable[[], None]) -> None:
    """Call `then` once, from a thread beside the program, which answers no questions before it is ready."""

    def wait() -> None:
        while not _is_ready(data, os.getpid()):
            time.sleep(PAUSE)
        with suppress(click.ClickException):  # it may be ending by now
            then()

    threading.Thread(target=wait, name="greeting", daemon=True).start()


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
    began, shown = time.monotonic(), replace(written)
    while (waited := time.monotonic() - began) < PATIENCE:
        if process.poll() is not None:
            raise click.ClickException(_last_words(written, f"Pylae ended at once ({process.returncode})."))
        if _is_ready(data, process.pid):
            return
        if waited > SILENCE:
            for line in filter(tells_of_trouble, shown.fresh()):
                note(readable(line))
        time.sleep(PAUSE)
    raise click.ClickException(_last_words(written, f"Pylae is not ready after {PATIENCE:.0f} s. It goes on trying."))


def _is_ready(data: DataDirectory, pid: int) -> bool:
    """Whether this very process is ready, and not another that was started there before."""
    return holder(data.lock) == pid and instance.is_ready(data)


def _last_words(written: Tail, what: str) -> str:
    lines = [readable(line) for line in written.fresh()[-LAST_LINES:]]
    return os.linesep.join([what if lines else f"{what} Its log is {written.path}", *(f"  {line}" for line in lines)])
