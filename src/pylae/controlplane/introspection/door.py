"""What a running Pylae tells the CLI, over a Unix socket that only its owner can open.

`GET /status` is the document that `pylae status` prints, `GET /proxies` what `pylae proxy-status` prints, `GET
/ready` is 200 once every object that was there at the start is served. `GET /hosts/NAME` says what a host that is
served on demand is given.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from aiohttp import web

Document = Mapping[str, object]
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Told(Protocol):
    """Whoever knows the present state."""

    def status(self) -> Document: ...

    def proxies(self) -> list[Document]: ...

    def host(self, name: str) -> Document: ...

    @property
    def ready(self) -> bool: ...


def application(told: Told) -> web.Application:
    """The documents, read-only."""
    app = web.Application()
    app.router.add_get("/status", _answer(told.status))
    app.router.add_get("/proxies", _answer(told.proxies))
    app.router.add_get("/ready", _readiness(told))
    app.router.add_get("/hosts/{name}", _host(told))
    return app


def _answer(tell: Callable[[], object]) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        return web.json_response(tell())

    return handle


def _host(told: Told) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response(told.host(request.match_info["name"]))

    return handle


def _readiness(told: Told) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=200 if told.ready else 503, text="ready\n" if told.ready else "not ready\n")

    return handle
