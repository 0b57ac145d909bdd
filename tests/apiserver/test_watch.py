"""Watch over HTTP: lines, order, resumption, bookmarks, and its end."""

import asyncio
import json
from datetime import timedelta

import aiohttp
import pytest

from pylae.apiserver.settings import Limits

CONFIGMAPS = "/api/v1/namespaces/shop/configmaps"
GATEWAYS = "/apis/networking.istio.io/v1/namespaces/shop/gateways"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
SERVER = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
MERGE = "application/merge-patch+json"


async def take(stream, count: int) -> list[dict]:
    """The next lines of a watch."""
    async with asyncio.timeout(10):
        return [json.loads(await stream.content.readline()) for _ in range(count)]


async def rest(stream) -> list[dict]:
    """All lines until the watch ends."""
    async with asyncio.timeout(10):
        return [json.loads(line) async for line in stream.content]


def told(events: list[dict]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


async def version(api) -> str:
    return (await api("GET", CONFIGMAPS)).json["metadata"]["resourceVersion"]


async def test_a_watch_from_a_list_tells_what_happens_after_it(api):
    await api.create(CONFIGMAPS, "ConfigMap", "before")
    start = await version(api)
    async with api.watch(f"{CONFIGMAPS}?watch=true&resourceVersion={start}") as stream:
        assert (stream.status, stream.content_type) == (200, "application/json")
        created = await api.create(CONFIGMAPS, "ConfigMap", "a")
        await api("PATCH", f"{CONFIGMAPS}/a", {"data": {"k": "v"}}, Content_Type=MERGE)
        await api("DELETE", f"{CONFIGMAPS}/a")
        events = await take(stream, 3)
    assert told(events) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]
    assert events[0]["object"] == created
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("start", ["", "resourceVersion=0&"])
async def test_a_watch_without_a_version_begins_with_the_present(api, start):
    for name in ("a", "b"):
        await api.create(CONFIGMAPS, "ConfigMap", name)
    async with api.watch(f"{CONFIGMAPS}?{start}watch=1") as stream:
        assert told(await take(stream, 2)) == [("ADDED", "a"), ("ADDED", "b")]
        await api("DELETE", f"{CONFIGMAPS}/a")
        assert told(await take(stream, 1)) == [("DELETED", "a")]


async def test_one_object_can_be_watched(api):
    await api.create(CONFIGMAPS, "ConfigMap", "a")
    await api.create(CONFIGMAPS, "ConfigMap", "b")
    path = f"{CONFIGMAPS}?fieldSelector=metadata.name%3Da"
    async with api.watch(f"{path}&watch=true&resourceVersion=0") as stream:
        await api("DELETE", f"{CONFIGMAPS}/b")
        await api("DELETE", f"{CONFIGMAPS}/a")
        assert told(await take(stream, 2)) == [("ADDED", "a"), ("DELETED", "a")]


async def test_a_labelled_watch_tells_coming_and_going(api):
    start = await version(api)
    async with api.watch(f"{CONFIGMAPS}?watch=true&labelSelector=on%3Dyes&resourceVersion={start}") as stream:
        await api.create(CONFIGMAPS, "ConfigMap", "a", labels={"on": "no"})
        for value in ("yes", "no"):
            await api("PATCH", f"{CONFIGMAPS}/a", {"metadata": {"labels": {"on": value}}}, Content_Type=MERGE)
        assert told(await take(stream, 2)) == [("ADDED", "a"), ("DELETED", "a")]


async def test_initial_events_end_with_a_bookmark(api):
    for name in ("a", "b"):
        await api.create(CONFIGMAPS, "ConfigMap", name)
    query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    async with api.watch(f"{CONFIGMAPS}?{query}") as stream:
        *added, bookmark = await take(stream, 3)
        assert told(added) == [("ADDED", "a"), ("ADDED", "b")]
        assert bookmark["type"] == "BOOKMARK"
        metadata = bookmark["object"]["metadata"]
        assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
        assert metadata["resourceVersion"] == await version(api)
        await api.create(CONFIGMAPS, "ConfigMap", "c")
        assert told(await take(stream, 1)) == [("ADDED", "c")]


async def test_bookmarks_come_to_those_who_ask(serve):
    api = await serve(limits=Limits(bookmark_every=timedelta(milliseconds=50)))
    path = "/api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=1&resourceVersion="
    start = (await api("GET", "/api/v1/configmaps")).json["metadata"]["resourceVersion"]
    async with api.watch(f"{path}{start}&allowWatchBookmarks=true") as asked, api.watch(f"{path}{start}") as silent:
        (bookmark,) = await take(asked, 1)
        assert (bookmark["type"], bookmark["object"]["kind"]) == ("BOOKMARK", "ConfigMap")
        assert bookmark["object"]["metadata"]["resourceVersion"] == start
        await api.create("/api/v1/namespaces", "Namespace", "elsewhere")
        assert int((await rest(asked))[-1]["object"]["metadata"]["resourceVersion"]) == int(start) + 1
        assert await rest(silent) == []


async def test_a_watch_ends_when_its_time_is_over(api):
    async with api.watch(f"{CONFIGMAPS}?watch=true&timeoutSeconds=1&allowWatchBookmarks=true") as stream:
        _, last = await rest(stream)
    assert (last["type"], last["object"]["metadata"]["resourceVersion"]) == ("BOOKMARK", await version(api))


async def test_a_table_is_watched_row_by_row_with_its_columns_once(api):
    await api.create(GATEWAYS, "Gateway", "a", spec={"servers": [SERVER]})
    async with api.watch(f"{GATEWAYS}?watch=true", Accept=TABLE) as stream:
        await api.create(GATEWAYS, "Gateway", "b", spec={"servers": [SERVER]})
        first, second = await take(stream, 2)
    assert [event["object"]["kind"] for event in (first, second)] == ["Table", "Table"]
    assert first["object"]["columnDefinitions"][0]["name"] == "Name"
    assert not second["object"].get("columnDefinitions")
    assert second["object"]["rows"][0]["cells"][:2] == ["b", "*"]


async def test_a_watched_table_knows_the_time(api):
    async with api.watch("/api/v1/namespaces?watch=true&fieldSelector=metadata.name%3Dshop", Accept=TABLE) as stream:
        (first,) = await take(stream, 1)
        api.clock.advance(timedelta(minutes=7))
        await api("PATCH", "/api/v1/namespaces/shop", {"metadata": {"labels": {"a": "b"}}}, Content_Type=MERGE)
        (second,) = await take(stream, 1)
    assert [event["object"]["rows"][0]["cells"][-1] for event in (first, second)] == ["0s", "7m"]


async def test_a_watch_speaks_the_version_of_its_path(api):
    await api.create(GATEWAYS, "Gateway", "a", spec={"servers": [SERVER]})
    async with api.watch(f"{GATEWAYS.replace('/v1/', '/v1alpha3/')}?watch=true") as stream:
        (event,) = await take(stream, 1)
    assert event["object"]["apiVersion"] == "networking.istio.io/v1alpha3"


INITIAL = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"


@pytest.mark.parametrize(
    ("start", "code", "why"),
    [
        ("1", 410, "too old resource version"),
        ("999999", 410, "was never reached"),
        (f"999999{INITIAL}", 504, "Too large resource version"),
    ],
)
async def test_what_cannot_be_watched_is_told_in_the_stream(api, start, code, why):
    reply = await api("GET", f"{CONFIGMAPS}?watch=true&resourceVersion={start}")
    assert (reply.status, reply.json["type"], reply.json["object"]["kind"]) == (200, "ERROR", "Status")
    assert (reply.json["object"]["code"], why in reply.json["object"]["message"]) == (code, True)


async def test_a_watch_may_decline_the_present(api):
    await api.create(CONFIGMAPS, "ConfigMap", "a")
    query = "watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan"
    async with api.watch(f"{CONFIGMAPS}?{query}") as stream:
        await api.create(CONFIGMAPS, "ConfigMap", "b")
        assert told(await take(stream, 1)) == [("ADDED", "b")]


async def test_an_update_that_takes_off_the_last_finalizer_is_a_deletion_and_nothing_else(api):
    await api("POST", CONFIGMAPS, {"metadata": {"name": "a", "finalizers": ["example.com/hold"]}})
    await api("DELETE", f"{CONFIGMAPS}/a")
    async with api.watch(f"{CONFIGMAPS}?watch=true&resourceVersion={await version(api)}") as stream:
        merge = "application/merge-patch+json"
        await api("PATCH", f"{CONFIGMAPS}/a", {"metadata": {"finalizers": None}}, Content_Type=merge)
        (event,) = await take(stream, 1)
    assert (event["type"], event["object"]["metadata"]["finalizers"]) == ("DELETED", ["example.com/hold"])


async def test_the_number_of_watches_is_bounded_and_places_come_back(serve):
    api = await serve(limits=Limits(watches=1))
    path = "/api/v1/namespaces?watch=true"
    async with api.watch(path) as stream:
        await take(stream, 1)
        reply = await api("GET", path)
        assert (reply.status, reply.json["reason"], reply.headers["Retry-After"]) == (429, "TooManyRequests", "1")
    async with asyncio.timeout(10):
        while (await api("GET", f"{path}&timeoutSeconds=1")).status == 429:
            pass  # the server hears of our leaving when the connection says so


async def test_a_client_that_reads_nothing_is_cut_off(serve):
    api = await serve(limits=Limits(watches=1, stalled_after=timedelta(milliseconds=100)))
    path = "/api/v1/namespaces/default/configmaps"
    async with api.watch(f"{path}?watch=true") as stalled:
        for number in range(60):
            await api.create(path, "ConfigMap", f"n{number}", data={"k": "v" * 200_000})
        async with asyncio.timeout(10):
            while (await api("GET", f"{path}?watch=true&timeoutSeconds=1")).status == 429:
                pass  # the stalled watch holds the only place until it is cut
        with pytest.raises(aiohttp.ClientPayloadError):
            await rest(stalled)


async def test_stopping_the_server_ends_watches_at_once(api):
    async with api.watch(f"{CONFIGMAPS}?watch=true") as stream:
        async with asyncio.timeout(1.5):
            await api.server.stop()
        assert await rest(stream) == []


async def test_a_watch_outlives_a_burst_and_loses_nothing(api):
    start = await version(api)
    async with api.watch(f"{CONFIGMAPS}?watch=true&resourceVersion={start}") as stream:
        await asyncio.gather(*(api.create(CONFIGMAPS, "ConfigMap", f"n{n}") for n in range(200)))
        events = await take(stream, 200)
    assert {name for _, name in told(events)} == {f"n{n}" for n in range(200)}
