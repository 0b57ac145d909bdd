"""A proxy in front of an API server that reads along: it knows what a client asked for, and can tear a watch apart in
the middle of an event. TLS ends in it, with the server's own certificate; who asks is told by the token.
"""

import asyncio
import re
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from world import free_port

from cluster import TOKEN, RealCluster
from pylae.apiserver.kubeconfig import write_kubeconfig

REQUEST = re.compile(rb"(GET|POST|PUT|PATCH|DELETE) (\S+) HTTP/1\.1\r\n")
EVENT = re.compile(rb'"type":"(?:ADDED|MODIFIED|DELETED)"')
CHUNK = 65536


@dataclass(frozen=True)
class Asked:
    method: str
    target: str

    @property
    def is_report(self) -> bool:
        """Whether it writes what only one control plane may."""
        return self.method != "GET" and bool(re.search(r"/(status|events)\b", self.target))

    @property
    def watched(self) -> str:
        """The plural of what it watches, "" if it watches nothing."""
        path, _, query = self.target.partition("?")
        return path.rpartition("/")[2] if re.search(r"\bwatch=(1|true)", query) else ""


@dataclass
class ApiProxy:
    """`with ApiProxy(cluster, home) as proxy:`; `asked` is all that its clients asked for, `torn` what was cut."""

    cluster: RealCluster
    home: Path
    port: int = field(default_factory=free_port)
    asked: list[Asked] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    _tearing: set[str] = field(default_factory=set)

    @property
    def kubeconfig(self) -> Path:
        return self.home / f"kubeconfig-{self.port}"

    def tear(self, *plurals: str) -> None:
        """The next event of a watch of each of these ends in its middle, and with it the connection."""
        self._tearing |= set(plurals)

    def __enter__(self) -> Self:
        pki = self.home / "pki"
        self._to_server = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self._to_client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._to_client.load_cert_chain(pki / "server.crt", pki / "server.key")
        write_kubeconfig(self.kubeconfig, server=f"https://127.0.0.1:{self.port}", token=TOKEN, pki=self.cluster.pki)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        serving = asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._to_client)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result()
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
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self.cluster.port, ssl=self._to_server)
        except OSError:
            to_client.transport.abort()
            return
        connection = _Connection(self)
        ways = [connection.there(client, to_server), connection.back(server, to_client)]
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for writer in (to_client, to_server):
                writer.transport.abort()

    def _is_torn(self, asked: Asked, data: bytes) -> bool:
        """Whether this is an event that was to be cut. The head of the answer that it may follow is let through."""
        if asked.watched not in self._tearing or data.startswith(b"HTTP/") or not EVENT.search(data):
            return False
        self._tearing.remove(asked.watched)
        self.torn.append(asked.watched)
        return True


@dataclass
class _Connection:
    proxy: ApiProxy
    asked: Asked = Asked("", "")

    async def there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await _read(reader):
            if found := REQUEST.match(data):
                self.asked = Asked(found[1].decode(), found[2].decode())
                self.proxy.asked.append(self.asked)
            writer.write(data)

    async def back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await _read(reader):
            if self.proxy._is_torn(self.asked, data):
                writer.write(data[: len(data) // 2])
                await asyncio.sleep(0.1)  # it is to arrive, before the end does
                return
            writer.write(data)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(CHUNK)
    except OSError:
        return b""
