"""Clients of a gateway that ask little: each of many hosts once, one on a connection that is kept, or for names that
nobody owns."""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Self, TypeVar

from kept import Connection, Http1, Http2

T = TypeVar("T")

AT_ONCE = 16
"""Requests at the same time."""

PATIENCE = 10
"""Seconds for an answer."""


def trusting(protocol: str = "http/1.1") -> ssl.SSLContext:
    """TLS that does not judge what it is shown."""
    made = ssl.create_default_context()
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.set_alpn_protocols([protocol])
    return made


async def in_turns(things: Iterable[T], do: Callable[[T], Awaitable[object]]) -> None:
    """Do it for each, some at a time."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(thing: T) -> None:
        async with free:
            await do(thing)

    async with asyncio.TaskGroup() as under_way:
        for thing in things:
            under_way.create_task(one(thing))


def ask_each(port: int, hosts: Iterable[str]) -> Mapping[str, str]:
    """What each host answers on a new connection: the body of a 200, or why there is none."""
    answers: dict[str, str] = {}
    tls = trusting()

    async def ask(host: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                status, body = await _get(port, host, tls)
            answers[host] = body if status == 200 else f"status {status}"
        except (OSError, EOFError, TimeoutError) as error:
            answers[host] = repr(error)

    asyncio.run(in_turns(hosts, ask))
    return answers


async def _get(port: int, host: str, tls: ssl.SSLContext) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=host)
    try:
        writer.write(f"GET / HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length: ")[2].partition("\r\n")[0]
        return int(head.split()[1]), (await reader.readexactly(int(length or 0))).decode()
    finally:
        writer.transport.abort()


class Kept:
    """A connection over which `ask` may be called again and again. Raises `kept.Lost` where it was harmed."""

    def __init__(self, port: int, host: str, protocol: type[Connection]) -> None:
        self._host = host
        self._loop = asyncio.new_event_loop()
        tls = trusting("h2" if protocol is Http2 else "http/1.1")
        connecting = self._loop.create_connection(protocol, "127.0.0.1", port, ssl=tls, server_hostname=host)
        _, made = self._loop.run_until_complete(connecting)
        assert isinstance(made, Http1 | Http2)
        self._connection = made

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.transport.abort()
        self._loop.run_until_complete(asyncio.sleep(0.01))  # it hears of its end
        self._loop.close()

    def ask(self) -> None:
        """Ask the host; that the answer is not 200 is an error too."""

        async def answered() -> None:
            async with asyncio.timeout(PATIENCE):
                await self._connection.ask(self._host)

        self._loop.run_until_complete(answered())


def knock(port: int, names: Iterable[str], rate: float) -> Counter[str]:
    """Handshakes for these names, so many a second; how many were refused for which reason, or "" if it was not."""
    came: Counter[str] = Counter()
    tls = trusting()

    async def one(name: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name)
            writer.transport.abort()
            came[""] += 1
        except ssl.SSLError as error:
            came[error.reason or "TLS"] += 1
        except (OSError, TimeoutError) as error:
            came[type(error).__name__] += 1

    async def all_of_them() -> None:
        due = time.monotonic()
        async with asyncio.TaskGroup() as under_way:
            for name in names:
                under_way.create_task(one(name))
                due += 1 / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    asyncio.run(all_of_them())
    return came
