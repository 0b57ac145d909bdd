"""One stream of Envoy, held: the relay decides, and this moves the bytes and takes the time."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import grpc

from pylae.gateway.control_plane import Failure, Stream
from pylae.gateway.credentials import CredentialFiles, CredentialsError
from pylae.gateway.link import Link
from pylae.gateway.relay import Relay, Said
from pylae.gateway.search import Search
from pylae.gateway.stored import Stored

AT_ONCE, STORED_AFTER = 0.2, 1.0
"""Seconds after which an Envoy that serves nobody is given what is stored: when all control planes refused, and when
one of them may still answer."""

SETTLED_AFTER = 30.0
"""Seconds after which an Envoy has been given all that there is for it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What all conversations share. `serve_stored_for` is how old what is stored may be for an Envoy to start with it,
    None for however old."""

    search: Search
    files: CredentialFiles
    stored: Stored
    link: Link
    serve_stored_for: timedelta | None = None


@dataclass
class Conversation:
    """`hold` it until the stream is to end. Envoy then begins another."""

    around: Surroundings
    context: Any
    _stream: Stream | None = None
    _began: asyncio.Event = field(default_factory=asyncio.Event)
    _vain: asyncio.Event = field(default_factory=asyncio.Event)
    _outbox: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        self.relay = Relay(self.around.stored)

    async def hold(self, requests: AsyncIterator[bytes]) -> None:
        ends = [asyncio.create_task(part) for part in (self._listen(requests), self._seek())]
        others = [asyncio.create_task(part) for part in (self._write(), self._stand_in())]
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (*ends, *others):
                task.cancel()
            await asyncio.wait((*ends, *others))
            await self._close()

    async def _listen(self, requests: AsyncIterator[bytes]) -> None:
        async for body in requests:
            self._pass_on(self.relay.hear(body))
            self._began.set()
            if self.relay.overflows:
                return

    def _pass_on(self, said: Said) -> None:
        for body in said.to_envoy:
            self._outbox.put_nowait(body)
        if self._stream is not None:
            for body in said.to_control_plane:
                self._stream.send(body)

    async def _write(self) -> None:
        while True:
            await self.context.write(await self._outbox.get())

    async def _seek(self) -> None:
        """Until a control plane was found and has ended, or could be found by the next stream."""
        await self._began.wait()
        while True:
            wait, address = self.around.search.next()
            await asyncio.sleep(wait)
            failure = await self._try(address)
            if failure is None:
                break
            self.around.link.failed(address, failure)
            if self.around.search.is_vain:
                self._vain.set()
        self.around.search.found(address)
        if not self.relay.is_local:
            await self._follow(address)

    async def _try(self, address: str) -> Failure | None:
        """Have it take the stream, told from the beginning; why it does not, if so.

        Only who we are is said before it has taken us: of a stream that is refused while it is written to, gRPC does
        not tell the reason.
        """
        try:
            stream = Stream(address, self.around.files.read())
        except CredentialsError as error:
            return Failure(grpc.StatusCode.UNAUTHENTICATED, str(error))
        async with AsyncExitStack() as opened:
            opened.push_async_callback(stream.close)
            failure = await stream.connect()
            if failure is None:
                stream.send(self.relay.opening[0])
                failure = await stream.taken()
            if failure is None:
                opened.pop_all()
                self._stream = stream
                for body in self.relay.opening[1:]:
                    stream.send(body)
        return failure

    async def _follow(self, address: str) -> None:
        """Hand on what it says until it ends."""
        stream = self._stream
        assert stream is not None, "it has just taken us"
        self.relay.join()
        self.around.link.joined(address)
        self.around.stored.agree()
        settling, failure = asyncio.create_task(self._settle()), None
        try:
            while (body := await stream.read()) is not None:
                self._outbox.put_nowait(self.relay.tell(body))
            failure = await stream.failure()
        finally:
            settling.cancel()
            self.around.stored.agree()
            self.around.link.left(failure)

    async def _settle(self) -> None:
        await asyncio.sleep(SETTLED_AFTER)
        self.relay.settle()

    async def _stand_in(self) -> None:
        """Give an Envoy that serves nobody what is stored, if no control plane takes it."""
        await self._began.wait()
        await asyncio.sleep(AT_ONCE)
        with suppress(TimeoutError):
            async with asyncio.timeout(STORED_AFTER - AT_ONCE):
                await self._vain.wait()
        if not self.relay.is_fresh or not self._may_serve():
            return
        stored = await self.around.stored.resources()
        if stored and self.relay.is_fresh:  # a control plane may have come
            logger.warning("No control plane answers: Envoy starts with what it accepted last")
            for body in self.relay.serve(stored):
                self._outbox.put_nowait(body)

    def _may_serve(self) -> bool:
        age, limit = self.around.stored.age(), self.around.serve_stored_for
        if age is None:
            logger.warning("No control plane answers, and nothing is stored: Envoy waits")
            return False
        if limit is not None and age > limit.total_seconds():
            logger.warning("No control plane answers, and what is stored is too old (%d s): Envoy waits", age)
            return False
        return True

    async def _close(self) -> None:
        if self._stream is not None:
            stream, self._stream = self._stream, None
            await stream.close()
