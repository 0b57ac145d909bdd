"""Many objects over HTTP: what is long comes in parts, whole and in order, and costs nothing that was not asked for."""

import asyncio
import gzip
import json
import sqlite3
from datetime import timedelta

import pytest

from pylae.apimachinery.object import rfc3339
from pylae.apiserver.deletion import AT_ONCE
from pylae.apiserver.reader import SLICE_ROWS
from pylae.apiserver.storage import open_storage
from pylae.apiserver.upkeep import EVENTS_AT_ONCE

SHOP = "/api/v1/namespaces/shop"
CONFIGMAPS = f"{SHOP}/configmaps"
EVENTS = f"{SHOP}/events"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
MANY = SLICE_ROWS * 2 + 7
NAMES = [f"n{n:04}" for n in range(MANY)]


@pytest.fixture
async def filled(serve, tmp_path, clock, events):
    """Starts a server that has objects already, all of them in the namespace `shop`, and the namespace itself."""

    async def start(names=NAMES, resource: str = "configmaps", **fields: object):
        storage = open_storage(tmp_path / "data" / "api.db", now=clock())
        added = [events.added(1001 + n, name, resource, **fields) for n, name in enumerate(names)]
        storage.commit(added, clock())
        storage.close()
        api = await serve()
        await api.create("/api/v1/namespaces", "Namespace", "shop")
        return api

    return start


def names(items: list[dict]) -> list[str]:
    return [item["metadata"]["name"] for item in items]


def spoil(api) -> None:
    """Makes every stored configmap unreadable but for its beginning."""
    with sqlite3.connect(api.server.settings.data) as database:
        database.execute("UPDATE objects SET body = ? WHERE resource = 'configmaps'", (b'{"spoilt',))
    database.close()


async def test_a_long_list_is_streamed_whole_and_in_order(filled):
    api = await filled()
    reply = await api("GET", CONFIGMAPS)
    assert reply.headers["Transfer-Encoding"] == "chunked"
    assert (reply.json["kind"], reply.json["apiVersion"], names(reply.json["items"])) == ("ConfigMapList", "v1", NAMES)
    assert reply.json["metadata"].keys() == {"resourceVersion"}


async def test_a_long_list_is_streamed_in_every_form(filled):
    api = await filled()
    table = (await api("GET", CONFIGMAPS, Accept=TABLE)).json
    assert (table["kind"], table["columnDefinitions"][0]["name"]) == ("Table", "Name")
    assert [row["cells"][0] for row in table["rows"]] == NAMES
    partial = (await api("GET", CONFIGMAPS, Accept=PARTIAL)).json
    assert (partial["kind"], names(partial["items"])) == ("PartialObjectMetadataList", NAMES)


async def test_a_long_list_is_compressed_as_it_goes(filled):
    api = await filled()
    url = f"{api.server.url}{CONFIGMAPS}"
    async with api.session.get(url, headers={"Accept-Encoding": "gzip"}, auto_decompress=False) as reply:
        assert reply.headers["Content-Encoding"] == "gzip"
        assert names(json.loads(gzip.decompress(await reply.read()))["items"]) == NAMES


async def test_a_big_page_has_its_limit_and_says_where_it_goes_on(filled):
    api = await filled()
    limit = MANY - 3
    first = (await api("GET", f"{CONFIGMAPS}?limit={limit}")).json
    assert names(first["items"]) == NAMES[:limit]
    rest = (await api("GET", f"{CONFIGMAPS}?limit={limit}&continue={first['metadata']['continue']}")).json
    assert (names(rest["items"]), "continue" in rest["metadata"]) == (NAMES[limit:], False)


async def test_a_selector_reads_on_through_slices_where_nothing_matches(filled):
    api = await filled()
    await api.create(CONFIGMAPS, "ConfigMap", "last", labels={"on": "yes"})
    reply = await api("GET", f"{CONFIGMAPS}?labelSelector=on%3Dyes")
    assert names(reply.json["items"]) == ["last"]
    assert (await api("GET", f"{CONFIGMAPS}?labelSelector=on%3Dno")).json["items"] == []


async def test_bytes_that_nobody_selects_by_are_never_parsed(filled, serve):
    api = await filled(["a", "b"])
    spoil(api)
    assert (await api("GET", f"{CONFIGMAPS}/a")).body == b'{"spoilt'
    assert (await api("GET", CONFIGMAPS)).body.count(b'{"spoilt') == 2
    reply = await api("GET", f"{CONFIGMAPS}?labelSelector=a")
    assert (reply.status, "holds what Pylae did not write" in reply.message) == (500, True)
    await api.server.stop()
    again = await serve()
    assert (await again("GET", "/api/v1/namespaces/shop")).status == 200


async def test_a_watch_of_many_shows_each_once_and_then_what_happens(filled):
    api = await filled()
    async with api.watch(f"{CONFIGMAPS}?watch=true") as stream, asyncio.timeout(20):
        deletions = asyncio.gather(*(api("DELETE", f"{CONFIGMAPS}/{name}") for name in NAMES[::100]))
        known: dict[str, str] = {}
        while known.keys() != set(NAMES) - set(NAMES[::100]):
            event = json.loads(await stream.content.readline())
            name, version = event["object"]["metadata"]["name"], event["object"]["metadata"]["resourceVersion"]
            if event["type"] == "DELETED":
                assert known.pop(name) < version
            else:
                assert (event["type"], name in known) == ("ADDED", False)
                known[name] = version
        await deletions


async def test_a_namespace_with_much_in_it_is_emptied_step_by_step(filled):
    api = await filled(NAMES[: AT_ONCE * 2 + 1])
    async with api.watch("/api/v1/namespaces?watch=true&fieldSelector=metadata.name%3Dshop") as stream:
        assert (await api("DELETE", SHOP)).json["status"] == "Success"
        told = [json.loads(await stream.content.readline()) for _ in range(3)]
    assert [event["type"] for event in told] == ["ADDED", "MODIFIED", "DELETED"]
    assert told[1]["object"]["status"]["phase"] == "Terminating"
    assert (await api("GET", "/api/v1/configmaps")).json["items"] == []


async def test_a_big_namespace_that_something_holds_stays_until_it_is_released(filled):
    api = await filled(NAMES[: AT_ONCE + 50])
    await api("POST", CONFIGMAPS, {"metadata": {"name": "a-held", "finalizers": ["example.com/hold"]}})
    assert (await api("DELETE", SHOP)).json["status"]["phase"] == "Terminating"
    assert names((await api("GET", CONFIGMAPS)).json["items"]) == ["a-held"]
    merge = "application/merge-patch+json"
    await api("PATCH", f"{CONFIGMAPS}/a-held", {"metadata": {"finalizers": None}}, Content_Type=merge)
    assert (await api("GET", SHOP)).status == 404


async def test_a_long_collection_is_deleted_whole(filled):
    api = await filled()
    assert (await api("DELETE", f"{CONFIGMAPS}?dryRun=All")).status == 200
    assert len((await api("GET", CONFIGMAPS)).json["items"]) == MANY
    assert (await api("DELETE", CONFIGMAPS)).status == 200
    assert (await api("GET", CONFIGMAPS)).json["items"] == []


async def test_old_events_are_dropped_however_many_and_young_ones_stay(filled, clock):
    api = await filled([f"old{n}" for n in range(EVENTS_AT_ONCE * 2 + 1)], "events", lastTimestamp=rfc3339(clock.now))
    api.clock.advance(timedelta(minutes=61))
    about = {"kind": "Gateway", "name": "web", "namespace": "shop"}
    await api.create(EVENTS, "Event", "young", involvedObject=about)
    await api.server.tend()
    assert names((await api("GET", EVENTS)).json["items"]) == ["young"]
