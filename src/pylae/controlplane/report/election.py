"""Who of several control planes writes status and events. All of them serve; one reports, and another within seconds
when it is gone.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pylae.kube.client import Client
from pylae.kube.errors import AlreadyExists, Conflict, KubeError, NotFound
from pylae.kube.lease import DEADLINE, LEASE, RETRY, Candidate, Record
from pylae.kube.rights import in_words
from pylae.model.control_plane import STATUS_LEASE

Json = dict[str, Any]

PATIENCE = DEADLINE / 2
"""Seconds that one attempt may take: a server that is slower is asked again, while there is time."""

JITTER = 0.2
"""By how much of itself a pause is longer, by chance: candidates shall not come all at once."""

logger = logging.getLogger(__name__)


def moment() -> float:
    """Seconds by a clock that goes on while the machine sleeps: who wakes up shall not go on leading."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(slots=True)
class Election:
    """Runs for the Lease `pylae-status` of a namespace. `turned` is called whenever it was won or lost."""

    client: Client
    namespace: str
    identity: str
    clock: Callable[[], datetime]
    turned: Callable[[], None] = lambda: None
    _candidate: Candidate = field(init=False)
    _lease: Json | None = None
    """The Lease as the server holds it, for its version; None if it must be read first."""
    _led: bool = False
    _troubled: bool = False

    def __post_init__(self) -> None:
        self._candidate = Candidate(self.identity)

    def leads(self) -> bool:
        return self._candidate.leads(moment())

    @property
    def holder(self) -> str:
        """Who leads, as far as it is known here."""
        return self._candidate.holder

    async def run(self) -> None:
        """Run for it until cancelled; and notice when it is lost, even while a request hangs."""
        while True:
            await self._try()
            self._tell()
            await asyncio.sleep(RETRY * (1 + JITTER * random.random()))  # noqa: S311 (chance, and no secret)

    async def release(self) -> None:
        """Let another have it at once. One that cannot be told waits until the lease has run out."""
        record = self._candidate.resign(self.clock())
        if record is None or self._lease is None:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self._write(record)
        except (KubeError, TimeoutError) as error:
            logger.warning("The Lease %s was not released: %s", STATUS_LEASE, error)

    async def _try(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._bid()
            self._troubled = False
        except (AlreadyExists, Conflict, NotFound):
            self._lease = None  # another was quicker
        except (KubeError, TimeoutError) as error:
            self._lease = None
            if not self._troubled:
                logger.warning("The Lease %s/%s: %s; trying again", self.namespace, STATUS_LEASE, _words(error))
            self._troubled = True

    async def _bid(self) -> None:
        if self._lease is None or not self.leads():
            self._lease = await self._read()
            self._candidate.see(Record.read(self._lease) if self._lease else None, moment())
        begun = moment()
        if record := self._candidate.bid(begun, self.clock()):
            await self._write(record)
            self._candidate.won(record, begun)

    async def _read(self) -> Json | None:
        try:
            return await self.client.get(LEASE, self.namespace, STATUS_LEASE)
        except NotFound:
            return None

    async def _write(self, record: Record) -> None:
        metadata = self._lease["metadata"] if self._lease else {"name": STATUS_LEASE, "namespace": self.namespace}
        lease = {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": metadata, "spec": record.spec()}
        if self._lease:
            self._lease = await self.client.replace(LEASE, self.namespace, STATUS_LEASE, lease)
        else:
            self._lease = await self.client.create(LEASE, self.namespace, lease)

    def _tell(self) -> None:
        if self.leads() == self._led:
            return
        self._led = not self._led
        if self._led:
            logger.info("Leading: this control plane writes status and events")
        else:
            logger.info("Not leading any more: another control plane may write status and events")
        self.turned()


def _words(error: Exception) -> str:
    return in_words(error) if isinstance(error, KubeError) else "the API does not answer in time"
