"""The reflector against the embedded server, through everything that may happen to one."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pylae.api.scheme import CONFIG_MAP, SECRET, Kind
from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings, Limits
from pylae.kube.answers import Page
from pylae.kube.client import Client
from pylae.kube.kubeconfig import load
from pylae.kube.reflector import PART, Reflector, Timing
from pylae.kube.resume import Delete, Notice, Synced, Upsert
from pylae.kube.stream import Event

Json = dict[str, Any]
Stub = Callable[..., AbstractAsyncContextManager[Client]]

HASTE = Timing(sleep=lambda _: asyncio.sleep(0.005), chance=lambda: 0.0)
"""Pauses pass quickly, but do pass: the server in the same loop must get on meanwhile."""

WAIT = 20.0
"""Seconds after which a test gives up. Nothing waits for them when all is well."""


class Mirror:
    """What a reflector told, and the objects that follow from it."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.objects: dict[str, Json] = {}
        self._news = asyncio.Event()

    def tell(self, notice: Notice) -> None:
        self.notices.append(notice)
        match notice:
            case Upsert(_, _, body):
                found = json.loads(body)
                self.objects[found["metadata"]["name"]] = found
            case Delete(_, (_, name)):
                del self.objects[name]
            case Synced():
                pass
        self._news.set()

    @property
    def synced(self) -> int:
        return sum(isinstance(notice, Synced) for notice in self.notices)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT):
            while not condition():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def reflected(client: Client, kind: Kind = CONFIG_MAP, timing: Timing = HASTE) -> AsyncIterator[Mirror]:
    """A mirror that is up to date, and is kept so."""
    mirror = Mirror()
    task = asyncio.create_task(Reflector(client, kind, timing=timing).run(mirror.tell))
    try:
        await mirror.until(lambda: mirror.synced > 0)
        yield mirror
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def config_map(name: str, value: str = "") -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"x": value}}


async def again(server: ApiServer, **limits: Any) -> ApiServer:
    """The same data on the same port, served anew."""
    await server.stop()
    settings = ApiServerSettings(data=server.settings.data, port=server.port, limits=Limits(**limits))
    restarted = ApiServer(settings)
    await restarted.start()
    return restarted


async def test_what_there_is_is_told_before_synced_and_changes_after(client: Client) -> None:
    await client.create(CONFIG_MAP, "default", config_map("a"))
    async with reflected(client) as mirror:
        assert [type(notice) for notice in mirror.notices] == [Upsert, Synced]
        await client.patch(CONFIG_MAP, "default", "a", {"data": {"x": "1"}})
        await client.delete(CONFIG_MAP, "default", "a")
        await mirror.until(lambda: not mirror.objects)
        assert [type(notice) for notice in mirror.notices] == [Upsert, Synced, Upsert, Delete]


async def test_of_a_thousand_events_none_is_lost_and_none_told_twice(client: Client) -> None:
    async with reflected(client) as mirror:
        for number in range(0, 1000, 50):
            await asyncio.gather(
                *(client.create(CONFIG_MAP, "default", config_map(f"m{n}")) for n in range(number, number + 50))
            )
        await mirror.until(lambda: len(mirror.objects) == 1000)
        bodies = [notice.body for notice in mirror.notices if isinstance(notice, Upsert)]
        assert len(bodies) == len(set(bodies)) == 1000
        versions = [int(json.loads(body)["metadata"]["resourceVersion"]) for body in bodies]
        assert versions == sorted(versions)


async def test_a_restart_of_the_server_loses_nothing_and_repeats_nothing(server: ApiServer, client: Client) -> None:
    await client.create(CONFIG_MAP, "default", config_map("a"))
    async with reflected(client) as mirror:
        restarted = await again(server)
        async with Client(load(server.settings.kubeconfig)) as other:
            await other.create(CONFIG_MAP, "default", config_map("b"))
            await mirror.until(lambda: set(mirror.objects) == {"a", "b"})
        assert sum(isinstance(notice, Upsert) for notice in mirror.notices) == 2
        await restarted.stop()


async def test_after_a_compaction_a_list_tells_what_was_missed(server: ApiServer, client: Client) -> None:
    """Objects are deleted and made where the reflector cannot see it, and the history of it is forgotten."""
    for name in ("kept", "dropped"):
        await client.create(CONFIG_MAP, "default", config_map(name))
    async with reflected(client) as mirror:
        await server.stop()
        await edit_and_forget(server)
        restarted = ApiServer(ApiServerSettings(data=server.settings.data, port=server.port))
        await restarted.start()
        await mirror.until(lambda: set(mirror.objects) == {"kept", "new"})
        assert mirror.synced == 2
        told = [json.loads(notice.body)["metadata"]["name"] for notice in mirror.notices if isinstance(notice, Upsert)]
        assert sorted(told) == ["dropped", "kept", "new"]
    await restarted.stop()


async def edit_and_forget(server: ApiServer) -> None:
    """Serves the same data elsewhere, two hours later: a server forgets what is older than one."""
    elsewhere = ApiServer(
        ApiServerSettings(data=server.settings.data), clock=lambda: datetime.now(UTC) + timedelta(hours=2)
    )
    await elsewhere.start()
    async with Client(load(server.settings.kubeconfig)) as other:
        await other.delete(CONFIG_MAP, "default", "dropped")
        await other.create(CONFIG_MAP, "default", config_map("new"))
    await elsewhere.stop()
    much_later = ApiServer(
        ApiServerSettings(data=server.settings.data), clock=lambda: datetime.now(UTC) + timedelta(hours=4)
    )
    await much_later.start()
    await much_later.tend()
    await much_later.stop()


async def test_a_watch_that_cannot_keep_up_resumes(server: ApiServer, client: Client) -> None:
    """The server ends a watch whose reader is too slow; what it missed comes with the next one."""
    restarted = await again(server, watch_events=8)
    async with reflected(client) as mirror:
        for number in range(0, 400, 40):
            await asyncio.gather(
                *(client.create(CONFIG_MAP, "default", config_map(f"m{n}")) for n in range(number, number + 40))
            )
        await mirror.until(lambda: len(mirror.objects) == 400)
        assert sum(isinstance(notice, Upsert) for notice in mirror.notices) == 400
    await restarted.stop()


LIST = b'{"metadata":{"resourceVersion":"7"},"items":[]}'
EVENT = b'{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"8"}}}\n'


def answer(body: bytes, *, chunked: bool = False) -> bytes:
    """An answer with that body, or with the beginning of a body that never ends."""
    if chunked:
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body), body)
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)


async def test_a_watch_that_falls_silent_is_opened_anew(stub: Stub) -> None:
    haste = replace(HASTE, stalled=0.05)
    again = EVENT.replace(b'"a"', b'"b"').replace(b'"8"', b'"9"')
    answers = [answer(LIST), answer(EVENT, chunked=True), answer(again, chunked=True)]
    async with stub(*answers, keep_open=True) as client:
        async with reflected(client, timing=haste) as mirror:
            await mirror.until(lambda: set(mirror.objects) == {"a", "b"})
        assert mirror.synced == 1


async def test_a_long_page_is_told_in_parts_and_others_have_their_turn_in_between(stub: Stub) -> None:
    items = [{"metadata": {"name": f"m{number}", "resourceVersion": "7"}} for number in range(10 * PART)]
    page = json.dumps({"metadata": {"resourceVersion": "7"}, "items": items}).encode()
    mirror, seen = Mirror(), set()

    async def watch() -> None:
        while len(mirror.objects) < len(items):
            seen.add(len(mirror.objects))
            await asyncio.sleep(0)

    async with stub(answer(page), answer(EVENT, chunked=True), keep_open=True) as client:
        reflector = asyncio.create_task(Reflector(client, CONFIG_MAP, timing=HASTE).run(mirror.tell))
        await asyncio.wait_for(watch(), WAIT)
        reflector.cancel()
        await asyncio.wait([reflector])
    assert seen == set(range(0, len(items), PART))


async def test_an_answer_that_is_nonsense_is_trouble_and_no_crash(stub: Stub) -> None:
    async with (
        stub(answer(b"<html>"), answer(LIST), answer(EVENT), keep_open=True) as client,
        reflected(client) as mirror,
    ):
        await mirror.until(lambda: "a" in mirror.objects)


def test_a_secret_that_passes_through_does_not_print() -> None:
    body = b'{"metadata":{"name":"a"},"data":{"k":"s3cr3t"}}'
    for passing in (Upsert(SECRET, ("", "a"), body), Event("ADDED", body), Page((body,), "7")):
        assert "s3cr3t" not in repr(passing)


async def test_only_what_is_asked_for_of_a_namespace_is_told(client: Client) -> None:
    for namespace, name in (("default", "istio"), ("default", "other"), ("kube-system", "istio")):
        await client.create(CONFIG_MAP, namespace, config_map(name))
    mirror = Mirror()
    reflector = Reflector(client, CONFIG_MAP, namespace="default", fields="metadata.name=istio", timing=HASTE)
    task = asyncio.create_task(reflector.run(mirror.tell))
    await mirror.until(lambda: mirror.synced > 0)
    await client.patch(CONFIG_MAP, "default", "other", {"data": {"x": "1"}})
    await client.patch(CONFIG_MAP, "default", "istio", {"data": {"x": "1"}})
    await mirror.until(lambda: mirror.objects["istio"].get("data") == {"x": "1"})
    task.cancel()
    await asyncio.wait([task])
    keys = {notice.key for notice in mirror.notices if isinstance(notice, Upsert)}
    assert keys == {("default", "istio")}
    assert Synced(CONFIG_MAP, "default") in mirror.notices


async def test_a_404_of_something_that_stands_before_the_server_takes_nothing_away(stub: Stub) -> None:
    """Only what the server itself says of its kinds counts: here nobody says anything."""
    page = b'{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a","resourceVersion":"7"}}]}'
    lost = b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nConnection: close\r\n\r\nno route\n"
    again = page.replace(b'"7"', b'"9"')
    gateways = Kind("networking.istio.io", ("v1",), "Gateway", "gateways", "gateway", CONFIG_MAP.type)
    async with stub(answer(page), lost, lost, answer(again), answer(EVENT, chunked=True), keep_open=True) as client:
        async with reflected(client, gateways) as mirror:
            await mirror.until(lambda: mirror.objects["a"]["metadata"]["resourceVersion"] in ("8", "9"))
        assert not any(isinstance(notice, Delete) for notice in mirror.notices)


async def test_a_kind_that_the_server_does_not_know_is_synced_and_empty(client: Client) -> None:
    unknown = Kind("nowhere.example", ("v1",), "Thing", "things", "thing", CONFIG_MAP.type)
    async with reflected(client, unknown) as mirror:
        assert mirror.objects == {}


async def troubled(caplog: pytest.LogCaptureFixture) -> None:
    """Until the outage was noticed: a server that is back at once is no trouble."""
    noticed, loop = asyncio.Event(), asyncio.get_running_loop()

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            loop.call_soon_threadsafe(noticed.set)

    ear = Ear()
    logger = logging.getLogger("pylae.kube.reflector")
    logger.addHandler(ear)
    try:
        if not caplog.records:
            await asyncio.wait_for(noticed.wait(), 20)
    finally:
        logger.removeHandler(ear)


async def test_trouble_is_logged_once_and_so_is_its_end(
    server: ApiServer, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "pylae.kube.reflector")
    async with reflected(client) as mirror:
        await server.stop()
        await troubled(caplog)
        restarted = ApiServer(ApiServerSettings(data=server.settings.data, port=server.port))
        await restarted.start()
        async with Client(load(server.settings.kubeconfig)) as other:
            await other.create(CONFIG_MAP, "default", config_map("a"))
            await mirror.until(lambda: "a" in mirror.objects)
        messages = [record.getMessage() for record in caplog.records]
    await restarted.stop()
    assert [message for message in messages if "trying again" not in message] == ["watching configmaps again"]
    assert len(messages) == 2
