"""What is wrong, told where its author looks: a condition and an event on the object, a line in the log, a number
in Prometheus.

It runs beside the loop and never holds it up. What changed is reported first and one by one; what was there at the
start is looked at in the time that is left. The newest findings are what counts, and what was overtaken is not written.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from pylae.api.scheme import DESTINATION_RULE, GATEWAY, SERVICE, SERVICE_ENTRY, VIRTUAL_SERVICE, Kind
from pylae.controlplane.agenda import Agenda
from pylae.controlplane.backlog import Backlog
from pylae.controlplane.ledger import Ledger
from pylae.controlplane.metrics import Metrics
from pylae.controlplane.settling import Settling
from pylae.controlplane.statuses import Statuses
from pylae.kube.client import Client
from pylae.kube.errors import KubeError
from pylae.kube.events import Recorder
from pylae.kube.writer import StatusWriter
from pylae.model.finding import Level
from pylae.model.snapshot import Key, Snapshot
from pylae.model.translation import ServerPlan
from pylae.model.workload import GatewayWorkload
from pylae.status.events import EventWanted, events_wanted

logger = logging.getLogger(__name__)

RETRY = 2.0
"""Seconds until what the API did not take is written once more."""

SLICE, REST = 0.005, 0.015
"""Seconds that the backlog of a start is worked on, and that it then rests: it is in no hurry. A slice that took longer
rests longer."""

LEVELS = {Level.ERROR: logging.WARNING, Level.WARNING: logging.WARNING, Level.INFO: logging.INFO}

FRONT = (GatewayWorkload().namespace, GatewayWorkload().name)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.kind: kind for kind in (GATEWAY, VIRTUAL_SERVICE, SERVICE, SERVICE_ENTRY, DESTINATION_RULE)}
)
"""The kinds that carry events."""

Item = tuple[Kind, Key] | EventWanted
"""An object whose status may have to be written, or an event that has to be told."""


@dataclass
class Reporter:
    """`plans` are those of one Gateway; of Services only `front` gets a status, the gateway's own.

    Conditions are written at once. Events and log lines wait until a finding has settled. Of what was there at the
    start not everything is known before all of it was looked into: until then only those objects get conditions that
    were touched, so that none says for a moment that all is well.
    """

    client: Client
    ledger: Ledger
    snapshot: Callable[[], Snapshot]
    plans: Callable[[Key], tuple[ServerPlan, ...]]
    metrics: Metrics
    clock: Callable[[], datetime]
    front: Key = FRONT

    def __post_init__(self) -> None:
        writer = StatusWriter(self.client)
        self._statuses = Statuses(writer, self.ledger, self.snapshot, self.plans, self.clock)
        self._recorder = Recorder(self.client)
        self._agenda: Agenda[Item] = Agenda()
        self._backlog = Backlog(self.client, ())
        self._resumes = 0.0
        """When the backlog has rested."""
        self._began = False
        self._early: set[tuple[Kind, Key]] = {(SERVICE, self.front)}
        """What may be told before all was looked into."""
        self._settling = Settling()
        self._woken = asyncio.Event()

    def touch(self, kind: Kind, key: Key) -> None:
        """The object is new, different or gone, or what became of it is. What has no status is passed over."""
        if kind in (GATEWAY, VIRTUAL_SERVICE) or (kind is SERVICE and key == self.front):
            self._agenda.add((kind, key))
            if not self._began:
                self._early.add((kind, key))

    def begin(self) -> None:
        """All that was there at the start was looked into: compare what it says with what was found. Only the first
        time counts."""
        if self._began:
            return
        self._began = True
        self._early.clear()
        self._backlog = Backlog(self.client, (GATEWAY, VIRTUAL_SERVICE))
        self.touch(SERVICE, self.front)
        self.wake()

    def wake(self) -> None:
        """Something changed: report soon."""
        self._woken.set()

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            try:
                await self._turn(time.monotonic())
            except KubeError as error:
                logger.warning("Status could not be written, it is tried again: %s", error)
                await self._pause(RETRY)
            except Exception:
                logger.exception("a report could not be made: this is a bug in Pylae, please report it")
                await self._pause(RETRY)

    async def _turn(self, moment: float) -> None:
        """One piece of work, or a pause until there is some."""
        self._hear(moment)
        self._announce(moment)
        if (item := self._agenda.take(moment)) is not None:
            await self._attempt(item, self._report(item))
        elif not self._backlog.is_empty and self._resumes <= moment:
            await self._work_off()
        else:
            await self._pause(self._leisure(moment))

    def _hear(self, moment: float) -> None:
        news = self.ledger.news()
        for code in {(finding.code.number, finding.code.reason) for finding in (*news.came, *news.went)}:
            self.metrics.found(*code, self.ledger.counts.get(code, 0))
        for about in news.about:
            kind, key = KINDS.get(about.kind), (about.namespace, about.name)
            if kind and (self._began or (kind, key) in self._early):
                self.touch(kind, key)
        for finding in self._settling.hear(news, moment):
            logger.info("Settled: %s %s: %s", finding.code.number, finding.about, finding.message)

    def _announce(self, moment: float) -> None:
        standing = self._settling.standing(moment)
        for finding in standing:
            logger.log(LEVELS[finding.level], "%s", finding)
        for wanted in events_wanted(standing):
            if wanted.about.kind in KINDS:
                self._agenda.add(wanted)

    async def _report(self, item: Item) -> None:
        match item:
            case EventWanted(about=about):
                if object_ := self._statuses.find(KINDS[about.kind], (about.namespace, about.name)):
                    await self._recorder.record(object_, item, self.clock())
            case (kind, key):
                await self._statuses.write(kind, key)
        await asyncio.sleep(0)

    async def _work_off(self) -> None:
        """A slice of the backlog, and then a rest in proportion."""
        began = time.monotonic()
        while not self._backlog.is_empty and time.monotonic() - began < SLICE:
            if seen := await self._backlog.next():
                await self._attempt((seen.kind, seen.key), self._statuses.look_at(seen))
            await asyncio.sleep(0)
        end = time.monotonic()
        self._resumes = end + (end - began) * REST / SLICE

    async def _attempt(self, item: Item, work: Awaitable[None]) -> None:
        """What the API does not take stays on the agenda; what crashes leaves it, and stops no other."""
        try:
            await work
        except KubeError:
            self._agenda.postpone(item, time.monotonic() + RETRY)
            raise
        except Exception:
            logger.exception("a status could not be made: this is a bug in Pylae, please report it")

    def _leisure(self, moment: float) -> float | None:
        """Seconds in which there is nothing to do, if nothing happens; None if that alone gives work."""
        resumes = None if self._backlog.is_empty else self._resumes
        dues = [due for due in (self._agenda.due(), self._settling.due(), resumes) if due is not None]
        return max(0.0, min(dues) - moment) if dues else None

    async def _pause(self, seconds: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()
