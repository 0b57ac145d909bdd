"""A cohort: the Envoys of one kind that are connected. They are given the same, and ask as one.

What one of them asks for is there for all, and nobody asks for a name any more when the last one that did has left it.
"""

import time
from collections.abc import Callable, Iterable

from pylae.controlplane.discovery.observation import Joined, Observation, Parted
from pylae.controlplane.discovery.stream import Stream
from pylae.model.workload import GatewayWorkload
from pylae.xds.event import Accepted, Asked, Event, Left, Turn
from pylae.xds.message import Node, Request, encode_response
from pylae.xds.resource import Key
from pylae.xds.world import Served


class Cohort:
    """Before the first `publish` its Envoys are kept waiting."""

    def __init__(self, workload: GatewayWorkload, observe: Callable[[Observation], None]) -> None:
        self.workload = workload
        self.served: Served | None = None
        self.streams: set[Stream] = set()
        self._observe = observe

    def join(self, stream: Stream) -> None:
        """An Envoy is connected."""
        if self.served is not None:
            stream.machine.publish(self.served, ())
            stream.begun.set()
        self.streams.add(stream)
        if len(self.streams) == 1:
            self._observe(Observation(self.workload, Node(), Joined()))

    def leave(self, stream: Stream) -> None:
        """An Envoy is gone."""
        self.streams.discard(stream)
        self._leave(stream, tuple(sorted(stream.asked)))
        if not self.streams:
            self._observe(Observation(self.workload, stream.machine.node, Parted()))

    def publish(self, served: Served, touched: Iterable[Key]) -> None:
        """Let every Envoy have what is served now, which changed in what was `touched`."""
        self.served = served
        for stream in tuple(self.streams):
            self._follow(stream, stream.machine.publish(served, touched))
            stream.begun.set()

    def hear(self, stream: Stream, request: Request) -> None:
        """An Envoy asks, or answers."""
        self._follow(stream, stream.machine.receive(request))
        stream.sent.pop(request.nonce, None)

    def _follow(self, stream: Stream, turn: Turn) -> None:
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
            stream.outbox.put(encode_response(response))

    def _ask(self, stream: Stream, keys: tuple[Key, ...], *, resumed: bool = False) -> None:
        stream.asked.update(keys)
        if keys:
            self._tell(stream, Asked(keys, resumed))

    def _leave(self, stream: Stream, keys: tuple[Key, ...]) -> None:
        """Nobody asks for a name when the last stream that did has left it."""
        stream.asked.difference_update(keys)
        if left := tuple(key for key in keys if not any(key in other.asked for other in self.streams)):
            self._tell(stream, Left(left))

    def _tell(self, stream: Stream, event: Event, seconds: float | None = None) -> None:
        self._observe(Observation(self.workload, stream.machine.node, event, seconds))
