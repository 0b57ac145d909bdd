"""The process that makes the load: so many requests a second, whether or not earlier ones were answered, until its
input ends. Then it prints what became of them as JSON. Run by load.py, in a process of its own so that a busy test
does not slow it.
"""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle

from kept import Connection, Http1, Http2, Lost, Unprocessed

Place = tuple[str, int]
"""An address and a port."""

PATIENCE = 10
"""Seconds for an answer, or for a handshake."""

CONNECTIONS = 4
"""HTTP/2 connections of a client, over which its requests go in turn."""

AT_ONCE = 16
"""Requests under way of one kind. A server that is slower gets fewer requests, for more connections would only make it
slower still; how many were made is told."""

LISTED = 50
"""Failures that are told one by one; all are counted."""


@dataclass
class Tally:
    """What one kind of client saw. A failure is its time (seconds since the epoch), its host and the reason. `again`
    counts requests that the server declared untouched, and that were made again as any client would."""

    requests: int = 0
    failed: int = 0
    connections: int = 0
    again: int = 0
    slowest: float = 0
    failures: list[tuple[float, str, str]] = field(default_factory=list)

    def fail(self, host: str, reason: str) -> None:
        self.failed += 1
        if len(self.failures) < LISTED:
            self.failures.append((time.time(), host, reason))


class Client:
    """One kind of connection to some hosts, at a rate."""

    def __init__(self, place: Place, hosts: Sequence[str], protocol: type[Connection], alpn: str) -> None:
        self.tally = Tally()
        self._place = place
        self._hosts = cycle(hosts)
        self._protocol = protocol
        self._pools: dict[str, list[Connection]] = {host: [] for host in hosts}
        self._tls = ssl.create_default_context()
        self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE
        self._tls.set_alpn_protocols([alpn])

    async def run(self, rate: float, over: asyncio.Event) -> None:
        """Requests are due at fixed moments; what could not be made in time is made up for within a second, or not."""
        due, free = time.monotonic(), asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as under_way:
            while not over.is_set():
                await free.acquire()
                under_way.create_task(self._request(next(self._hosts))).add_done_callback(lambda _: free.release())
                due = max(due + 1 / rate, time.monotonic() - 1)
                if due > time.monotonic():
                    await asyncio.sleep(due - time.monotonic())
        for pool in self._pools.values():
            for connection in pool:
                connection.close()

    async def _request(self, host: str) -> None:
        self.tally.requests += 1
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ask(host)
        except TimeoutError:
            self.tally.fail(host, f"no answer in {PATIENCE} s")
        except (OSError, Lost) as error:
            self.tally.fail(host, str(error) or type(error).__name__)
        self.tally.slowest = max(self.tally.slowest, time.monotonic() - began)

    async def _ask(self, host: str) -> None:
        while True:
            connection = await self._connection(host)
            try:
                return await connection.ask(host)
            except Unprocessed:
                self.tally.again += 1

    async def _connection(self, host: str) -> Connection:
        """An idle one, or a new one."""
        pool = self._pools[host] = [each for each in self._pools[host] if each.open]
        idle = [each for each in pool if each.idle]
        if idle and (self._protocol is not Http2 or len(pool) >= CONNECTIONS):
            pool.remove(idle[0])
            pool.append(idle[0])
            return idle[0]
        made = await self._connect(host)
        self._pools[host].append(made)
        return made

    async def _connect(self, host: str) -> Connection:
        self.tally.connections += 1
        loop = asyncio.get_running_loop()
        transport, made = await loop.create_connection(
            self._protocol, *self._place, ssl=self._tls, server_hostname=host
        )
        assert isinstance(made, Http1 | Http2)
        if self._protocol is Http2 and transport.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
            transport.close()
            raise Lost("the server speaks no HTTP/2")
        return made


class Anew(Client):
    """A new connection for each request."""

    async def _connection(self, host: str) -> Connection:
        return await self._connect(host)


class Once(Http1):
    """It asks once, and ends."""

    more = "connection: close\r\n"

    def ask(self, host: str) -> "asyncio.Future[None]":
        asked = super().ask(host)
        asked.add_done_callback(lambda _: self.close())
        return asked


async def run(place: Place, hosts: Sequence[str], rates: dict[str, float]) -> dict[str, Tally]:
    clients = {
        "h2": Client(place, hosts, Http2, "h2"),
        "http1": Client(place, hosts, Http1, "http/1.1"),
        "fresh": Anew(place, hosts, Once, "http/1.1"),
    }
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, over.set)  # nothing is ever written to it: it only ends
    print("running", flush=True)
    await asyncio.gather(*(clients[kind].run(rate, over) for kind, rate in rates.items() if rate))
    return {kind: client.tally for kind, client in clients.items()}


def main() -> None:
    order = json.loads(sys.argv[1])
    tallies = asyncio.run(run((order["address"], order["port"]), order["hosts"], order["rates"]))
    print(json.dumps({kind: asdict(tally) for kind, tally in tallies.items()}))


if __name__ == "__main__":
    main()
