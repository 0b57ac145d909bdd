"""The loop: every change, one batch after the other, from the store to Envoy; every verdict of Envoy's, back into
what is served.

One task owns the store, the configuration and the memory of what Envoy accepted, so nothing here needs a lock. The
first change goes out at once; what arrives while it is worked on is the next batch. Nothing ever waits for a fixed
time.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import assert_never

from pylae.controlplane.configuration import Configuration
from pylae.controlplane.metrics import Metrics
from pylae.controlplane.refusals import is_unbound
from pylae.kube.resume import Delete, Notice, Synced, Upsert
from pylae.kube.store import Change, Store
from pylae.xds.delta import Accepted, Refused
from pylae.xds.last_good import LastGood, Refusal
from pylae.xds.resource import ResourceSet, Type

logger = logging.getLogger(__name__)

FIRST_RETRY = 1.0
LONGEST_RETRY = 4.0
"""Seconds between attempts to bind a port that another process holds."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """It is time to ask Envoy once more for what it refused for want of a port."""


Verdict = Accepted | Refused
Item = Notice | Verdict | TryAgain


@dataclass
class Loop:
    """`publish` hands resources to every Envoy; `observe` is called after each batch, and `sequence` counts them,
    so that a test can wait for one without sleeping."""

    configuration: Configuration
    metrics: Metrics
    publish: Callable[[ResourceSet], None]
    observe: Callable[[], None] = lambda: None
    store: Store = field(default_factory=Store)
    last_good: LastGood = field(default_factory=LastGood)
    sequence: int = 0
    accepted_at: float | None = None
    """When Envoy last accepted something, by the monotonic clock."""

    _queue: asyncio.Queue[Item] = field(default_factory=asyncio.Queue)
    _retry_after: float = FIRST_RETRY
    _retry: asyncio.TimerHandle | None = None
    _changed_at: float | None = None

    def tell(self, item: Item) -> None:
        """Hand over what happened: a reflector's notice or Envoy's verdict."""
        self._queue.put_nowait(item)

    async def run(self) -> None:
        """Work through batches until cancelled. What crashes over one is a mistake of ours: the next is worked off
        all the same, and what was published before goes on serving."""
        while True:
            batch = await self._batch()
            try:
                self._work(batch)
            except Exception:
                logger.exception("a change could not be worked off: this is a bug in Pylae, please report it")
            self.sequence += 1
            self.observe()

    async def _batch(self) -> list[Item]:
        batch = [await self._queue.get()]
        while not self._queue.empty():
            batch.append(self._queue.get_nowait())
        return batch

    @property
    def unbound(self) -> tuple[Refusal, ...]:
        """Listeners that wait for a port of this machine."""
        return tuple(refusal for refusal in self.last_good.refusals() if is_unbound(refusal))

    def _work(self, batch: list[Item]) -> None:
        was_synced = self.store.is_synced
        changes = [change for item in batch if (change := self._take(item))]
        if self.store.is_synced and (changes or not was_synced):
            self._configure(changes)
        if self.store.is_synced:
            self.publish(self.last_good.serve(self.configuration.wanted))

    def _take(self, item: Item) -> Change | None:
        match item:
            case Upsert() | Delete() | Synced():
                return self._notice(item)
            case Accepted():
                self._accepted(item)
            case Refused():
                self._refused(item)
            case TryAgain():
                self._retry = None
                self.last_good.forgive([refusal.key for refusal in self.unbound])
            case _:
                assert_never(item)
        return None

    def _notice(self, notice: Notice) -> Change | None:
        change = self.store.apply(notice)
        if change:
            event = "add" if change.old is None else "delete" if change.new is None else "update"
            self.metrics.events.labels(type=change.kind.kind, event=event).inc()
        return change

    def _configure(self, changes: Iterable[Change]) -> None:
        self._changed_at = self._changed_at or time.monotonic()
        snapshot = self.store.snapshot()
        self.configuration.apply(changes, snapshot)
        self.metrics.virtual_services.set(len(snapshot.virtual_services))
        self.metrics.services.set(len(snapshot.services))

    def _accepted(self, verdict: Accepted) -> None:
        self.last_good.accepted(verdict.resources)
        self.accepted_at = time.monotonic()
        self.metrics.pushes.labels(type=verdict.type.short.lower()).inc()
        if verdict.type is Type.LISTENER and not self.unbound:
            self._retry_after = FIRST_RETRY
        if self._changed_at is not None:
            self.metrics.convergence.observe(time.monotonic() - self._changed_at)
            self._changed_at = None

    def _refused(self, verdict: Refused) -> None:
        self.last_good.refused(verdict.resource, verdict.message)
        self.metrics.rejects.labels(type=verdict.resource.type.short.lower()).inc()
        logger.warning("Envoy refused %s %s: %s", verdict.resource.type.short, verdict.resource.name, verdict.message)
        if self.unbound and self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(self._retry_after, self.tell, TryAgain())
            self._retry_after = min(self._retry_after * 2, LONGEST_RETRY)
