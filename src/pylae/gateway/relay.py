"""One stream of an Envoy, handed on to a control plane, as a machine without sockets or clock.

Until a control plane has taken the stream, all that Envoy said is kept, so that any of them can be told it from the
beginning. An Envoy that has listeners just waits: it serves on with what it has. One that has none may be given the
stored configuration. It then stays with that until a control plane can be had, its stream is ended, and the next one
begins with the versions that it has: the control plane sends what differs, and nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pylae.gateway.acceptance import Acceptance, Store
from pylae.xds.delta import DeltaStream
from pylae.xds.event import Turn
from pylae.xds.message import ForeignTypeError, Request, decode_request, decode_response, encode_response
from pylae.xds.resource import Resource, Type
from pylae.xds.world import World

MOST_EARLY = 10_000
"""Requests that are kept. Whoever has more to say while nobody answers is better asked to say it all again."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be handed on: messages for Envoy, and for the control plane."""

    to_envoy: tuple[bytes, ...] = ()
    to_control_plane: tuple[bytes, ...] = ()


class Relay:
    """`hear` Envoy and `tell` it what a control plane says, after `join`; or `serve` it what is stored."""

    def __init__(self, store: Store) -> None:
        self._acceptance = Acceptance(store)
        self._early: list[bytes] = []
        self._understood: list[Request] = []
        self._local: DeltaStream | None = None
        self._listens = False
        self._joined = False

    @property
    def is_fresh(self) -> bool:
        """Whether Envoy has spoken, and has no listeners yet: it serves nobody."""
        return bool(self._early) and not self._listens

    @property
    def is_local(self) -> bool:
        """Whether Envoy was given the stored configuration on this stream."""
        return self._local is not None

    @property
    def overflows(self) -> bool:
        return len(self._early) > MOST_EARLY

    @property
    def opening(self) -> tuple[bytes, ...]:
        """What a control plane is told first. Of an Envoy that is served from here it need only know who it is."""
        return tuple(self._early[:1] if self._local else self._early)

    def join(self) -> None:
        """A control plane has taken the stream, and was told the opening."""
        self._joined = True
        self._early.clear()
        self._understood.clear()

    def hear(self, body: bytes) -> Said:
        """Envoy said something."""
        try:
            request = decode_request(body)
        except ForeignTypeError:
            return self._hand_on(body)
        self._listens = self._listens or (request.type is Type.LISTENER and bool(request.initial_versions))
        said = self._hand_on(self._acceptance.heard(request, body))
        if self._local is not None:
            return Said(self._spell(self._local.receive(request)))
        if not self._joined:
            self._understood.append(request)
        return said

    def tell(self, body: bytes) -> bytes:
        """A control plane said something; gives it back for Envoy."""
        try:
            self._acceptance.sent(decode_response(body))
        except ForeignTypeError:
            return body
        return body

    def serve(self, stored: Iterable[Resource]) -> tuple[bytes, ...]:
        """Give Envoy the stored configuration; what follows is for Envoy."""
        self._local = DeltaStream()
        for request in self._understood:
            self._local.receive(request)
        self._understood.clear()
        return self._spell(self._local.publish(World(stored), ()))

    def settle(self) -> None:
        """What a control plane had to say to this Envoy has been said."""
        self._acceptance.forget_stale()

    def _hand_on(self, body: bytes) -> Said:
        if not self._joined and not (self._local and self._early):
            self._early.append(body)
        return Said(to_control_plane=() if self._local else (body,))

    def _spell(self, turn: Turn) -> tuple[bytes, ...]:
        for response in turn.responses:
            self._acceptance.sent(response)
        return tuple(encode_response(response) for response in turn.responses)
