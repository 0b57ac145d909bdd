"""An API server that is away: one question at a time asks for all whether it is back.

Whoever failed would otherwise wait longer after each attempt, and be late when the server returns; and many that ask
on their own are a storm just then. That one request succeeds does not end it: a kube-apiserver that starts serves some
kinds for seconds before it serves those of CustomResourceDefinitions, and says all the while that it is not ready.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

SHORTEST, LONGEST = 0.5, 2.0
"""Seconds between two questions, or up to twice as many by chance. They grow only for a server that returns to fail
again, and not so far that it would be served late: what it serves is to be on the wire within 5 s."""

CALM = 60.0
"""Seconds without an outage after which the next one counts as the first again."""

SPREAD = 0.5
"""Seconds over which those who waited begin again."""


Sleep = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Timing:
    """Where time and chance come from; a test hands in its own."""

    clock: Callable[[], float] = time.monotonic
    sleep: Sleep = asyncio.sleep
    chance: Callable[[], float] = random.random
    """From 0 to 1."""


class Outage:
    """`ask` says whether the server is ready; `begin` is told by every request that learns that it is not."""

    def __init__(self, ask: Callable[[], Awaitable[bool]], timing: Timing = Timing()) -> None:
        self._ask = ask
        self._timing = timing
        self._over: asyncio.Event | None = None
        self._asking: asyncio.Task[None] | None = None
        self._interval = SHORTEST
        self._ended = float("-inf")

    @property
    def is_on(self) -> bool:
        return self._over is not None

    def begin(self) -> None:
        """The server did not answer, or cannot serve."""
        if self._over is not None:
            return
        is_again = self._timing.clock() - self._ended < CALM
        self._interval = min(self._interval * 2, LONGEST) if is_again else SHORTEST
        self._over = asyncio.Event()
        self._asking = asyncio.create_task(self._ask_until_it_answers())

    def end(self) -> None:
        """The server is ready."""
        if self._over is not None:
            self._over.set()
            self._over = None
            self._ended = self._timing.clock()

    async def pause(self, seconds: float, sleep: Sleep) -> bool:
        """Wait that long; but if the server is away, only until it is back. Says whether it is back."""
        if (over := self._over) is None:
            await sleep(seconds)
            return False
        until = [asyncio.ensure_future(sleep(seconds)), asyncio.create_task(over.wait())]
        try:
            await asyncio.wait(until, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in until:
                waiter.cancel()
        await sleep(SPREAD * self._timing.chance())
        return over.is_set()

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._asking

    async def _ask_until_it_answers(self) -> None:
        while self._over is not None:
            await self._timing.sleep(self._interval * (1 + self._timing.chance()))
            if await self._ask():
                self.end()
