"""What is wrong, told where its author looks: a condition and an event on the object, a line in the log, a number
in Prometheus.

Of several control planes one reports, and the others stand by. It runs beside the loop and never holds it up. What
changed is reported first and one by one; what was there at the start, and what comes by the hundred, is looked at in
the time that is left. The newest findings are what counts, and what was overtaken is not written.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from pylae.api.scheme import GATEWAY, SERVICE, VIRTUAL_SERVICE, Kind
from pylae.controlplane.metrics import Metrics
from pylae.controlplane.report.agenda import Agenda
from pylae.controlplane.report.announcer import KINDS, Announcer
from pylae.controlplane.report.backlog import Backlog
from pylae.controlplane.report.concern import Concerns, everything
from pylae.controlplane.report.ledger import Ledger
from pylae.controlplane.report.missed import Missed
from pylae.controlplane.report.statuses import Statuses
from pylae.kube.client import Client
from pylae.kube.errors import KubeError
from pylae.kube.events import Recorder
from pylae.kube.tact import Tact, whoever_else_does
from pylae.kube.writer import StatusWriter
from pylae.model.snapshot import Key, Snapshot
from pylae.model.translation import ServerPlan
from pylae.model.workload import GatewayWorkload
from pylae.status.events import EventWanted

logger = logging.getLogger(__name__)

RETRY = 2.0
"""Seconds until what the API did not take is written once more."""

SLICE, REST = 0.005, 0.015
"""Seconds that the backlog of a start is worked on, and that it then rests: it is in no hurry. A slice that took longer
rests longer."""

MANY = 100
"""Things to report that are matters of the moment. What comes while there are more waits with the backlog."""

FRONT = (GatewayWorkload().namespace, GatewayWorkload().name)

SOON = 0.05
"""Seconds from a change to its report: clients that wait for the change itself go first, and what objects that belong
together say of each other meanwhile is no news."""

Item = tuple[Kind, Key] | EventWanted
"""An object whose status may have to be written, or an event that has to be told."""


@dataclass
class Reporter:
    """`plans` are those of one Gateway. Objects of `kinds` get a status as far as they are `concerns` of ours and
    `tact` allows it, and of Services only `front`, the gateway's own. `leads` says whether this control plane is the
    one that reports.

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
    front: Key | None = FRONT
    kinds: tuple[Kind, ...] = (GATEWAY, VIRTUAL_SERVICE)
    tact: Tact = whoever_else_does
    concerns: Concerns = everything
    leads: Callable[[], bool] = lambda: True

    def __post_init__(self) -> None:
        self._statuses = self._knowing_nothing()
        self._led = True
        self._missed = Missed()
        self._doubtful: set[EventWanted] = set()
        """Events that the one who led before may have told."""
        self._recorder = Recorder(self.client)
        self._agenda: Agenda[Item] = Agenda()
        self._backlog = Backlog(self.client, ())
        self._later: Agenda[Item] = Agenda()
        """What is worked off before the backlog, and as slowly."""
        self._resumes = 0.0
        """When the backlog has rested."""
        self._announcer = Announcer(self.ledger, self.metrics, [(SERVICE, self.front)] if self.front else ())
        self._woken = asyncio.Event()

    def touch(self, kind: Kind, key: Key) -> None:
        """The object is new, different or gone, or what became of it is. What has no status is passed over."""
        self._touch(kind, key, self._agenda)

    def _touch(self, kind: Kind, key: Key, agenda: Agenda[Item]) -> None:
        if kind in self.kinds or (kind is SERVICE and key == self.front):
            agenda.add((kind, key))
            self._announcer.touch((kind, key))

    def begin(self) -> None:
        """All that there is was looked into, at the start or for a kind of gateway that is new: compare what it says
        with what was found."""
        if not self._announcer.began:
            self._hear(time.monotonic())
            self._announcer.begin()
        self._compare()
        self.wake()

    def _compare(self) -> None:
        """Look at every object once, whatever was said of it before."""
        if self._announcer.began:
            self._statuses = self._knowing_nothing()
            self._backlog = Backlog(self.client, self.kinds)
        if self.front:
            self.touch(SERVICE, self.front)

    def _knowing_nothing(self) -> Statuses:
        """Of what objects say, which another may have written."""
        writer = StatusWriter(self.client, self.tact)
        return Statuses(writer, self.ledger, self.snapshot, self.plans, self.clock, self.concerns)

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
        self._put(self._announcer.announce(moment), self._ahead)
        self._succeed(moment)
        if not self._led:
            self._stand_by(moment)
            await self._pause(self._leisure(moment))
        elif (item := self._agenda.take(moment)) is not None:
            await self._attempt(item, self._report(item))
        elif self._is_behind(moment) and self._resumes <= moment:
            await self._work_off()
        else:
            await self._pause(self._leisure(moment))

    def _succeed(self, moment: float) -> None:
        """Notice that it is now this control plane that reports, or not any more."""
        if (leads := self.leads()) == self._led:
            return
        self._led = leads
        if leads:
            for wanted in self._missed.take(moment):
                self._doubtful.add(wanted)
                self._agenda.add(wanted)
            self._compare()

    def _stand_by(self, moment: float) -> None:
        """Nothing is written by two."""
        self._put(self._announcer.announce_first(moment), self._later)
        for agenda in (self._agenda, self._later):
            self._missed.remember((item for item in agenda.clear() if isinstance(item, EventWanted)), moment)
        self._backlog = Backlog(self.client, ())

    def _hear(self, moment: float) -> None:
        for kind, key in self._announcer.hear(moment):
            self._touch(kind, key, self._ahead)

    @property
    def _ahead(self) -> Agenda[Item]:
        """Where to put what follows from a change."""
        return self._later if len(self._later) or len(self._agenda) >= MANY else self._agenda

    def _put(self, wanted: Iterable[EventWanted], agenda: Agenda[Item]) -> None:
        for one in wanted:
            agenda.add(one)

    async def _report(self, item: Item) -> None:
        match item:
            case EventWanted(about=about):
                if object_ := self._statuses.find(KINDS[about.kind], (about.namespace, about.name)):
                    await self._recorder.record(object_, item, self.clock(), again=item not in self._doubtful)
                self._doubtful.discard(item)
            case (kind, key):
                await self._statuses.write(kind, key)
        await asyncio.sleep(0)

    async def _work_off(self) -> None:
        """A slice of what is in no hurry, and then a rest in proportion."""
        now = began = time.monotonic()
        self._put(self._announcer.announce_first(began), self._later)
        while self.leads() and now - began < SLICE and (len(self._later) or not self._backlog.is_empty):
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
        due = self._announcer.first_due()
        return bool(len(self._later)) or not self._backlog.is_empty or (due is not None and due <= moment)

    def _leisure(self, moment: float) -> float | None:
        """Seconds in which there is nothing to do, if nothing happens; None if that alone gives work."""
        later = self._resumes if self._is_behind(moment) else self._announcer.first_due()
        dues = [due for due in (self._agenda.due(), self._announcer.due(), later) if due is not None]
        return max(0.0, min(dues) - moment) if dues else None

    async def _pause(self, seconds: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
            await asyncio.sleep(SOON)
        self._woken.clear()
