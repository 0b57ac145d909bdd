"""Requests to a server that is busy, that knows us no more, that is behind a proxy: by a server that says what it was
asked."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web

from pylae.api.scheme import CONFIG_MAP, GATEWAY
from pylae.kube.client import Client
from pylae.kube.connection import Connection
from pylae.kube.errors import ApiError, Forbidden, TooManyRequests, Unauthorized, Unreachable
from pylae.kube.rights import in_words
from pylae.kube.session import ATTEMPTS

OBJECT = {"metadata": {"name": "a"}}


@dataclass
class Server:
    """Answers as `answer` says; `asked` are the requests."""

    answer: Callable[[web.Request], web.Response]
    asked: list[web.Request] = field(default_factory=list)
    port: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        return self.answer(request)

    @property
    def connection(self) -> Connection:
        return Connection(f"http://127.0.0.1:{self.port}")


@asynccontextmanager
async def serving(answer: Callable[[web.Request], web.Response]) -> AsyncIterator[Server]:
    server = Server(answer)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    yield server
    await runner.cleanup()


def busy(seconds: str = "0", status: int = 429) -> web.Response:
    return web.json_response({"message": "busy"}, status=status, headers={"Retry-After": seconds})


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_asks_for_time_is_asked_again(status: int) -> None:
    answers = [busy(status=status), busy(status=status), web.json_response(OBJECT)]
    async with serving(lambda _: answers.pop(0)) as server, Client(server.connection) as client:
        assert await client.get(CONFIG_MAP, "x", "a") == OBJECT
        assert len(server.asked) == 3


async def test_it_is_not_asked_for_ever() -> None:
    async with serving(lambda _: busy()) as server, Client(server.connection) as client:
        with pytest.raises(TooManyRequests):
            await client.get(CONFIG_MAP, "x", "a")
        assert len(server.asked) == ATTEMPTS


async def test_nobody_asks_before_the_time_is_over() -> None:
    answers = [busy("1")]
    answer = lambda _: answers.pop() if answers else web.json_response(OBJECT)  # noqa: E731
    async with serving(answer) as server, Client(server.connection) as client:
        began = time.monotonic()
        first = asyncio.create_task(client.get(CONFIG_MAP, "x", "a"))
        while not server.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        await asyncio.gather(first, *(client.get(CONFIG_MAP, "x", "b") for _ in range(20)))
        assert time.monotonic() - began >= 1


async def test_an_error_without_retry_after_is_an_error_at_once() -> None:
    refused = web.json_response({"message": "broken"}, status=500)
    async with serving(lambda _: refused) as server, Client(server.connection) as client:
        with pytest.raises(ApiError, match="broken"):
            await client.get(CONFIG_MAP, "x", "a")
        assert len(server.asked) == 1


def only(token: str) -> Callable[[web.Request], web.Response]:
    def answer(request: web.Request) -> web.Response:
        is_known = request.headers.get("Authorization") == f"Bearer {token}"
        return web.json_response(OBJECT if is_known else {"message": "who?"}, status=200 if is_known else 401)

    return answer


async def test_who_is_refused_and_has_a_new_token_by_now_asks_once_more(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")

    def answer(request: web.Request) -> web.Response:
        token.write_text("new")  # the kubelet renews it just now
        return only("new")(request)

    async with serving(answer) as server, Client(replace(server.connection, token_file=token)) as client:
        assert await client.get(CONFIG_MAP, "x", "a") == OBJECT
        assert len(server.asked) == 2


async def test_who_is_refused_and_has_nothing_else_to_show_is_refused(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    async with serving(only("new")) as server, Client(replace(server.connection, token_file=token)) as client:
        with pytest.raises(Unauthorized):
            await client.get(CONFIG_MAP, "x", "a")
        assert len(server.asked) == 1


async def test_a_path_before_the_api_is_kept_and_protobuf_is_never_asked_for() -> None:
    async with serving(lambda _: web.json_response(OBJECT)) as server:
        there = replace(server.connection, server=f"{server.connection.server}/k8s/clusters/c-1")
        async with Client(there) as client:
            await client.get(CONFIG_MAP, "x", "a")
        assert server.asked[0].path == "/k8s/clusters/c-1/api/v1/namespaces/x/configmaps/a"
        assert server.asked[0].headers["Accept"] == "application/json"


async def test_a_proxy_is_asked_for_what_lies_behind_it() -> None:
    async with serving(lambda _: web.json_response(OBJECT)) as proxy:
        there = Connection("http://api.nowhere.example", proxy=proxy.connection.server)
        async with Client(there) as client:
            assert await client.get(CONFIG_MAP, "x", "a") == OBJECT
        assert proxy.asked[0].headers["Host"] == "api.nowhere.example"


async def test_a_server_that_is_away_ends_a_pause_when_it_is_back() -> None:
    async with serving(lambda _: web.json_response(OBJECT)) as server:
        address = server.connection
    async with Client(address) as client:
        with pytest.raises(Unreachable):
            await client.get(CONFIG_MAP, "x", "a")
        pause = asyncio.create_task(client.pause(600))
        app = web.Application()
        app.router.add_get("/readyz", _ok)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", server.port, reuse_address=True).start()
        await asyncio.wait_for(pause, 10)
        await runner.cleanup()


async def _ok(_: web.Request) -> web.Response:
    return web.Response(text="ok")


async def test_a_server_that_starts_is_not_back_by_what_it_serves_already() -> None:
    """A kube-apiserver answers for CustomResourceDefinitions last: for seconds one kind is there and another is not."""

    def answer(request: web.Request) -> web.Response:
        if request.path.endswith("/configmaps/a"):
            return web.json_response(OBJECT)
        return web.Response(status=500 if request.path == "/readyz" else 503)

    async with serving(answer) as server, Client(server.connection) as client:
        with pytest.raises(ApiError):
            await client.get(GATEWAY, "x", "a")
        assert await client.get(CONFIG_MAP, "x", "a") == OBJECT
        pause = asyncio.create_task(client.pause(600))
        while [asked.path for asked in server.asked].count("/readyz") < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        assert not pause.done()
        pause.cancel()


def kinds(**served: list[str]) -> Callable[[web.Request], web.Response]:
    """A server that knows these kinds of Istio's group, by version."""
    group = {"name": GATEWAY.group, "versions": [{"version": version} for version in served]}

    def answer(request: web.Request) -> web.Response:
        match request.path.strip("/").split("/"):
            case ["apis"]:
                return web.json_response({"groups": [group] if served else []})
            case ["apis", _, version] if version in served:
                return web.json_response({"resources": [{"name": name} for name in served[version]]})
            case ["apis", _, version, plural] if plural in served.get(version, ()):
                return web.json_response({"metadata": {"resourceVersion": "7"}, "items": []})
            case _:
                return web.Response(status=404, text="404 page not found")

    return answer


SERVED = [({"v1": ["gateways"]}, True), ({"v1": ["sidecars"]}, False), ({}, False), ({"v1beta1": ["gateways"]}, True)]


@pytest.mark.parametrize(("served", "is_there"), SERVED)
async def test_the_server_itself_says_whether_it_knows_a_kind(served: dict[str, list[str]], is_there: bool) -> None:
    async with serving(kinds(**served)) as server, Client(server.connection) as client:
        assert await client.serves(GATEWAY) is is_there


async def test_a_kind_that_is_served_in_an_older_version_only_is_asked_for_in_that() -> None:
    async with serving(kinds(v1beta1=["gateways"])) as server, Client(server.connection) as client:
        assert await client.serves(GATEWAY)
        await client.page(GATEWAY)
        assert server.asked[-1].path == "/apis/networking.istio.io/v1beta1/gateways"


def test_a_right_that_is_missing_is_named_with_what_to_do() -> None:
    said = 'gateways.networking.istio.io is forbidden: User "pylae" cannot list resource "gateways" in API group'
    error = Forbidden(403, "Forbidden", f'{said} "networking.istio.io" at the cluster scope')
    assert in_words(error).endswith('Allow the verb "list" on gateways.networking.istio.io in the role of this user')
    assert in_words(Unreachable("here", "it does not answer")).endswith("it does not answer")
