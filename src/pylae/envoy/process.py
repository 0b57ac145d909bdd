"""Envoy as a process: started in a session of its own, found again, waited for, ended.

It outlives us on purpose: nothing of it hangs on our terminal or our pipes, and its log is a file. The next control
plane finds it by the pid file, or by its command line if there was no time to write one, and never starts a second.
"""

import asyncio
import contextlib
import json
import os
import resource
import signal
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pylae.envoy import proc
from pylae.envoy.admin import Admin, AdminError
from pylae.envoy.command import Command

PATIENCE = timedelta(seconds=5)
"""How long requests may take to end when Envoy is stopped, and how long it may take itself after SIGTERM."""

POLL = 0.05
_ENVIRONMENT = ("PATH", "TZ", "LANG", "LOCALDOMAIN", "RES_OPTIONS")
"""What Envoy gets of our environment: nothing that could be a secret."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How it ended. `code` is the exit code, a negative one the signal, None if it was not our child."""

    code: int | None

    def __str__(self) -> str:
        if self.code is None:
            return "ended"
        return f"exited with {self.code}" if self.code >= 0 else f"was killed by {signal.Signals(-self.code).name}"


class EnvoyProcess:
    """A running Envoy, held by a pidfd, so that its pid can never mean another process."""

    def __init__(self, pid: int, pidfd: int, *, child: bool) -> None:
        self.pid = pid
        self.adopted = not child
        self._pidfd = pidfd
        self._exit: Exit | None = None
        self._waiting: asyncio.Future[Exit] | None = None

    async def wait(self) -> Exit:
        """Until it ends. May be awaited by several, and cancelled."""
        if self._exit is not None:
            return self._exit
        if self._waiting is None:
            loop = asyncio.get_running_loop()
            self._waiting = loop.create_future()
            loop.add_reader(self._pidfd, self._reap)
        return await asyncio.shield(self._waiting)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if it has ended."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    async def stop(self, admin: Admin, patience: timedelta = PATIENCE) -> Exit:
        """Let requests end, then end it: SIGTERM, and SIGKILL if that does not do."""
        seconds = patience.total_seconds()
        with contextlib.suppress(TimeoutError, AdminError):
            await asyncio.wait_for(_drain(admin), seconds)
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.signal(number)
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(self.wait(), seconds)
        return await self.wait()

    def release(self) -> None:
        """Watch it no more, and let it run."""
        if self._waiting is not None and not self._waiting.done():
            asyncio.get_running_loop().remove_reader(self._pidfd)
            self._waiting.cancel()
        self._close()

    def _close(self) -> None:
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        code = None if self.adopted else os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self._exit = Exit(code)
        self._close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(self._exit)


def spawn(command: Command, *, log: Path, pid_file: Path) -> EnvoyProcess:
    """Start Envoy; what it prints is appended to `log` (0600). Raises OSError if it cannot be started."""
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        pid = os.posix_spawn(
            command.binary,
            command.arguments(),
            {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output, 1),
                (os.POSIX_SPAWN_DUP2, output, 2),
            ],
            setsid=True,
            # Python ignores SIGPIPE and the like, and what is ignored would stay so in Envoy.
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM],
        )
    finally:
        os.close(output)
    process = EnvoyProcess(pid, os.pidfd_open(pid), child=True)
    with contextlib.suppress(ProcessLookupError):
        _lift_file_limit(pid)
    _write_pid_file(pid_file, pid)
    return process


def adopt(command: Command, *, pid_file: Path) -> EnvoyProcess | None:
    """The Envoy that runs already from our bootstrap, if there is one."""
    recorded = _recorded(pid_file)
    for pid in (*([recorded.pid] if recorded else []), *proc.pids()):
        with contextlib.suppress(OSError):
            # First the descriptor, then the questions: so the answers are about the process that is held.
            pidfd = os.pidfd_open(pid)
            if _is_ours(pid, command, recorded):
                _write_pid_file(pid_file, pid)
                return EnvoyProcess(pid, pidfd, child=False)
            os.close(pidfd)
    return None


@dataclass(frozen=True, slots=True)
class _Recorded:
    pid: int
    start_time: int


def _recorded(pid_file: Path) -> _Recorded | None:
    try:
        document = json.loads(pid_file.read_text())
        return _Recorded(document["pid"], document["startTime"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_ours(pid: int, command: Command, recorded: _Recorded | None) -> bool:
    """A recorded pid that was started at another time is another process, whatever its arguments are."""
    started = proc.start_time(pid)
    if started is None or (recorded and recorded.pid == pid and recorded.start_time != started):
        return False
    return proc.owner(pid) == os.getuid() and command.started(proc.arguments(pid))


def _write_pid_file(pid_file: Path, pid: int) -> None:
    """On a full disk there is none, and the process is found by its command line."""
    temporary = pid_file.with_suffix(".new")
    with contextlib.suppress(OSError):
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps({"pid": pid, "startTime": proc.start_time(pid)}) + "\n")
        temporary.replace(pid_file)


def _lift_file_limit(pid: int) -> None:
    """Each connection is two files, and many machines allow a process 1024 unless it asks for more."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))


async def _drain(admin: Admin) -> None:
    """Accept nobody any more, and wait until nobody is served."""
    await admin.drain()
    while await admin.busy():  # noqa: ASYNC110 (another process: there is nothing to wait for but its answer)
        await asyncio.sleep(POLL)
