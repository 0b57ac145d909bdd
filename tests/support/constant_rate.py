"""Requests at a constant rate, each on a connection of its own or all on one, and how many failed."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

EVERY = 0.02
"""Seconds."""


@dataclass
class Tally:
    asked: int = 0
    failed: list[str] = field(default_factory=list)


@asynccontextmanager
async def requests(host: str, port: int) -> AsyncIterator[Tally]:
    """HTTPS to loopback for as long as the block lasts."""
    tally, sent = Tally(), set[asyncio.Task[None]]()
    sending = asyncio.create_task(_send(host, port, tally, sent))
    try:
        yield tally
    finally:
        sending.cancel()
        await asyncio.gather(*sent)


async def _send(host: str, port: int, tally: Tally, sent: set[asyncio.Task[None]]) -> None:
    while True:
        sent.add(asyncio.create_task(_request(host, port, tally)))
        await asyncio.sleep(EVERY)


async def _request(host: str, port: int, tally: Tally) -> None:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    tally.asked += 1
    try:
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=host)
            writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            status = (await reader.readline()).decode().strip()
            writer.close()
    except (OSError, ssl.SSLError, TimeoutError) as error:
        status = repr(error)
    if " 200" not in status:
        tally.failed.append(status)
