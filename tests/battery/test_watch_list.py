"""Lists that come as a watch (WatchList): what is there, a bookmark that ends it, then what changes.

https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists
"""

import pytest
from rest import told

INITIAL = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
ENDS = "k8s.io/initial-events-end"


async def test_initial_events_end_with_a_marked_bookmark(api):
    for name in "ab":
        await api.create(name)
    async with api.watch(api.path(), INITIAL) as events:
        seen = await events.until(lambda event: event["type"] == "BOOKMARK")
        await api.create("c")
        more = await events.take(1)
    assert sorted(told(seen[:-1])) == [("ADDED", "a"), ("ADDED", "b")]
    assert seen[-1]["object"]["metadata"]["annotations"] == {ENDS: "true"}
    assert int(seen[-1]["object"]["metadata"]["resourceVersion"]) > 0
    assert told(more) == [("ADDED", "c")]


async def test_initial_events_of_an_empty_collection_are_the_bookmark_alone(api):
    async with api.watch(api.path(), INITIAL + "&resourceVersion=") as events:
        assert (await events.next())["object"]["metadata"]["annotations"] == {ENDS: "true"}


async def test_initial_events_may_be_declined(api):
    made = await api.create("a")
    version = made["metadata"]["resourceVersion"]
    query = f"sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion={version}"
    async with api.watch(api.path(), query) as events:
        await api.create("b")
        assert told(await events.take(1)) == [("ADDED", "b")]


FORBIDDEN = {
    "sendInitialEvents=true": "resourceVersionMatch",
    "sendInitialEvents=true&resourceVersionMatch=Exact&allowWatchBookmarks=true": "resourceVersionMatch",
    "resourceVersionMatch=NotOlderThan": "resourceVersionMatch",
}


@pytest.mark.parametrize("query", FORBIDDEN)
async def test_initial_events_have_their_conditions(api, query):
    async with api.watch(api.path(), query) as events:
        status = await events.response.json()
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert FORBIDDEN[query] in {cause["field"] for cause in status["details"]["causes"]}


async def test_initial_events_without_bookmarks_have_no_end_mark(api):
    await api.create("a")
    async with api.watch(
        api.path(), "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=3"
    ) as events:
        seen = await events.rest()
    assert told(seen) == [("ADDED", "a")]


async def test_initial_events_of_a_version_that_nobody_has_seen(api):
    query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=999999999999&timeoutSeconds=5"
    async with api.watch(api.path(), query) as events:
        (error,) = await events.rest()
    assert (error["type"], error["object"]["code"], error["object"]["reason"]) == ("ERROR", 504, "Timeout")
    assert [cause["reason"] for cause in error["object"]["details"]["causes"]] == ["ResourceVersionTooLarge"]
