"""The aggregated discovery service: delta xDS over gRPC on a Unix socket that only its owner can open.

Each Envoy that connects has a `DeltaStream`; this file only carries bytes and takes the time. An Envoy that outlived
the last control plane connects to the same path by itself and says what it still has: so it is taken over.
"""

import asyncio
import logging
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from pylae.xds.delta import DeltaStream, Sync
from pylae.xds.event import Accepted, Asked, Event, Left, Turn
from pylae.xds.message import ForeignTypeError, Node, decode_request, encode_response
from pylae.xds.resource import Key, Type
from pylae.xds.world import Served

SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
METHOD = "DeltaAggregatedResources"
UNLIMITED = -1
"""The size of a message: one that lists ten thousand versions is larger than gRPC's usual 4 MB."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Observation:
    """What was learned from one Envoy. `seconds` passed since the response was sent, None if it answers none."""

    node: Node
    event: Event
    seconds: float | None


@dataclass(frozen=True, slots=True)
class TypeState:
    """`versions` are what Envoy acknowledged, by name; `seconds` passed since it last did, None if it never has."""

    sync: Sync
    versions: Mapping[str, str]
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StreamState:
    """One connected Envoy, as `pylae proxy-status` shows it; `connected` is in seconds. It is `settled` when it has
    everything, down to the routes and secrets that its listeners ask for."""

    node: Node
    connected: float
    settled: bool
    types: Mapping[Type, TypeState]


@dataclass(eq=False, slots=True)
class _Stream:
    """One connection: the machine, and what is still to be written."""

    began: float
    machine: DeltaStream = field(default_factory=DeltaStream)
    outbox: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    sent: dict[str, float] = field(default_factory=dict)
    accepted: dict[Type, float] = field(default_factory=dict)
    asked: set[Key] = field(default_factory=set)

    def state(self, now: float) -> StreamState:
        types = {type_: self._type_state(type_, now) for type_ in Type}
        return StreamState(self.machine.node, now - self.began, self.machine.settled, types)

    def _type_state(self, type_: Type, now: float) -> TypeState:
        at = self.accepted.get(type_)
        seconds = None if at is None else now - at
        return TypeState(self.machine.sync(type_), self.machine.versions(type_), seconds)


class Ads:
    """Serves one world to every Envoy that connects. Before the first `publish` they are kept waiting."""

    def __init__(self, socket: Path, observe: Callable[[Observation], None]) -> None:
        self._socket = socket
        self._observe = observe
        self._served: Served | None = None
        self._streams: set[_Stream] = set()
        self._server: Any = None

    async def start(self) -> None:
        """Bind the socket, in place of one that a dead control plane left. Raises OSError if it cannot be bound."""
        _remove_stale(self._socket)
        options = [("grpc.max_receive_message_length", UNLIMITED), ("grpc.max_send_message_length", UNLIMITED)]
        server = grpc.aio.server(options=options)
        handler = grpc.stream_stream_rpc_method_handler(self._converse)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),))
        try:
            server.add_insecure_port(f"unix:{self._socket}")
        except RuntimeError as error:
            raise OSError(f"{self._socket} cannot be bound: {error}") from error
        self._socket.chmod(0o600)
        await server.start()
        self._server = server

    async def stop(self) -> None:
        """End every stream. Envoy serves on with what it has."""
        if self._server is not None:
            await self._server.stop(grace=None)
            self._server = None

    def publish(self, served: Served, touched: Iterable[Key]) -> None:
        """Let every Envoy have what is served now, which changed in what was `touched`. What follows is written in the
        background."""
        self._served = served
        for stream in tuple(self._streams):
            self._follow(stream, stream.machine.publish(served, touched))

    @property
    def settled(self) -> bool:
        """Whether there is an Envoy that has everything."""
        return any(stream.machine.settled for stream in self._streams)

    def connected(self) -> tuple[StreamState, ...]:
        """Every Envoy that has a stream now."""
        now = time.monotonic()
        return tuple(stream.state(now) for stream in self._streams)

    async def _converse(self, requests: AsyncIterator[bytes], context: Any) -> None:
        stream = _Stream(time.monotonic())
        if self._served is not None:
            stream.machine.publish(self._served, ())
        self._streams.add(stream)
        writer = asyncio.create_task(_write(stream, context))
        try:
            async for body in requests:
                self._hear(stream, body)
        finally:
            self._streams.discard(stream)
            writer.cancel()
            self._leave(stream, tuple(sorted(stream.asked)))

    def _hear(self, stream: _Stream, body: bytes) -> None:
        try:
            request = decode_request(body)
        except ForeignTypeError as error:
            log.warning("Envoy asked for %s, which is not served", error)
            return
        self._follow(stream, stream.machine.receive(request))
        stream.sent.pop(request.nonce, None)

    def _follow(self, stream: _Stream, turn: Turn) -> None:
        now = time.monotonic()
        self._ask(stream, tuple(key for key in turn.asked if key not in turn.resumed))
        self._ask(stream, tuple(key for key in turn.asked if key in turn.resumed), resumed=True)
        self._leave(stream, turn.left)
        for event in turn.events:
            if isinstance(event, Accepted):
                stream.accepted[event.type] = now
            began = stream.sent.get(event.nonce)
            self._tell(stream, event, None if began is None else now - began)
        for response in turn.responses:
            stream.sent[response.nonce] = now
            stream.outbox.put_nowait(encode_response(response))

    def _ask(self, stream: _Stream, keys: tuple[Key, ...], *, resumed: bool = False) -> None:
        stream.asked.update(keys)
        if keys:
            self._tell(stream, Asked(keys, resumed))

    def _leave(self, stream: _Stream, keys: tuple[Key, ...]) -> None:
        """Nobody asks for a name when the last stream that did has left it."""
        stream.asked.difference_update(keys)
        if left := tuple(key for key in keys if not any(key in other.asked for other in self._streams)):
            self._tell(stream, Left(left))

    def _tell(self, stream: _Stream, event: Event, seconds: float | None = None) -> None:
        self._observe(Observation(stream.machine.node, event, seconds))


async def _write(stream: _Stream, context: Any) -> None:
    while True:
        await context.write(await stream.outbox.get())


def _remove_stale(socket: Path) -> None:
    """Only a socket is removed: anything else at that path was not put there by us."""
    try:
        if stat.S_ISSOCK(socket.lstat().st_mode):
            socket.unlink()
    except FileNotFoundError:
        return
