"""Watches: where they begin, what they tell and when they end."""

import asyncio

import pytest
from rest import PARTIAL, TABLE, told


async def _version(api):
    return (await api("GET", api.path())).version


async def test_from_a_version_on_every_change_is_told_once_in_order(api):
    version = await _version(api)
    await api.create("a")
    await api.patch(api.path(name="a"), {"data": {"n": "1"}})
    await api("DELETE", api.path(name="a"))
    async with api.watch(api.path(), f"resourceVersion={version}") as events:
        await api.create("b")
        seen = await events.take(4)
    assert told(seen) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a"), ("ADDED", "b")]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in seen]
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("version", ["", "0"])
async def test_without_a_version_what_is_there_is_told_first(api, version):
    for name in "ab":
        await api.create(name)
    async with api.watch(api.path(), f"resourceVersion={version}") as events:
        assert sorted(told(await events.take(2))) == [("ADDED", "a"), ("ADDED", "b")]
        await api.create("c")
        assert told(await events.take(1)) == [("ADDED", "c")]


async def test_what_is_deleted_is_told_with_its_last_state_and_a_new_version(api):
    made = await api.create("a", data={"n": "1"})
    async with api.watch(api.path(), f"resourceVersion={made['metadata']['resourceVersion']}") as events:
        await api("DELETE", api.path(name="a"))
        gone = await events.next()
    assert (gone["type"], gone["object"]["data"]) == ("DELETED", {"n": "1"})
    assert gone["object"]["metadata"]["uid"] == made["metadata"]["uid"]
    assert int(gone["object"]["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])


async def test_whoever_comes_into_a_selector_is_added_and_who_leaves_it_deleted(api):
    version = await _version(api)
    async with api.watch(api.path(), f"resourceVersion={version}&labelSelector=in%3Dyes") as events:
        await api.create("a")
        await api.patch(api.path(name="a"), {"metadata": {"labels": {"in": "yes"}}})
        await api.patch(api.path(name="a"), {"data": {"n": "1"}})
        await api.patch(api.path(name="a"), {"metadata": {"labels": {"in": "no"}}})
        await api("DELETE", api.path(name="a"))
        await api.create("b", labels={"in": "yes"})
        seen = await events.take(4)
    assert told(seen) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a"), ("ADDED", "b")]
    assert seen[2]["object"]["metadata"]["labels"] == {"in": "yes"}


async def test_one_object_is_watched_by_its_name(api):
    await api.create("a")
    version = await _version(api)
    async with api.watch(api.path(), f"resourceVersion={version}&fieldSelector=metadata.name%3Da") as events:
        await api.create("b")
        await api.patch(api.path(name="a"), {"data": {"n": "1"}})
        assert told(await events.take(1)) == [("MODIFIED", "a")]


async def test_an_object_has_no_watch_of_its_own(api):
    await api.create("a")
    assert (await api("GET", api.path(name="a", query="watch=true"))).json["kind"] == "ConfigMap"
    assert (await api("GET", api.path(name="b", query="watch=true"))).status == 404


async def test_a_watch_from_a_version_that_nobody_has_seen(api, expected):
    async with api.watch(api.path(), "resourceVersion=999999999999&timeoutSeconds=1") as events:
        told = [event["type"] for event in await events.rest()]
    assert told == expected("a-watch-from-the-future")


async def test_all_namespaces_are_watched_at_once(api):
    version = (await api("GET", "/api/v1/configmaps")).version
    query = f"resourceVersion={version}&labelSelector=of%3D{api.namespace}"
    async with api.watch("/api/v1/configmaps", query) as events:
        await api.create("a", labels={"of": api.namespace})
        assert told(await events.take(1)) == [("ADDED", "a")]


async def test_a_change_that_changes_nothing_is_not_told(api):
    made = await api.create("a", data={"n": "1"})
    async with api.watch(api.path(), f"resourceVersion={made['metadata']['resourceVersion']}") as events:
        await api.patch(api.path(name="a"), {"data": {"n": "1"}})
        await api.create("b")
        assert told(await events.take(1)) == [("ADDED", "b")]


async def test_who_is_held_by_a_finalizer_is_modified_first_and_deleted_at_last(api):
    made = await api.create("a", finalizers=["example.com/hold"])
    async with api.watch(api.path(), f"resourceVersion={made['metadata']['resourceVersion']}") as events:
        await api("DELETE", api.path(name="a"))
        await api.patch(api.path(name="a"), {"metadata": {"finalizers": None}})
        held, gone = await events.take(2)
    assert told([held, gone]) == [("MODIFIED", "a"), ("DELETED", "a")]
    assert "deletionTimestamp" in held["object"]["metadata"]


async def test_a_watch_ends_at_its_time_and_its_last_bookmark_has_the_newest_version(api):
    made = await api.create("a")
    query = f"resourceVersion={made['metadata']['resourceVersion']}&timeoutSeconds=4&allowWatchBookmarks=true"
    async with api.watch(api.path(), query) as events:
        created = await api.create("b")
        seen = await events.rest()
    assert told(seen)[0] == ("ADDED", "b")
    bookmarks = [event["object"] for event in seen if event["type"] == "BOOKMARK"]
    assert bookmarks
    assert bookmarks[-1].keys() <= {"kind", "apiVersion", "metadata"}
    assert bookmarks[-1]["kind"] == "ConfigMap"
    assert int(bookmarks[-1]["metadata"]["resourceVersion"]) >= int(created["metadata"]["resourceVersion"])


async def test_without_asking_there_are_no_bookmarks(api):
    async with api.watch(api.path(), f"resourceVersion={await _version(api)}&timeoutSeconds=3") as events:
        assert await events.rest() == []


async def test_a_watch_over_compaction_is_gone(api, engine):
    version = await _version(api)
    await api.create("a")
    await api("DELETE", api.path(name="a"))
    await api.create("b")
    engine.compact()
    assert (await api("GET", api.path())).names == ["b"]
    await api.create("c")
    async with api.watch(api.path(), f"resourceVersion={version}") as events:
        error = await events.next() if events.response.status == 200 else {"object": await events.response.json()}
    assert (error["object"]["code"], error["object"]["reason"]) == (410, "Expired")
    assert error["object"]["message"].startswith("too old resource version")


async def test_a_watch_goes_on_after_a_restart_or_is_told_to_begin_anew(api, engine, expected):
    made = await api.create("a")
    await api.create("b")
    engine.restart()
    assert (await api("GET", api.path())).names == ["a", "b"]
    async with api.watch(api.path(), f"resourceVersion={made['metadata']['resourceVersion']}") as events:
        first = await events.next()
    assert first["type"] == expected("a-watch-from-before-a-restart")


async def test_a_watch_may_be_a_table(api):
    await api.create("a", data={"n": "1"})
    async with api.watch(api.path(), "resourceVersion=0", Accept=TABLE) as events:
        first = await events.next()
        await api.create("b")
        second = await events.next()
    assert (first["object"]["kind"], [row["cells"][0] for row in first["object"]["rows"]]) == ("Table", ["a"])
    assert first["object"]["columnDefinitions"]
    assert not second["object"].get("columnDefinitions")


async def test_a_watch_may_be_of_metadata_alone(api):
    await api.create("a", data={"n": "1"})
    async with api.watch(api.path(), "resourceVersion=0", Accept=PARTIAL) as events:
        seen = (await events.next())["object"]
    assert (seen["kind"], seen["apiVersion"], "data" in seen) == ("PartialObjectMetadata", "meta.k8s.io/v1", False)


async def test_a_watch_is_a_stream_of_lines(api):
    async with api.watch(api.path(), "timeoutSeconds=1") as events:
        assert events.response.headers["Content-Type"] == "application/json"
        assert events.response.headers.get("Transfer-Encoding") == "chunked"
        assert await events.rest() == []


@pytest.mark.parametrize("word", ["1", "true", "True", "TRUE", "t", "T"])
async def test_watch_is_a_truth_as_go_spells_it(api, word):
    async with api.session.get(f"{api.url}{api.path(query=f'watch={word}&timeoutSeconds=1')}") as response:
        assert (response.status, await response.read()) == (200, b"")


async def test_a_hundred_watchers_hear_the_same(api):
    version = await _version(api)

    async def hear():
        async with api.watch(api.path(), f"resourceVersion={version}") as events:
            return [(event["type"], event["object"]["metadata"]["resourceVersion"]) for event in await events.take(3)]

    watchers = [asyncio.create_task(hear()) for _ in range(100)]
    for name in "abc":
        await api.create(name)
    heard = await asyncio.gather(*watchers)
    assert all(each == heard[0] for each in heard)
