"""The reflector: follows every object of a kind for as long as it runs, through restarts and silences of the server.

`resume` decides; this hand does what it says, and is the one place with a clock and with chance in it.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import NoReturn, assert_never

from pylae.api.scheme import Kind
from pylae.kube.answers import Page
from pylae.kube.client import Client
from pylae.kube.errors import Gone, KubeError, NotFound
from pylae.kube.resume import AskPage, Ended, Failed, Happening, Notice, OpenWatch, Part, Pause, Resume, Step, Woken
from pylae.kube.rights import in_words

SHORTEST_TIMEOUT = 300
"""Seconds after which the server ends a watch; up to twice as many by chance, so that not all end at once."""

STALLED = 150.0
"""Seconds without a word after which a watch is taken for dead. Servers send bookmarks about once a minute."""

PAGE = 1000
"""Objects to a page of a list: twice client-go's number. Longer ones take no less time, and more memory."""

PART = 250
"""Objects of a page that are told at a stretch. The loop is then left to the others: to the other reflectors, and to
the API server, if it lives in the same process, while it makes the next page."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """Where time and chance come from; a test hands in its own."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    """From 0 to 1."""
    stalled: float = STALLED


class Reflector:
    """Follows one kind, in one namespace or ("") in all; `fields` is a field selector (`metadata.name=istio`)."""

    def __init__(
        self, client: Client, kind: Kind, *, namespace: str = "", fields: str = "", timing: Timing = Timing()
    ) -> None:
        self.kind = kind
        self._client = client
        self._namespace = namespace
        self._selected = {"fieldSelector": fields} if fields else {}
        self._timing = timing
        self._resume = Resume(kind, namespace)
        self._troubled = False

    async def run(self, tell: Callable[[Notice], None]) -> NoReturn:
        """Tells what there is, `Synced`, and then what changes, until it is cancelled. What `tell` raises ends it."""
        step = self._resume.start()
        while True:
            for notice in step.notices:
                tell(notice)
            match step.command:
                case AskPage(token):
                    step = self._receive(await self._page(token, tell))
                case OpenWatch(version):
                    step = self._receive(await self._follow(version, tell))
                case Pause(seconds):
                    is_back = await self._client.pause(seconds * (1 + self._timing.chance()), self._timing.sleep)
                    step = self._receive(Woken(is_back))
                case None:
                    raise AssertionError("only an event within a watch leaves nothing to do")
                case _:
                    assert_never(step.command)

    def _receive(self, happening: Happening) -> Step:
        return self._resume.receive(happening, self._timing.clock())

    async def _page(self, token: str, tell: Callable[[Notice], None]) -> Happening:
        """Tells a page but for its last part; what is returned is that part, or how there came to be no page."""
        try:
            page = await self._client.page(self.kind, self._namespace, token, limit=str(PAGE), **self._selected)
        except KubeError as error:
            return await self._failed(error)
        self._recovered()
        rest = page.items
        while len(rest) > PART:
            part, rest = rest[:PART], rest[PART:]
            for notice in self._receive(Part(part)).notices:
                tell(notice)
            await asyncio.sleep(0)
        return Page(rest, page.resource_version, page.continue_token)

    async def _follow(self, version: str, tell: Callable[[Notice], None]) -> Happening:
        """Tells the events of one watch; what is returned is how it came to its end."""
        try:
            await self._events(version, tell)
        except TimeoutError:
            logger.info("watching %s: nothing came for %.0f s; asking again", self.kind.plural, self._timing.stalled)
        except KubeError as error:
            return await self._failed(error)
        return Ended()

    async def _events(self, version: str, tell: Callable[[Notice], None]) -> None:
        seconds = round(SHORTEST_TIMEOUT * (1 + self._timing.chance()))
        query = {"resourceVersion": version, "timeoutSeconds": str(seconds), **self._selected}
        loop = asyncio.get_running_loop()
        async with (
            asyncio.timeout(self._timing.stalled) as stalled,
            aclosing(self._client.watch(self.kind, self._namespace, **query)) as events,
        ):
            async for event in events:
                self._recovered()
                stalled.reschedule(loop.time() + self._timing.stalled)
                for notice in self._receive(event).notices:
                    tell(notice)

    async def _failed(self, error: KubeError) -> Failed:
        if isinstance(error, NotFound) and await self._is_absent():
            self._complain("the server has no such kind yet")
            return Failed(absent=True)
        gone = isinstance(error, Gone)
        if not gone:
            self._complain(in_words(error))
        return Failed(gone=gone)

    async def _is_absent(self) -> bool:
        """Whether the server itself says that there is no such kind. What stands before it may answer 404 as well,
        and that shall not take down what is served."""
        try:
            return not await self._client.serves(self.kind)
        except KubeError as error:
            self._complain(in_words(error))
            return False

    def _complain(self, what: str) -> None:
        """Says it once for a row of failures: the pauses between them would fill the log."""
        if not self._troubled:
            logger.warning("watching %s: %s; trying again", self.kind.plural, what)
            self._troubled = True

    def _recovered(self) -> None:
        if self._troubled:
            logger.info("watching %s again", self.kind.plural)
            self._troubled = False
