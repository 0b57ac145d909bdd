"""What is wrong, told where its author looks: a condition and an event on the object, a line in the log, a number
in Prometheus.

It runs beside the loop and never holds it up: the newest findings are what counts, and what was overtaken is not
written.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pylae.api.core import Service
from pylae.api.gateway import Gateway
from pylae.api.meta import Object, ObjectRef
from pylae.api.virtual_service import VirtualService
from pylae.controlplane.configuration import Configuration
from pylae.controlplane.metrics import Metrics
from pylae.controlplane.reported import Basis, Reported
from pylae.kube.client import Client
from pylae.kube.errors import KubeError
from pylae.kube.events import Recorder
from pylae.kube.writer import StatusWriter
from pylae.model.finding import Finding, Level
from pylae.model.ir.secret import TlsCertificate
from pylae.model.snapshot import Snapshot
from pylae.rules.pem import facts
from pylae.status.events import events_wanted
from pylae.status.gateway import gateway_status
from pylae.status.service import service_status
from pylae.status.virtual_service import virtual_service_status
from pylae.xds.resource import Named, Type

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
    _measured: tuple[Finding, ...] = ()
    _served: Named | None = None
    _expiring: dict[str, bytes] = field(default_factory=dict)
    _told: tuple[Finding, ...] = ()
    _due: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._writer = StatusWriter(self.client)
        workload = self.configuration.workload
        self._reported = Reported((workload.namespace, workload.name))
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
        try:
            found = self.findings(now)
            self._measure(found)
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
        if found != self._measured:
            self._measured = found
            self.metrics.findings.clear()
            for finding in found:
                self.metrics.findings.labels(code=finding.code.number, reason=finding.code.reason).inc()
        self.metrics.certificate_errors.set(len(self.configuration.unusable))
        if self.configuration.wanted[Type.SECRET] is not self._served:
            self._served = self.configuration.wanted[Type.SECRET]
            self._measure_expiry()

    def _measure_expiry(self) -> None:
        """Of certificates that are not the same as before."""
        secrets = self.configuration.secrets
        chains = {name: value.chain for name, value in secrets.items() if isinstance(value, TlsCertificate)}
        before, self._expiring = self._expiring, chains
        for gone in before.keys() - chains.keys():
            self.metrics.expiry.remove(gone)
        for name, chain in chains.items():
            if before.get(name) != chain:
                self.metrics.expiry.labels(secret=name).set(facts(chain).not_after.timestamp())

    async def _write_statuses(self, found: tuple[Finding, ...], now: datetime) -> None:
        """Of objects for which something changed since their status was written."""
        snapshot, reported = self.configuration.snapshot, self._reported
        for gone in reported.forget_gone(snapshot):
            self._writer.forget(*gone)
        for kind, key, basis in reported.news(snapshot, self.configuration.translation.servers, found):
            await self._writer.write(kind, basis.object_, _status(basis, now))
            reported.done(kind, key, basis)


def _status(basis: Basis, now: datetime) -> Json:
    match basis.object_:
        case Gateway() as gateway:
            return gateway_status(gateway, basis.servers, basis.findings, now)
        case VirtualService() as virtual_service:
            return virtual_service_status(virtual_service, basis.findings, now)
        case Service() as service:
            return service_status(service, basis.findings, now)


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
