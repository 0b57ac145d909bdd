"""A real Envoy and what it is asked by: curl, TLS clients and its own admin page; and services for it to ask.

Each has a directory of its own with a short path, since a Unix socket's path is limited, and ports of its own. Who
tells Envoy what to do is for the class that is built on it.
"""

import asyncio
import shutil
import socket
import ssl
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from aiohttp import web
from cryptography import x509

from pylae.envoy.admin import Admin
from pylae.envoy.binary import find
from pylae.envoy.bootstrap import Bootstrap
from pylae.envoy.command import Command
from pylae.envoy.limits import Limits
from pylae.envoy.process import EnvoyProcess, spawn

PATIENCE = 20.0
"""Seconds after which a test gives up waiting for another process."""

Probe = Callable[[], Awaitable[object]]


async def eventually(probe: Probe, what: str) -> None:
    """Ask again and again, as often as another process can be asked, until the answer is yes."""
    deadline = monotonic() + PATIENCE
    while not await probe():
        assert monotonic() < deadline, f"waited in vain for: {what}"
        await asyncio.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def short_directory() -> Path:
    return Path(tempfile.mkdtemp(prefix="px", dir="/tmp"))


@dataclass(frozen=True)
class Answer:
    """What curl saw. `code` is curl's own exit code, `status` that of HTTP, 0 without an answer."""

    code: int
    status: int
    body: str
    connects: int
    version: str


@dataclass
class DataPlane:
    """`async with` starts the control plane that a subclass has, and an Envoy that asks it."""

    directory: Path = field(default_factory=short_directory)
    limits: Limits = field(default_factory=Limits)

    async def __aenter__(self) -> Self:
        self._opened = AsyncExitStack()
        self._opened.callback(shutil.rmtree, self.directory)
        self.admin = await self._opened.enter_async_context(Admin(self.directory / "admin.sock"))
        self.bootstrap = Bootstrap(self.directory / "xds.sock", self.directory / "admin.sock", limits=self.limits)
        (self.directory / "bootstrap.json").write_text(self.bootstrap.json())
        self.command = Command(find().path, self.directory / "bootstrap.json", concurrency=2)
        await self.start_control_plane()
        self.start_envoy()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.envoy.signal(9)
        await self.envoy.wait()
        self.envoy.release()
        await self.stop_control_plane()
        await self._opened.aclose()

    async def start_control_plane(self) -> None:
        """On the socket `xds.sock` of the directory."""
        raise NotImplementedError

    async def stop_control_plane(self) -> None:
        raise NotImplementedError

    def start_envoy(self) -> EnvoyProcess:
        self.envoy = spawn(self.command, log=self.log, pid_file=self.directory / "envoy.pid")
        return self.envoy

    @property
    def log(self) -> Path:
        return self.directory / "envoy.log"

    async def curl(self, url: str, *options: str) -> Answer:
        """`url` names host and port; the host is looked for on loopback."""
        host, port = url.split("/")[2].split(":")
        form = "\\n%{http_code} %{num_connects} %{http_version}"
        process = await asyncio.create_subprocess_exec(
            *("curl", "-sk", "--max-time", "10", "--resolve", f"{host}:{port}:127.0.0.1", "-w", form, *options, url),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        body, _, facts = output.decode().partition("\n")
        status, connects, version = facts.split()
        return Answer(process.returncode or 0, int(status), body, int(connects), version)

    async def serial(self, host: str, port: int) -> int | None:
        """The serial number of the certificate that is served for `host`, None if no handshake succeeds."""
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=host)
        except (OSError, ssl.SSLError):
            return None
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return x509.load_der_x509_certificate(shown).serial_number

    async def listeners(self) -> dict[str, int]:
        """How often listeners were added, changed in place, drained …"""
        stats = await self.admin.stats("^listener_manager")
        return {name.removeprefix("listener_manager."): value for name, value in stats.items()}


class Upstream:
    """A service that says its name, at once or, at `/held`, when it is released; at `/headers` the names of the
    request's headers. At `/socket` it echoes a WebSocket's messages. `async with` starts and ends it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = 0
        self.held = asyncio.Event()
        self.release = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=0)
        app.router.add_get("/held", self._hold)
        app.router.add_get("/headers", self._tell_headers)
        app.router.add_get("/socket", self._echo)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release.set()
        await self._runner.cleanup()

    async def _answer(self, _: web.Request) -> web.Response:
        return web.Response(text=self.name)

    async def _hold(self, _: web.Request) -> web.Response:
        self.held.set()
        await self.release.wait()
        return web.Response(text=self.name)

    async def _tell_headers(self, request: web.Request) -> web.Response:
        return web.Response(text=" ".join(sorted(name.lower() for name in request.headers)))

    async def _echo(self, request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse()
        await response.prepare(request)
        async for message in response:
            await response.send_str(message.data)
        return response
