"""What is wrong, told where its author looks: a condition and an event on the object, a line in the log, a number
in Prometheus.

It runs beside the loop and never holds it up. What changed is reported first and one by one; what was there at the
start, and what comes by the hundred, is looked at in the time that is left. The newest findings are what counts, and
what was overtaken is not written.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from pylae.api.meta import ObjectRef
from pylae.api.scheme import DESTINATION_RULE, GATEWAY, SERVICE, SERVICE_ENTRY, VIRTUAL_SERVICE, Kind
from pylae.controlplane.agenda import Agenda
from pylae.controlplane.backlog import Backlog
from pylae.controlplane.ledger import Ledger, News
from pylae.controlplane.metrics import Metrics
from pylae.controlplane.opening import Opening
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

MANY = 100
"""Things to report that are matters of the moment. What comes while there are more waits with the backlog."""

LEVELS = {Level.ERROR: logging.WARNING, Level.WARNING: logging.WARNING, Level.INFO: logging.INFO}

NOT_ONE_BY_ONE = "{:,} more such findings are not told one by one; see `pylae status`"

FRONT = (GatewayWorkload().namespace, GatewayWorkload().name)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.kind: kind for kind in (GATEWAY, VIRTUAL_SERVICE, SERVICE, SERVICE_ENTRY, DESTINATION_RULE)}
)
"""The kinds that carry events."""

SOON = 0.05
"""Seconds from a change to its report: clients that wait for the change itself go first, and what objects that belong
together say of each other meanwhile is no news."""

Item = tuple[Kind, Key] | EventWanted
"""An object whose status may have to be written, or an event that has to be told."""


@dataclass
class Reporter:
    """`plans` are those of one Gateway; of Services only `front` gets a status, the gateway's own.

    Conditions are written soon. Events and log lines wait until a finding has settled; of a start's findings not all
    get one. Of what was there at the start not everything is known before all of it was looked into: until then only
    those objects get conditions that were touched, so that none says for a moment that all is well.
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
        self._later: Agenda[Item] = Agenda()
        """What is worked off before the backlog, and as slowly."""
        self._resumes = 0.0
        """When the backlog has rested."""
        self._began = False
        self._early: set[tuple[Kind, Key]] = {(SERVICE, self.front)}
        """What may be told before all was looked into."""
        self._settling = Settling()
        self._opening = Opening()
        self._settling_first = Settling()
        """What was found at the start."""
        self._woken = asyncio.Event()

    def touch(self, kind: Kind, key: Key) -> None:
        """The object is new, different or gone, or what became of it is. What has no status is passed over."""
        self._touch(kind, key, self._agenda)

    def _touch(self, kind: Kind, key: Key, agenda: Agenda[Item]) -> None:
        if kind in (GATEWAY, VIRTUAL_SERVICE) or (kind is SERVICE and key == self.front):
            agenda.add((kind, key))
            if not self._began:
                self._early.add((kind, key))

    def begin(self) -> None:
        """All that was there at the start was looked into: compare what it says with what was found. Only the first
        time counts."""
        if self._began:
            return
        self._hear(time.monotonic())
        for code, count in self._opening.rest(self.ledger.counts):
            logger.log(LEVELS[code.level], "%s %s: %s", code.number, code.reason, NOT_ONE_BY_ONE.format(count))
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
        self._announce(self._settling, self._ahead, moment)
        if (item := self._agenda.take(moment)) is not None:
            await self._attempt(item, self._report(item))
        elif self._is_behind(moment) and self._resumes <= moment:
            await self._work_off()
        else:
            await self._pause(self._leisure(moment))

    def _hear(self, moment: float) -> None:
        news = self.ledger.news()
        for code in {(finding.code.number, finding.code.reason) for finding in (*news.came, *news.went)}:
            self.metrics.found(*code, self.ledger.counts.get(code, 0))
        for about in news.about:
            if (kind := KINDS.get(about.kind)) and self._is_of_now(about):
                self._touch(kind, (about.namespace, about.name), self._ahead)
        now = tuple([finding for finding in news.came if self._is_of_now(finding.about)])
        first = self._opening.admit(finding for finding in news.came if not self._is_of_now(finding.about))
        settled = self._settling.hear(News(now, news.went), moment)
        for finding in (*settled, *self._settling_first.hear(News(first, news.went), moment)):
            logger.info("Settled: %s %s: %s", finding.code.number, finding.about, finding.message)

    def _is_of_now(self, about: ObjectRef) -> bool:
        """Whether what is found on an object follows from a change, and was not there at the start."""
        return self._began or (KINDS.get(about.kind), (about.namespace, about.name)) in self._early

    @property
    def _ahead(self) -> Agenda[Item]:
        """Where to put what follows from a change."""
        return self._later if len(self._later) or len(self._agenda) >= MANY else self._agenda

    def _announce(self, settling: Settling, agenda: Agenda[Item], moment: float) -> None:
        standing = settling.standing(moment)
        for finding in standing:
            logger.log(LEVELS[finding.level], "%s", finding)
        for wanted in events_wanted(standing):
            if wanted.about.kind in KINDS:
                agenda.add(wanted)

    async def _report(self, item: Item) -> None:
        match item:
            case EventWanted(about=about):
                if object_ := self._statuses.find(KINDS[about.kind], (about.namespace, about.name)):
                    await self._recorder.record(object_, item, self.clock())
            case (kind, key):
                await self._statuses.write(kind, key)
        await asyncio.sleep(0)

    async def _work_off(self) -> None:
        """A slice of what is in no hurry, and then a rest in proportion."""
        now = began = time.monotonic()
        self._announce(self._settling_first, self._later, began)
        while now - began < SLICE and (len(self._later) or not self._backlog.is_empty):
            await self._catch_up(now)
            await asyncio.sleep(0)
            now = time.monotonic()
        end = time.monotonic()
        self._resumes = end + (end - began) * REST / SLICE

    async def _catch_up(self, moment: float) -> None:
        if (item := self._later.take(moment)) is not None:
            await self._attempt(item, self._report(item))
        elif seen := await self._backlog.next():
            await self._attempt((seen.kind, seen.key), self._statuses.look_at(seen))

    async def _attempt(self, item: Item, work: Awaitable[None]) -> None:
        """What the API does not take stays on the agenda; what crashes leaves it, and stops no other."""
        try:
            await work
        except KubeError:
            self._agenda.postpone(item, time.monotonic() + RETRY)
            raise
        except Exception:
            logger.exception("a status could not be made: this is a bug in Pylae, please report it")

    def _is_behind(self, moment: float) -> bool:
        due = self._settling_first.due()
        return bool(len(self._later)) or not self._backlog.is_empty or (due is not None and due <= moment)

    def _leisure(self, moment: float) -> float | None:
        """Seconds in which there is nothing to do, if nothing happens; None if that alone gives work."""
        later = self._resumes if self._is_behind(moment) else self._settling_first.due()
        dues = [due for due in (self._agenda.due(), self._settling.due(), later) if due is not None]
        return max(0.0, min(dues) - moment) if dues else None

    async def _pause(self, seconds: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
            await asyncio.sleep(SOON)
        self._woken.clear()
