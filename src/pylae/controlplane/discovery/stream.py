"""One connected Envoy: the machine that speaks with it, and what there is to tell of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from pylae.controlplane.discovery.identity import Identity
from pylae.controlplane.discovery.outbox import Outbox
from pylae.model.workload import GatewayWorkload
from pylae.xds.delta import DeltaStream, Sync
from pylae.xds.message import Node
from pylae.xds.resource import Key, Type


@dataclass(frozen=True, slots=True)
class TypeState:
    """`versions` are what Envoy acknowledged, by name; `seconds` passed since it last did, None if it never has."""

    sync: Sync
    versions: Mapping[str, str]
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StreamState:
    """One connected Envoy, as `pylae proxy-status` shows it; `connected` is in seconds. It is `settled` when it has
    everything, down to the routes and secrets that its listeners ask for. Of one on this machine `identity` is None."""

    node: Node
    connected: float
    settled: bool
    types: Mapping[Type, TypeState]
    workload: GatewayWorkload
    identity: Identity | None
    peer: str


@dataclass(eq=False, slots=True)
class Stream:
    """One connection: the machine, and what is still to be written. Moments are those of the monotonic clock."""

    workload: GatewayWorkload
    began: float
    identity: Identity | None = None
    peer: str = ""
    machine: DeltaStream = field(default_factory=DeltaStream)
    outbox: Outbox = field(default_factory=Outbox)
    sent: dict[str, float] = field(default_factory=dict)
    accepted: dict[Type, float] = field(default_factory=dict)
    asked: set[Key] = field(default_factory=set)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """There is something to say to it, if only that nothing is new."""

    def state(self, now: float) -> StreamState:
        types = {type_: self._type_state(type_, now) for type_ in Type}
        machine = self.machine
        return StreamState(
            machine.node, now - self.began, machine.settled, types, self.workload, self.identity, self.peer
        )

    def _type_state(self, type_: Type, now: float) -> TypeState:
        at = self.accepted.get(type_)
        seconds = None if at is None else now - at
        return TypeState(self.machine.sync(type_), self.machine.versions(type_), seconds)
