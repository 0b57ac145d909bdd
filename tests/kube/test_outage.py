"""An outage: one asks for all, and who waited goes on when there is an answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pylae.kube.outage import LONGEST, SHORTEST, Outage, Timing

HOUR = 3600.0


class Server:
    """Away until it is told otherwise; time passes as quickly as the loop turns."""

    def __init__(self) -> None:
        self.is_back = False
        self.asked = 0
        self.now = 0.0
        self.slept: list[float] = []

    async def ask(self) -> bool:
        self.asked += 1
        return self.is_back

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    @property
    def timing(self) -> Timing:
        return Timing(lambda: self.now, self.sleep, lambda: 0.0)


@asynccontextmanager
async def outage(server: Server) -> AsyncIterator[Outage]:
    made = Outage(server.ask, server.timing)
    yield made
    await made.close()


async def for_ever(_: float) -> None:
    await asyncio.Event().wait()


async def test_without_an_outage_a_pause_is_as_long_as_it_is() -> None:
    server = Server()
    async with outage(server) as made:
        assert not await made.pause(7.0, server.sleep)
    assert (server.slept, server.asked) == ([7.0], 0)


async def test_many_that_wait_ask_once_at_a_time_and_go_on_together() -> None:
    server = Server()
    async with outage(server) as made:
        for _ in range(20):
            made.begin()

        async def wait() -> None:
            assert await made.pause(HOUR, _an_hour)

        async def _an_hour(seconds: float) -> None:
            if seconds >= HOUR:
                await asyncio.Event().wait()

        waiting = [asyncio.create_task(wait()) for _ in range(20)]
        while server.asked < 5:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        server.is_back = True
        await asyncio.wait_for(asyncio.gather(*waiting), 5)
    assert server.asked == 6
    assert set(server.slept) == {SHORTEST}


async def test_a_pause_that_is_over_before_the_outage_is_just_over() -> None:
    server = Server()
    async with outage(server) as made:
        made.begin()
        assert not await asyncio.wait_for(made.pause(0.0, server.sleep), 5)
        assert made.is_on


async def test_a_pause_after_it_is_as_long_as_any() -> None:
    server = Server()
    async with outage(server) as made:
        made.begin()
        made.end()
        assert not made.is_on
        await made.pause(1.0, server.sleep)


async def test_a_server_that_returns_to_fail_again_is_asked_less_and_less() -> None:
    server = Server()
    server.is_back = True
    async with outage(server) as made:
        for _ in range(12):
            made.begin()
            while made.is_on:  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert server.slept[:3] == [SHORTEST, SHORTEST * 2, SHORTEST * 4]
        assert max(server.slept) == LONGEST
        server.now = HOUR
        made.begin()
        await asyncio.sleep(0)
        assert server.slept[-1] == SHORTEST
