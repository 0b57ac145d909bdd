"""What is wrong, told where its author looks: a condition and an event on the object, a line in the log, a number
in Prometheus.

It runs beside the loop and never holds it up: the newest findings are what counts, and what was overtaken is not
written.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pylae.api.meta import Object, ObjectRef
from pylae.api.scheme import GATEWAY, SERVICE, VIRTUAL_SERVICE, Kind
from pylae.controlplane.configuration import Configuration
from pylae.controlplane.metrics import Metrics
from pylae.kube.client import Client
from pylae.kube.errors import KubeError
from pylae.kube.events import Recorder
from pylae.kube.writer import StatusWriter
from pylae.model.finding import Finding, Level
from pylae.model.ir.secret import TlsCertificate
from pylae.model.snapshot import Key, Snapshot
from pylae.model.translation import ServerPlan
from pylae.rules.pem import facts
from pylae.status.events import events_wanted
from pylae.status.gateway import gateway_status
from pylae.status.service import service_status
from pylae.status.virtual_service import virtual_service_status

logger = logging.getLogger(__name__)

GLANCE = 600.0
"""Seconds until time alone is looked at: certificates grow old without an event."""

SETTLE = 0.5
"""Seconds that a finding stands before it is announced."""

RETRY = 2.0
"""Seconds until what the API did not take is written once more."""

LEVELS = {Level.ERROR: logging.WARNING, Level.WARNING: logging.WARNING, Level.INFO: logging.INFO}

Json = dict[str, object]


@dataclass
class Reporter:
    """`findings` are asked for anew at every report, with the time of the report.

    Conditions are written at once. Events and log lines wait until a finding has stood for a moment: objects that
    belong together are applied one after the other, and what is missing in between is no news.
    """

    client: Client
    configuration: Configuration
    metrics: Metrics
    findings: Callable[[datetime], tuple[Finding, ...]]
    clock: Callable[[], datetime]
    _seen: dict[Finding, float] = field(default_factory=dict)
    _told: tuple[Finding, ...] = ()
    _due: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._writer = StatusWriter(self.client)
        self._recorder = Recorder(self.client)

    def wake(self) -> None:
        """Something changed: report soon."""
        self._due.set()

    async def run(self) -> None:
        """Report until cancelled."""
        wait = GLANCE
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), wait)
            self._due.clear()
            wait = await self._report()

    async def _report(self) -> float:
        """Seconds until the next report, if nothing happens before."""
        now = self.clock()
        found = self.findings(now)
        self._measure(found)
        try:
            await self._write_statuses(found, now)
            await self._announce(self._standing(found), now)
        except KubeError as error:
            logger.warning("Status could not be written, it is tried again: %s", error)
            return RETRY
        except Exception:
            logger.exception("a status could not be made: this is a bug in Pylae, please report it")
            return GLANCE
        return SETTLE if len(self._told) < len(found) else GLANCE

    def _standing(self, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """The findings that have stood for a moment."""
        moment = time.monotonic()
        self._seen = {finding: self._seen.get(finding, moment) for finding in found}
        return tuple(finding for finding in found if moment - self._seen[finding] >= SETTLE)

    async def _announce(self, standing: tuple[Finding, ...], now: datetime) -> None:
        news, known, current = events_wanted(self._told, standing), set(self._told), set(standing)
        for finding in standing:
            if finding not in known:
                logger.log(LEVELS[finding.level], "%s", finding)
        for finding in self._told:
            if finding not in current:
                logger.info("Settled: %s %s: %s", finding.code.number, finding.about, finding.message)
        self._told = standing
        for wanted in news:
            if object_ := _find(self.configuration.snapshot, wanted.about):
                await self._recorder.record(object_, wanted, now)

    def _measure(self, found: tuple[Finding, ...]) -> None:
        self.metrics.findings.clear()
        for finding in found:
            self.metrics.findings.labels(code=finding.code.number, reason=finding.code.reason).inc()
        self.metrics.certificate_errors.set(len(self.configuration.unusable))
        self.metrics.expiry.clear()
        for name, value in self.configuration.secrets.items():
            if isinstance(value, TlsCertificate):
                self.metrics.expiry.labels(secret=name).set(facts(value.chain).not_after.timestamp())

    async def _write_statuses(self, found: tuple[Finding, ...], now: datetime) -> None:
        by_object: dict[ObjectRef, list[Finding]] = {}
        for finding in found:
            by_object.setdefault(finding.about, []).append(finding)
        existing: set[tuple[Kind, Key]] = set()
        for kind, object_, status in self._statuses(by_object, now):
            existing.add((kind, (object_.metadata.namespace, object_.metadata.name)))
            await self._writer.write(kind, object_, status)
        self._writer.retain(existing)

    def _statuses(
        self, findings: Mapping[ObjectRef, list[Finding]], now: datetime
    ) -> Iterator[tuple[Kind, Object, Json]]:
        snapshot, workload = self.configuration.snapshot, self.configuration.workload
        plans: dict[ObjectRef, list[ServerPlan]] = {}
        for server in self.configuration.translation.servers:
            plans.setdefault(server.gateway, []).append(server)
        for gateway in snapshot.gateways.values():
            own = findings.get(gateway.ref, ())
            yield GATEWAY, gateway, gateway_status(gateway, plans.get(gateway.ref, ()), own, now)
        for virtual_service in snapshot.virtual_services.values():
            own = findings.get(virtual_service.ref, ())
            yield VIRTUAL_SERVICE, virtual_service, virtual_service_status(virtual_service, own, now)
        if service := snapshot.services.get((workload.namespace, workload.name)):
            yield SERVICE, service, service_status(service, findings.get(service.ref, ()), now)


def _find(snapshot: Snapshot, about: ObjectRef) -> Object | None:
    """The object that a finding is about, if it is still there."""
    key = (about.namespace, about.name)
    match about.kind:
        case "Gateway":
            return snapshot.gateways.get(key)
        case "VirtualService":
            return snapshot.virtual_services.get(key)
        case "Service":
            return snapshot.services.get(key)
        case "ServiceEntry":
            return snapshot.service_entries.get(key)
        case "DestinationRule":
            return snapshot.destination_rules.get(key)
        case _:
            return None
