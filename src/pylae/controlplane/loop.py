"""The loop: every change, one batch after the other, from the store to the Envoys; every verdict and every question of
theirs, back into what is served.

One task owns the store, what each kind of gateway is served, and the memory of what its Envoys accepted, so nothing
here needs a lock. The first change goes out at once; what arrives while it is worked on is the next batch. Nothing ever
waits for a fixed time. In between, when there is nothing else to do, objects are examined and hosts out of use are let
go of.
"""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import assert_never

from pylae.controlplane.discovery.observation import Joined, Observation, Parted
from pylae.controlplane.fleet.fleet import Fleet
from pylae.kube.resume import Delete, Notice, Synced, Upsert

logger = logging.getLogger(__name__)

GLANCE, REST = 0.002, 0.01
"""Seconds that objects are examined, and that all else is then left alone."""

QUIET = 0.03
"""Seconds after a change or a question in which nothing is examined: what follows from it is a talk of several turns,
and must not meet the examination at each."""

SWEEP = 1.0
"""Seconds between two looks at the clock of the sweep."""

Item = Notice | Observation


@contextmanager
def _survived() -> Iterator[None]:
    """A crash in here is told, and ends nothing else."""
    try:
        yield
    except Exception:
        logger.exception("a change could not be worked off: this is a bug in Pylae, please report it")


@dataclass
class Loop:
    """`observe` is called after each batch, and `sequence` counts them, so that a test can wait for one without
    sleeping."""

    fleet: Fleet
    observe: Callable[[], None] = lambda: None
    sequence: int = 0

    _queue: deque[Item] = field(default_factory=deque)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _happened: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Changes that were not counted in the metrics yet, by kind and event."""
    _resumes: float = 0.0
    """When the examination has rested."""

    def __post_init__(self) -> None:
        self.fleet.wake = self._woken.set

    def tell(self, item: Item) -> None:
        """Hand over what happened: a reflector's notice, or what was learned from an Envoy."""
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
        fleet = self.fleet
        if fleet.is_asked or not fleet.is_gathered:
            return 0.0
        if fleet.is_urgent or not fleet.is_examined:
            return max(0.0, self._rested - time.monotonic())
        return SWEEP if all(serving.sweep.is_over for serving in fleet) else REST

    def _work(self) -> None:
        self._take_in()
        self.fleet.gather()
        for serving in self.fleet.ready():
            with _survived():
                serving.work()
        self._measure()
        self._examine()
        self.fleet.look(time.monotonic())

    def _take_in(self) -> None:
        """What happened until now. A mistake of ours costs the one item that it is made over."""
        batch, self._queue = self._queue, deque()
        self._woken.clear()
        while batch:
            with _survived():
                while batch:
                    self._take(batch.popleft())

    def _take(self, item: Item) -> None:
        match item:
            case Upsert() | Delete() | Synced():
                self._notice(item)
            case Observation():
                self._learn(item)
            case _:
                assert_never(item)

    def _learn(self, observation: Observation) -> None:
        match observation.event:
            case Joined():
                self.fleet.join(observation.workload)
            case Parted():
                self.fleet.part(observation.workload)
            case event:
                if serving := self.fleet.get(observation.workload):
                    serving.hear(event)

    def _notice(self, notice: Notice) -> None:
        if change := self.fleet.store.apply(notice):
            self._happened[change.kind.kind, change.event] += 1
            self.fleet.note(change)

    def _measure(self) -> None:
        """Once all is known, and whenever something changed."""
        fleet, metrics = self.fleet, self.fleet.metrics
        if not self._happened or not fleet.store.is_synced:
            return
        for (kind, event), count in self._happened.items():
            metrics.events.labels(type=kind, event=event).inc(count)
        self._happened.clear()
        metrics.virtual_services.set(len(fleet.store.snapshot.virtual_services))
        metrics.services.set(len(fleet.store.snapshot.services))
        metrics.certificate_errors.set(sum(len(serving.configuration.credentials.unusable) for serving in fleet))

    @property
    def _rested(self) -> float:
        """When there may be time for what nobody waits for."""
        return max([self._resumes, *(serving.busy_at + QUIET for serving in self.fleet)])

    def _examine(self) -> None:
        """Work that nobody waits for, as long as nothing else does, and not too much of it at a time."""
        fleet, began = self.fleet, time.monotonic()
        now, resumes = began, self._rested
        while not self._queue and not fleet.is_asked and now >= resumes and now - began < GLANCE:
            if not fleet.examine():
                return
            now = time.monotonic()
        if now > began:
            self._resumes = now + REST
