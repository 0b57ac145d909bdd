"""A start and an end, the same for every program: one process per data directory, a log, two signals that end it, and
what was opened is closed in the opposite order.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from pylae.node import collector, notify
from pylae.node.directories import DataDirectory, DirectoryError
from pylae.node.journal import open_journal
from pylae.node.lock import InstanceLock

logger = logging.getLogger(__name__)

ENDS = (signal.SIGINT, signal.SIGTERM)


class Start:
    """`opened` takes what must be ended, in the opposite order; what is handed to `run` runs until then."""

    def __init__(self, opened: AsyncExitStack) -> None:
        self.opened = opened
        self.running: list[asyncio.Task[None]] = []
        self.is_over = False

    def run(self, *parts: Coroutine[object, object, None]) -> None:
        for part in parts:
            task = asyncio.create_task(part)
            self.running.append(task)
            self.opened.push_async_callback(cancel, task)


Begin = Callable[[Start], Awaitable[None]]


def serve(data: DataDirectory, begin: Begin, *, foreground: bool) -> None:
    """Begin, and serve until SIGINT or SIGTERM. Raises `AlreadyRunning`, `DirectoryError`, and the world's errors of a
    failed start."""
    data.prepare()
    lock = InstanceLock(data.lock)
    try:
        lock.acquire()
        open_journal(data.log, foreground=foreground)
        asyncio.run(_serve(begin))
    except OSError as error:
        where = error.filename or data.path
        raise DirectoryError(
            f"{where}: {error.strerror or error}. See that there is room and that it is yours."
        ) from error
    finally:
        lock.release()


async def _serve(begin: Begin) -> None:
    collector.settle()
    ending = asyncio.Event()
    for number in ENDS:
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    async with AsyncExitStack() as opened:
        start = Start(opened)
        await begin(start)
        start.is_over = True
        await _until(ending, start.running)
        notify.notify(notify.STOPPING)
        logger.info("Ending: requests under way may finish")


async def _until(ending: asyncio.Event, running: list[asyncio.Task[None]]) -> None:
    """Until somebody asks for the end; a part that ends by itself has crashed, and all ends with it."""
    asked = asyncio.create_task(ending.wait())
    done, _ = await asyncio.wait([asked, *running], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def cancel(task: asyncio.Task[None]) -> None:
    """End a task, and wait until it has ended."""
    task.cancel()
    await asyncio.wait([task])


def now() -> datetime:
    return datetime.now(UTC)
