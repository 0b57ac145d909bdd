"""The roll: which kinds of gateways there are, known to every control plane, whichever of them a gateway hangs on.

Who leads must know them all to say what becomes of a Gateway, and a gateway that comes over from another control plane
finds its configuration made. It is one ConfigMap: a line for each kind, with the time at which somebody last had it.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import msgspec

from pylae.api.scheme import CONFIG_MAP
from pylae.controlplane.discovery.identity import Identity, NotAdmittedError
from pylae.controlplane.discovery.joining import GATEWAY, workload_of
from pylae.controlplane.discovery.observation import Joined, Observation, Parted
from pylae.kube.client import Client
from pylae.kube.errors import AlreadyExists, KubeError, NotFound
from pylae.kube.resume import Delete, Notice, Synced, Upsert
from pylae.kube.rights import in_words
from pylae.model.control_plane import ROLL
from pylae.model.workload import GatewayWorkload
from pylae.xds.message import Node

LOOK = 30.0
"""Seconds between looks, if nothing happens."""

RENEWED_AFTER = timedelta(minutes=2)
PARTED_AFTER = timedelta(minutes=10)
"""Since somebody last had a gateway of the kind. Clocks of control planes may differ by some minutes."""

FORGOTTEN_AFTER = timedelta(hours=1)
NEVER = datetime.max.replace(tzinfo=UTC)
LONG_AGO = datetime.min.replace(tzinfo=UTC)

Json = dict[str, Any]
Lines = Mapping[GatewayWorkload, datetime]

logger = logging.getLogger(__name__)


@dataclass
class Roll:
    """`here` are the kinds that hang on this control plane; `tell` takes what is learned of others."""

    client: Client
    namespace: str
    clock: Callable[[], datetime]
    here: Callable[[], Iterable[GatewayWorkload]]
    tell: Callable[[Observation], None]
    is_known: bool = False
    """Whether it has been read."""
    _lines: Lines = field(default_factory=dict)
    _elsewhere: set[GatewayWorkload] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _troubled: bool = False

    def hear(self, notice: Notice) -> None:
        """What a reflector tells of the ConfigMap."""
        match notice:
            case Upsert(body=body):
                self._lines = read(body)
            case Delete():
                self._lines = {}
            case Synced():
                self.is_known = True
        self._news.set()

    def wake(self) -> None:
        """A kind of gateway is new here."""
        self._news.set()

    async def run(self) -> NoReturn:
        """Keep it, and heed it, until cancelled."""
        while True:
            if self.is_known:
                self._tell()
                await self._write()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._news.wait()
            self._news.clear()

    def _tell(self) -> None:
        now, here = self.clock(), set(self.here())
        fresh = {workload for workload, seen in self._lines.items() if now - seen < PARTED_AFTER}
        for workload in fresh - here:
            self.tell(Observation(workload, Node(), Joined()))
        for workload in self._elsewhere - fresh - here:
            self.tell(Observation(workload, Node(), Parted()))
        self._elsewhere = fresh

    async def _write(self) -> None:
        """What is here, if nobody has said so of late; and nothing of what has long been gone."""
        now = self.clock()
        due = {one for one in self.here() if now - self._lines.get(one, LONG_AGO) > RENEWED_AFTER}
        gone = {one for one, seen in self._lines.items() if now - seen > FORGOTTEN_AFTER} - due
        if not (due or gone):
            return
        data = {_digest(one): _line(one, now) for one in due} | {_digest(one): None for one in gone}
        try:
            await self._patch(data)
            self._troubled = False
        except KubeError as error:
            if not self._troubled:
                logger.warning("The roll of gateways could not be written: %s; trying again", in_words(error))
            self._troubled = True

    async def _patch(self, data: Mapping[str, str | None]) -> None:
        try:
            await self.client.patch(CONFIG_MAP, self.namespace, ROLL, {"data": data})
        except NotFound:
            document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ROLL}}
            lines = {name: line for name, line in data.items() if line is not None}
            try:
                await self.client.create(CONFIG_MAP, self.namespace, {**document, "data": lines})
            except AlreadyExists:
                self._news.set()  # another was quicker


def read(body: bytes) -> Lines:
    """The lines of the ConfigMap; one that nobody can read is passed over."""
    found = msgspec.json.decode(body)
    lines: dict[GatewayWorkload, datetime] = {}
    for line in (found.get("data") or {}).values():
        try:
            told = json.loads(line)
            identity = Identity(str(told["NAMESPACE"]), "", NEVER)
            lines[workload_of(Node(metadata=told), identity)] = datetime.fromisoformat(told["seen"])
        except (ValueError, KeyError, TypeError, NotAdmittedError):
            continue
    return lines


def _line(workload: GatewayWorkload, now: datetime) -> str:
    """As its Envoys say it of themselves, and when."""
    return json.dumps({**_said(workload), "seen": now.isoformat(timespec="seconds")}, sort_keys=True)


def _digest(workload: GatewayWorkload) -> str:
    said = json.dumps(_said(workload), sort_keys=True)
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def _said(workload: GatewayWorkload) -> Json:
    publish = {str(port): bound for port, bound in workload.publish}
    place = {"bind": workload.bind_address, "nodePorts": workload.node_ports, "publish": publish}
    return {"NAMESPACE": workload.namespace, "LABELS": dict(workload.labels), GATEWAY: place}
