"""A server behind the gateway that is quick enough for a load: it says its name, whatever it is asked."""

import asyncio
import threading
from types import TracebackType
from typing import Self


class Upstream:
    """`with Upstream("a") as a:` it listens on `a.port` of loopback. `connections` are those open now."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.connections: set[asyncio.BaseTransport] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name)

    def __enter__(self) -> Self:
        self._thread.start()
        serving = self._loop.create_server(lambda: _Answer(self), "127.0.0.1", 0, backlog=1024)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result()
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        for connection in tuple(self.connections):
            connection.abort()  # type: ignore[attr-defined]
        await asyncio.sleep(0)  # each hears of its end
        await self._server.wait_closed()


class _Answer(asyncio.Protocol):
    """Requests without a body, one after the other."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._received = b""
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {len(upstream.name)}\r\n\r\n"
        self._answer = f"{head}{upstream.name}".encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._upstream.connections.add(transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            _, _, self._received = self._received.partition(b"\r\n\r\n")
            self._transport.write(self._answer)

    def connection_lost(self, error: Exception | None) -> None:
        self._upstream.connections.discard(self._transport)
