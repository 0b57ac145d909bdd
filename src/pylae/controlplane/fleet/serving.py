"""One kind of gateway at work: what its Envoys are given, what they said of it, and what they ask.

Whoever comes when objects are there already takes them in piece by piece, so that no other kind waits for it. From
then on it follows every change, whether an Envoy of the kind is connected or not.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import assert_never

from pylae.controlplane.fleet.configuration import Configuration
from pylae.controlplane.fleet.questions import Questions
from pylae.controlplane.fleet.refusals import is_unbound
from pylae.controlplane.fleet.sweep import Sweep
from pylae.controlplane.metrics import Metrics
from pylae.kube.store import Change
from pylae.model.workload import GatewayWorkload
from pylae.xds.event import Accepted, Asked, Event, Left, Refused
from pylae.xds.last_good import LastGood, Refusal
from pylae.xds.resource import Key, Type
from pylae.xds.world import Served

logger = logging.getLogger(__name__)

FIRST_RETRY = 1.0
LONGEST_RETRY = 4.0
"""Seconds between attempts to bind a port that another process holds."""

SLICE = 0.005
"""Seconds of work after which others have their turn: an Envoy that waits, a request to the API."""


@dataclass(eq=False)
class Serving:
    """`present` are the objects that were there before it. `publish` hands what is served, and what of it changed, to
    its Envoys; `wake` is called when there is work though nothing was told."""

    configuration: Configuration
    present: Iterator[Change]
    metrics: Metrics
    publish: Callable[[GatewayWorkload, Served, frozenset[Key]], None]
    wake: Callable[[], None]
    last_good: LastGood = field(default_factory=LastGood)
    questions: Questions = field(default_factory=Questions)
    accepted_at: float | None = None
    """When an Envoy last accepted something, by the monotonic clock."""
    busy_at: float = 0.0
    """When something was last done that somebody waited for."""
    parted_at: float | None = None
    """Since when no Envoy of the kind is connected; None while one is, or may come at any time."""
    began: bool = False
    """Whether Envoys may be told anything: as long as not all is known, an Envoy keeps what it has."""

    _is_gathered: bool = False
    _is_changed: bool = False
    _changed_at: float | None = None
    _retry_after: float = FIRST_RETRY
    _retry: asyncio.TimerHandle | None = None

    def __post_init__(self) -> None:
        self.sweep = Sweep(self.configuration.on_demand)

    @property
    def workload(self) -> GatewayWorkload:
        return self.configuration.workload

    @property
    def is_gathered(self) -> bool:
        """Whether the objects that were there before were all taken in."""
        return self._is_gathered

    @property
    def unbound(self) -> tuple[Refusal, ...]:
        """Listeners that wait for a port of their machine."""
        return tuple(refusal for refusal in self.last_good.refusals() if is_unbound(refusal))

    def gather(self, seconds: float = SLICE) -> None:
        """Take in a piece of what was there before, at least one object."""
        until = time.monotonic() + seconds
        for change in self.present:
            self.configuration.take_in(change)
            if time.monotonic() >= until:
                return
        self._is_gathered = True

    def note(self, change: Change) -> None:
        """An object is new, different or gone."""
        self._is_changed = True
        self.configuration.note((change,))

    def hear(self, event: Event) -> None:
        """What an Envoy said."""
        match event:
            case Accepted():
                self._accepted(event)
            case Refused():
                self._refused(event)
            case Asked(keys, resumed=True):
                self.questions.resume(keys)
            case Asked(keys):
                for key in self.questions.ask(keys):
                    self.configuration.world.answer(key)
            case Left(keys):
                for key in keys:
                    self.questions.leave(key)
                    self.configuration.on_demand.leave(key)
            case _:
                assert_never(event)

    def work(self) -> None:
        """Bring what is served up to all that is known, and publish it."""
        began, is_changed = time.monotonic(), self._is_changed or not self.began
        if is_changed:
            self._is_changed = False
            self.configuration.settle()
            self.busy_at = time.monotonic()
        self._answer()
        self._let_go()
        if self._publish() and is_changed:
            self._changed_at = self._changed_at or began

    def end(self) -> None:
        """No Envoy of the kind is served any more: what was said for it, or waited for, is over."""
        if self._retry:
            self._retry.cancel()
        self.configuration.end()

    def _answer(self) -> None:
        """Answer questions for a while; the others are next. A mistake of ours costs the one that it is made over."""
        began = time.monotonic()
        while time.monotonic() - began < SLICE and (key := self.questions.take()):
            self.busy_at = began
            try:
                self.configuration.on_demand.ask(key)
            except Exception:
                logger.exception("a name could not be looked up: this is a bug in Pylae, please report it")

    def _let_go(self) -> None:
        """Of hosts out of use, unless somebody waits."""
        if not self.questions:
            mesh = self.configuration.translator.mesh
            self.sweep.work(time.monotonic(), mesh.idle_after, mesh.edge.idle_timeout)

    def _publish(self) -> bool:
        """Whether there was anything to tell."""
        touched = self.last_good.serve(self.configuration.world, self.configuration.world.touched())
        if touched or not self.began:
            self.began = True
            self.publish(self.workload, self.last_good, touched)
        return bool(touched)

    def _accepted(self, verdict: Accepted) -> None:
        self.last_good.accepted(verdict.resources)
        self.accepted_at = time.monotonic()
        self.metrics.pushes.labels(type=verdict.type.short.lower()).inc()
        if verdict.type is Type.LISTENER and not self.unbound:
            self._retry_after = FIRST_RETRY
        if self._changed_at is not None:
            self.metrics.convergence.observe(self.accepted_at - self._changed_at)
            self._changed_at = None

    def _refused(self, verdict: Refused) -> None:
        self.last_good.refused(verdict.resource, verdict.message)
        self.metrics.rejects.labels(type=verdict.resource.type.short.lower()).inc()
        logger.warning("Envoy refused %s %s: %s", verdict.resource.type.short, verdict.resource.name, verdict.message)
        if self.unbound and self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(self._retry_after, self._try_again)
            self._retry_after = min(self._retry_after * 2, LONGEST_RETRY)

    def _try_again(self) -> None:
        """It is time to ask Envoy once more for what it refused for want of a port."""
        self._retry = None
        self.last_good.forgive([refusal.key for refusal in self.unbound])
        self.wake()
