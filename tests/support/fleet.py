"""A fleet without an Envoy or a socket: notices in, and what each kind of gateway is served."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from world import Pair

from pylae.api.decode import encode
from pylae.api.meta import Object
from pylae.api.scheme import KINDS, SECRET, Kind
from pylae.controlplane.discovery.observation import Joined, Observation, Parted
from pylae.controlplane.fleet.fleet import Fleet
from pylae.controlplane.fleet.serving import Serving
from pylae.controlplane.loop import Loop
from pylae.controlplane.metrics import Metrics
from pylae.kube.resume import Delete, Notice, Synced, Upsert
from pylae.kube.store import PLACES, Store
from pylae.model.finding import Code
from pylae.model.workload import GatewayWorkload
from pylae.xds.event import Event
from pylae.xds.message import Node
from pylae.xds.resource import Key, Type
from pylae.xds.world import Served

TURNS = 20_000
"""Of the loop, after which nobody waits any longer."""


@dataclass
class Harbour:
    """`tell` changes objects, `join`, `part` and `say` are what Envoys do. `world` is what a kind is served."""

    home: GatewayWorkload | None = None
    store: Store = field(default_factory=Store)
    published: dict[GatewayWorkload, Served] = field(default_factory=dict)
    forgotten: list[GatewayWorkload] = field(default_factory=list)
    examined: int = 0

    def __post_init__(self) -> None:
        self.metrics = Metrics()
        self.fleet = Fleet(self.store, self.metrics, self, self.home, examined=self._count)
        self.loop = Loop(self.fleet)

    def publish(self, workload: GatewayWorkload, served: Served, touched: Iterable[Key]) -> None:
        self.published[workload] = served

    def forget(self, workload: GatewayWorkload) -> None:
        self.forgotten.append(workload)

    def _count(self) -> None:
        self.examined += 1

    async def tell(self, *items: Notice | Observation) -> None:
        """Hand over what happened, and wait until it was worked off."""
        for item in items:
            self.loop.tell(item)
        await self.until(lambda: not self.loop._queue and self._is_quiet(), "the batch to be worked off")

    def _is_quiet(self) -> bool:
        fleet = self.fleet
        return fleet.is_gathered and not fleet.is_asked and (fleet.is_settled or not self.store.is_synced)

    async def list_all(self) -> None:
        await self.tell(*(Synced(kind) for kind in PLACES))

    async def join(self, *workloads: GatewayWorkload) -> None:
        await self.tell(*(Observation(workload, Node(), Joined()) for workload in workloads))

    async def part(self, *workloads: GatewayWorkload) -> None:
        await self.tell(*(Observation(workload, Node(), Parted()) for workload in workloads))

    async def say(self, workload: GatewayWorkload, event: Event) -> None:
        await self.tell(Observation(workload, Node(), event))

    def serving(self, workload: GatewayWorkload) -> Serving:
        found = self.fleet.get(workload)
        assert found is not None
        return found

    def names(self, workload: GatewayWorkload, type_: Type) -> list[str]:
        return sorted(self.published[workload][type_])

    def found(self) -> set[Code]:
        return {finding.code for finding in self.fleet.ledger.all()}

    def look_into_all(self) -> None:
        while self.fleet.examine():
            pass

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        for _ in range(TURNS):
            if holds():
                return
            await asyncio.sleep(0)
        raise AssertionError(f"waited in vain for {what}")


@asynccontextmanager
async def harbour(home: GatewayWorkload | None = None) -> AsyncIterator[Harbour]:
    made = Harbour(home)
    running = asyncio.create_task(made.loop.run())
    try:
        yield made
    finally:
        running.cancel()


def kind_of(object_: Object) -> Kind:
    return next(kind for kind in KINDS if kind.kind == object_.kind)


def upsert(object_: Object, version: int = 1) -> Upsert:
    body: dict[str, Any] = msgspec.json.decode(encode(object_))
    kind = kind_of(object_)
    body |= {"apiVersion": kind.api_version, "kind": kind.kind}
    body["metadata"]["resourceVersion"] = str(version)
    return Upsert.of(kind, msgspec.json.encode(body))


def delete(object_: Object) -> Delete:
    return Delete(kind_of(object_), (object_.metadata.namespace, object_.metadata.name))


def secret(namespace: str, name: str, made: Pair) -> Upsert:
    data = {
        "tls.crt": b64encode(made.chain.encode()).decode(),
        "tls.key": b64encode(made.key.encode()).decode(),
    }
    metadata = {"name": name, "namespace": namespace, "resourceVersion": "1"}
    document = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "data": data}
    return Upsert.of(SECRET, msgspec.json.encode(document))
