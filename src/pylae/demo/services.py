"""webapp and catalog, the two services of the walkthrough, as ordinary processes.

    python -m pylae.demo.services catalog
    python -m pylae.demo.services webapp --catalog http://127.0.0.1:3000

Each prints `NAME listens on ADDRESS:PORT` once it does (port 0, the default, takes any free one) and ends on SIGTERM or
Ctrl-C. webapp asks catalog anew for every request, so that a request through the gateway makes the whole way.
"""

import asyncio
import signal
from dataclasses import dataclass

import click
from aiohttp import ClientError, ClientSession, web

from pylae.demo.catalogue import ITEMS, compact, entity_tag, indented

JSON = "application/json; charset=utf-8"

CATALOG_HEADERS = {
    "x-powered-by": "Express",
    "vary": "Origin, Accept-Encoding",
    "access-control-allow-credentials": "true",
    "cache-control": "no-cache",
    "pragma": "no-cache",
    "expires": "-1",
    "content-type": JSON,
}


async def catalog_items(_: web.Request) -> web.Response:
    """`GET /items`: all of them, with the headers that the original service, written on Express, sends."""
    body = indented(ITEMS)
    return web.Response(body=body, headers=CATALOG_HEADERS | {"etag": entity_tag(body)})


async def catalog_item(request: web.Request) -> web.Response:
    """`GET /items/{id}`: one item, or 404 with an empty object."""
    found = [item for item in ITEMS if str(item["id"]) == request.match_info["id"]]
    return web.Response(body=indented(found[0] if found else {}), status=200 if found else 404, headers=CATALOG_HEADERS)


@dataclass(frozen=True, slots=True)
class Webapp:
    """The shop's front: it owns nothing and asks catalog, at `catalog` (a URL without a path), for what it shows."""

    session: ClientSession
    catalog: str

    async def items(self, _: web.Request) -> web.Response:
        """`GET /api/catalog`: catalog's items, compact; 502 with a sentence when catalog does not answer."""
        try:
            async with self.session.get(f"{self.catalog}/items") as answer:
                items = await answer.json()
        except (ClientError, TimeoutError) as error:
            return web.json_response({"error": f"catalog at {self.catalog} does not answer: {error}"}, status=502)
        return web.Response(body=compact(items), headers={"content-type": JSON})


def catalog_app() -> web.Application:
    """The service catalog."""
    app = web.Application()
    app.add_routes([web.get("/items", catalog_items), web.get("/items/{id}", catalog_item)])
    return app


def webapp_app(session: ClientSession, catalog: str) -> web.Application:
    """The service webapp, which asks for its items through `session`."""
    app = web.Application()
    app.add_routes([web.get("/api/catalog", Webapp(session, catalog.rstrip("/")).items)])
    return app


async def serve(name: str, app: web.Application, address: tuple[str, int]) -> None:
    """Serve until SIGTERM or SIGINT; say on stdout where, since the port may have been chosen here."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, *address).start()
    host, port = runner.addresses[0][:2]
    click.echo(f"{name} listens on {host}:{port}")
    await ended.wait()
    await runner.cleanup()


async def serve_webapp(catalog: str, address: tuple[str, int]) -> None:
    """webapp, with the one session through which it asks catalog. Proxies of the environment are not asked."""
    async with ClientSession(trust_env=False) as session:
        await serve("webapp", webapp_app(session, catalog), address)


@click.group()
def main() -> None:
    """The services of the coolstore demo."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, help="0 takes any free port.", show_default=True)
def catalog(host: str, port: int) -> None:
    """Answer /items."""
    asyncio.run(serve("catalog", catalog_app(), (host, port)))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, help="0 takes any free port.", show_default=True)
@click.option("--catalog", required=True, metavar="URL", help="Where catalog answers, such as http://127.0.0.1:3000.")
def webapp(host: str, port: int, catalog: str) -> None:
    """Answer /api/catalog."""
    asyncio.run(serve_webapp(catalog, (host, port)))


if __name__ == "__main__":
    main()
