"""The loop: every change, one batch after the other, from the store to Envoy; every verdict and every question of
Envoy's, back into what is served.

One task owns the store, the configuration and the memory of what Envoy accepted, so nothing here needs a lock. The
first change goes out at once; what arrives while it is worked on is the next batch. Nothing ever waits for a fixed
time. In between, when there is nothing else to do, objects are examined and hosts out of use are let go of.
"""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import assert_never

from pylae.controlplane.configuration import Configuration
from pylae.controlplane.metrics import Metrics
from pylae.controlplane.questions import Questions
from pylae.controlplane.refusals import is_unbound
from pylae.controlplane.sweep import Sweep
from pylae.kube.resume import Delete, Notice, Synced, Upsert
from pylae.kube.store import Store
from pylae.xds.event import Accepted, Asked, Left, Refused
from pylae.xds.last_good import LastGood, Refusal
from pylae.xds.resource import Key, Type
from pylae.xds.world import Served

logger = logging.getLogger(__name__)

FIRST_RETRY = 1.0
LONGEST_RETRY = 4.0
"""Seconds between attempts to bind a port that another process holds."""

SLICE = 0.005
"""Seconds of work after which others have their turn: an Envoy that waits, a request to the API."""

GLANCE, REST = 0.002, 0.01
"""Seconds that objects are examined, and that all else is then left alone."""

QUIET = 0.03
"""Seconds after a change or a question in which nothing is examined: what follows from it is a talk of several turns,
and must not meet the examination at each."""

SWEEP = 1.0
"""Seconds between two looks at the clock of the sweep."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """It is time to ask Envoy once more for what it refused for want of a port."""


Verdict = Accepted | Refused
Item = Notice | Verdict | Asked | Left | TryAgain


@contextmanager
def _survived() -> Iterator[None]:
    """A crash in here is told, and ends nothing else."""
    try:
        yield
    except Exception:
        logger.exception("a change could not be worked off: this is a bug in Pylae, please report it")


@dataclass
class Loop:
    """`publish` hands what is served, and what of it changed, to every Envoy; `observe` is called after each batch, and
    `sequence` counts them, so that a test can wait for one without sleeping."""

    configuration: Configuration
    store: Store
    metrics: Metrics
    publish: Callable[[Served, frozenset[Key]], None]
    observe: Callable[[], None] = lambda: None
    last_good: LastGood = field(default_factory=LastGood)
    sequence: int = 0
    accepted_at: float | None = None
    """When Envoy last accepted something, by the monotonic clock."""

    _queue: deque[Item] = field(default_factory=deque)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _happened: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Changes that were not counted in the metrics yet, by kind and event."""
    _questions: Questions = field(default_factory=Questions)
    _retry_after: float = FIRST_RETRY
    _retry: asyncio.TimerHandle | None = None
    _changed_at: float | None = None
    _resumes: float = 0.0
    """When the examination has rested."""
    _is_changed: bool = False
    _began: bool = False

    def __post_init__(self) -> None:
        self._sweep = Sweep(self.configuration.on_demand)

    def tell(self, item: Item) -> None:
        """Hand over what happened: a reflector's notice, Envoy's verdict, or its question."""
        self._queue.append(item)
        self._woken.set()

    async def run(self) -> None:
        """Work through batches until cancelled. What crashes is a mistake of ours: all else is worked off all the
        same, and what was published before goes on serving."""
        while True:
            is_something = await self._something()
            with _survived():
                self._work()
            if is_something:
                self.sequence += 1
                self.observe()
            await asyncio.sleep(0)

    async def _something(self) -> bool:
        """Waits until something happened, or (False) until it is time for work that nobody waits for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience()):
                await self._woken.wait()
        return bool(self._queue)

    def _patience(self) -> float | None:
        """Seconds until there is work even if nothing happens."""
        examination = self.configuration.examination
        if self._questions:
            return 0.0
        if examination.is_urgent or not examination.is_over:
            return max(0.0, self._resumes - time.monotonic())
        return SWEEP if self._sweep.is_over else REST

    @property
    def unbound(self) -> tuple[Refusal, ...]:
        """Listeners that wait for a port of this machine."""
        return tuple(refusal for refusal in self.last_good.refusals() if is_unbound(refusal))

    def _work(self) -> None:
        self._take_in()
        if not self.store.is_synced:
            return
        if self._is_changed or not self._began:
            self._is_changed = False
            self._changed_at = self._changed_at or time.monotonic()
            self.configuration.settle()
            self._measure()
            self._resumes = time.monotonic() + QUIET
        self._answer()
        self._let_go()
        self._publish()
        self._examine()

    def _take_in(self) -> None:
        """What happened until now. A mistake of ours costs the one item that it is made over."""
        batch, self._queue = self._queue, deque()
        self._woken.clear()
        while batch:
            with _survived():
                while batch:
                    self._take(batch.popleft())

    def _measure(self) -> None:
        for (kind, event), count in self._happened.items():
            self.metrics.events.labels(type=kind, event=event).inc(count)
        self._happened.clear()
        self.metrics.virtual_services.set(len(self.store.snapshot.virtual_services))
        self.metrics.services.set(len(self.store.snapshot.services))
        self.metrics.certificate_errors.set(len(self.configuration.credentials.unusable))

    def _publish(self) -> None:
        touched = self.last_good.serve(self.configuration.world, self.configuration.world.touched())
        if touched or not self._began:
            self._began = True
            self.publish(self.last_good, touched)

    def _answer(self) -> None:
        """Answer questions for a while; the others are next."""
        began = time.monotonic()
        while time.monotonic() - began < SLICE and (key := self._questions.take()):
            self._resumes = began + QUIET
            with _survived():
                self.configuration.on_demand.ask(key)

    def _let_go(self) -> None:
        """Of hosts out of use, unless somebody waits."""
        if not self._questions:
            mesh = self.configuration.translator.mesh
            self._sweep.work(time.monotonic(), mesh.idle_after, mesh.edge.idle_timeout)

    def _examine(self) -> None:
        """Work that nobody waits for, as long as nothing else does, and not too much of it at a time."""
        began = now = time.monotonic()
        while not self._queue and not self._questions and now >= self._resumes and now - began < GLANCE:
            if not self.configuration.examination.examine():
                return
            now = time.monotonic()
        if now > began:
            self._resumes = now + REST

    def _take(self, item: Item) -> None:
        match item:
            case Upsert() | Delete() | Synced():
                self._notice(item)
            case Accepted():
                self._accepted(item)
            case Refused():
                self._refused(item)
            case Asked(keys, resumed=True):
                self._questions.resume(keys)
            case Asked(keys):
                for key in self._questions.ask(keys):
                    self.configuration.world.answer(key)
            case Left(keys):
                for key in keys:
                    self._questions.leave(key)
                    self.configuration.on_demand.leave(key)
            case TryAgain():
                self._retry = None
                self.last_good.forgive([refusal.key for refusal in self.unbound])
            case _:
                assert_never(item)

    def _notice(self, notice: Notice) -> None:
        if change := self.store.apply(notice):
            self._is_changed = True
            self._happened[change.kind.kind, change.event] += 1
            self.configuration.note((change,))

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
