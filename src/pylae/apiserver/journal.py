"""The one order of all writes: decided one at a time in memory, made durable in groups, then shown to readers.

A write is decided at once against the newest state, committed or not, so two requests can never both be first. What
is decided while the disk is busy goes into its next transaction together (group commit). Readers see only what the
disk has. If the disk refuses, everything not yet durable is refused with it, because later decisions stand on earlier
ones; memory is then as it was, and reading goes on.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import ParamSpec, TypeVar

from pylae.apimachinery.failure import Failure, insufficient_storage, internal_error
from pylae.apiserver.cache import Cache
from pylae.apiserver.database import StorageError, StorageFull
from pylae.apiserver.entry import Event, Key
from pylae.apiserver.storage import Storage
from pylae.apiserver.transaction import Transaction

Answer = TypeVar("Answer")
Asked = ParamSpec("Asked")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Group:
    """The events of one request on their way to the disk; `done` is what became of them (None: all is well)."""

    events: Sequence[Event]
    done: "asyncio.Future[Failure | None]"


class Journal:
    """Takes decisions, keeps their order, and owns the thread that talks to the disk."""

    def __init__(self, storage: Storage, cache: Cache, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._cache = cache
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pylae-storage")
        self._disk = asyncio.Lock()  # a commit with its publication, or a checkpoint: not both
        self._revision = cache.revision
        self._pending: dict[Key, Event] = {}
        self._waiting: list[Group] = []
        self._newest: asyncio.Future[Failure | None] | None = None
        self._committing: asyncio.Task[None] | None = None
        self._closed = False

    async def write(self, decide: Callable[[Transaction], Answer], *, dry_run: bool = False) -> Answer:
        """Lets `decide` read and change, and gives its answer back when the changes are on the disk.

        Raises what `decide` raises (nothing is changed then) and a 507 `Failure` when the disk is full.
        """
        if self._closed:
            raise Failure(503, "ServiceUnavailable", "the API server is stopping: try again when it is back")
        transaction = Transaction(self._cache, self._pending, revision=self._revision, dry_run=dry_run)
        try:
            answer = decide(transaction)
        except Failure:
            await self._durable()
            raise
        if transaction.events and not dry_run:
            self._enqueue(transaction.events)
        if failure := await self._durable():
            raise failure
        return answer

    async def compact(self) -> None:
        """Forgets the past that is old enough (`Storage.oldest_kept`) and cuts the write-ahead log."""
        await self._forget(await self._run(self._storage.oldest_kept, self._clock()))
        async with self._disk:
            await self._run(self._storage.settle)
        await self._run(self._storage.remove_old_copies, self._clock())

    async def close(self) -> None:
        """Writes what is decided, takes no more, and closes the database. Once closed, it stays so."""
        if self._closed:
            return
        self._closed = True
        while self._committing:
            await asyncio.wait((self._committing,))
        self._cache.close()
        await self._run(self._storage.close)
        self._thread.shutdown()

    def _enqueue(self, events: Sequence[Event]) -> None:
        loop = asyncio.get_running_loop()
        self._newest = loop.create_future()
        self._waiting.append(Group(events, self._newest))
        self._revision = events[-1].revision
        self._pending.update((event.entry.key, event) for event in events)
        if self._committing is None:
            self._committing = loop.create_task(self._commit_all())

    async def _durable(self) -> Failure | None:
        """Waits for everything decided so far, since an answer may rest on it; says what became of the newest."""
        if self._newest is None or self._newest.done():
            return None
        return await asyncio.shield(self._newest)

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                async with self._disk:
                    await self._commit_waiting()
        finally:
            self._committing = None

    async def _commit_waiting(self) -> None:
        groups, self._waiting = self._waiting, []
        events = [event for group in groups for event in group.events]
        if failure := await self._commit(events):
            self._refuse(groups, failure)
            return
        self._publish(groups, events)
        if self._storage.wants_checkpoint:
            with suppress(StorageError):  # all is stored; compaction will try again, and say so
                await self._run(self._storage.settle)

    async def _commit(self, events: Sequence[Event]) -> Failure | None:
        try:
            try:
                await self._store(events)
            except StorageFull:
                # History is a convenience and takes room. Without it a client relists; without room it could not even
                # delete.
                await self._forget(self._cache.revision + 1)
                await self._run(self._storage.settle)
                await self._store(events)
        except StorageFull as full:
            return insufficient_storage(
                f"nothing was stored: {full}. Free some space, or at the limit delete objects; then try again."
            )
        except StorageError as error:
            logger.error("the API's database refused a write: %s", error)
            return internal_error(f"nothing was stored: {error}")
        except Exception:
            logger.exception("a write could not be stored: this is a bug in Pylae")
            return internal_error("nothing was stored: the server's log says why")
        return None

    async def _store(self, events: Sequence[Event]) -> None:
        with self._cache.hold():
            await self._run(self._storage.commit, events, self._clock())

    async def _forget(self, before: int) -> None:
        self._cache.forget(before)
        while await self._run(self._storage.forget, before):
            pass

    def _publish(self, groups: Sequence[Group], events: Sequence[Event]) -> None:
        self._cache.apply(events)
        for event in events:
            if self._pending.get(event.entry.key) is event:
                del self._pending[event.entry.key]
        for group in groups:
            group.done.set_result(None)

    def _refuse(self, groups: Sequence[Group], failure: Failure) -> None:
        refused, self._waiting = [*groups, *self._waiting], []
        self._pending.clear()
        for group in refused:
            group.done.set_result(failure)

    async def _run(self, work: Callable[Asked, Answer], *args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*args, **kwargs))
