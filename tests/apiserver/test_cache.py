"""The cache: order, watches, and an honest past, before and after a restart."""

import json
import random
from datetime import timedelta

import pytest

from pylae.apimachinery.failure import Failure
from pylae.apiserver.history import EVENTS_KEPT, History
from pylae.apiserver.watcher import Interest

EVERYTHING = Interest()


async def seen(watcher) -> list[tuple[str, str, int]]:
    """What waits in a watch, without waiting for more."""
    events = await watcher.take(0)
    return [(event.verb.value, event.entry.key.name, event.revision) for event in events or ()]


def watch(store, after, interest=EVERYTHING, resource="configmaps", limit=100):
    return store.cache.watch(resource, interest, after=after, limit=limit)


async def test_objects_are_walked_by_namespace_and_name(store):
    for name in ("b", "c", "a"):
        await store.put(name)
    await store.remove("c")
    assert store.names() == ["a", "b"]
    assert [entry.key.name for entry in store.cache.walk("configmaps", "shop", ("shop", "a"))] == ["b"]
    assert list(store.cache.walk("configmaps", "shopping")) == []
    assert list(store.cache.walk("configmaps", "sho")) == []


async def test_revisions_follow_one_another_and_are_in_the_object(store):
    first, second = await store.put("a"), await store.put("b")
    assert (first.revision, second.revision, store.cache.revision) == (1001, 1002, 1002)
    assert second.object["metadata"]["resourceVersion"] == "1002"
    assert b'"resourceVersion":"1002"' in second.body


async def test_a_watch_brings_what_it_missed_and_then_what_happens(store):
    await store.put("a")
    watcher = watch(store, 1000)
    await store.put("b")
    await store.put("a", data={"k": "v"})
    await store.remove("b")
    expected = [("ADDED", "a", 1001), ("ADDED", "b", 1002), ("MODIFIED", "a", 1003), ("DELETED", "b", 1004)]
    assert await seen(watcher) == expected


async def test_a_watch_resumes_in_the_middle(store):
    await store.put("a")
    await store.put("b")
    assert await seen(watch(store, 1001)) == [("ADDED", "b", 1002)]
    assert await seen(watch(store, 1002)) == []


async def test_a_watch_that_is_too_slow_is_closed_and_can_resume(store):
    watcher = watch(store, 1000, limit=2)
    for name in ("a", "b", "c"):
        await store.put(name)
    assert await watcher.take(0) is None
    assert len(await seen(watch(store, 1000))) == 3


async def test_a_watch_that_was_left_hears_nothing(store):
    watcher = watch(store, 1000)
    store.cache.leave("configmaps", watcher)
    await store.put("a")
    assert await seen(watcher) == []


async def test_a_watch_that_crashes_ends_and_takes_nothing_along(store):
    def crash(obj):
        raise RuntimeError("a bug")

    broken, whole = watch(store, 1000, Interest(fields=crash)), watch(store, 1000)
    assert (await store.put("a")).revision == 1001
    assert await broken.take(0) is None
    assert await seen(whole) == [("ADDED", "a", 1001)]


async def test_the_end_of_watches_is_the_end_of_every_watch(store):
    watcher = watch(store, 1000)
    store.cache.end_watches()
    assert await watcher.take(60) is None


async def test_an_object_that_comes_to_match_is_added_and_one_that_ceases_is_deleted(store):
    watcher = watch(store, 1000, Interest(labels=lambda labels: labels.get("color") == "red"))
    await store.put("a", labels={"color": "blue"})
    await store.put("a", labels={"color": "red"})
    await store.put("a", labels={"color": "red"}, data={"k": "v"})
    await store.put("a", labels={"color": "blue"})
    await store.put("a", labels={"color": "red"})
    await store.remove("a")
    assert await seen(watcher) == [
        ("ADDED", "a", 1002),
        ("MODIFIED", "a", 1003),
        ("DELETED", "a", 1004),
        ("ADDED", "a", 1005),
        ("DELETED", "a", 1006),
    ]


async def test_an_object_that_left_is_shown_as_it_last_matched(store):
    watcher = watch(store, 1000, Interest(labels=lambda labels: "on" in labels))
    await store.put("a", labels={"on": "1"}, data={"k": "seen"})
    await store.put("a", data={"k": "unseen"})
    _, gone = await watcher.take(0)
    assert gone.entry.object["data"] == {"k": "seen"}
    assert gone.entry.object["metadata"]["resourceVersion"] == "1002"


@pytest.mark.parametrize(
    ("interest", "sees"),
    [
        (Interest(), True),
        (Interest(namespace="shop"), True),
        (Interest(namespace="sho"), False),
        (Interest(name="a"), True),
        (Interest(name="b"), False),
        (Interest(fields=lambda obj: obj["data"] == {"k": "v"}), True),
        (Interest(fields=lambda obj: False), False),
    ],
)
async def test_interest_narrows_by_namespace_name_and_fields(store, interest, sees):
    assert interest.sees(await store.put("a", data={"k": "v"})) is sees


async def test_a_revision_from_the_future_is_expired(store):
    with pytest.raises(Failure, match="was never reached here") as caught:
        watch(store, 5000)
    assert (caught.value.code, caught.value.reason) == (410, "Expired")


async def test_a_revision_older_than_the_history_is_expired(store):
    with pytest.raises(Failure, match=r"too old resource version: 999 \(1000\)"):
        watch(store, 999)


def test_history_keeps_the_newest_and_knows_where_it_begins(events):
    past = History(1000, kept=2)
    for number, name in enumerate(("a", "b", "c"), 1001):
        past.add(events.added(number, name))
    assert past.floor == 1001
    assert [event.entry.key.name for event in past.since("configmaps", 1001)] == ["b", "c"]
    assert [event.entry.key.name for event in past.since("configmaps", 1002)] == ["c"]
    assert past.since("configmaps", 1003) == ()


def test_history_is_bounded_in_bytes_too(events):
    past = History(1000, room=10_000)
    for number in range(1001, 1021):
        past.add(events.added(number, f"n{number}", data={"k": "v" * 1000}))
    assert (len(past), past.floor) == (8, 1012)


def test_history_keeps_nothing_parsed(events):
    past, event = History(1000), events.added(1001, "a")
    past.add(event)
    (first,), (second,) = past.since("configmaps", 1000), past.since("configmaps", 1000)
    assert first.entry.body is second.entry.body is event.entry.body
    assert first.entry.object is first.entry.object
    assert first.entry.object is not second.entry.object
    assert first.entry.object is not event.entry.object


async def test_what_history_had_no_room_for_is_told_from_the_log(store):
    for number in range(40):
        await store.put("a", data={"k": f"{number}" * 500_000})
    await store.put("b")
    events = await seen(watch(store, 1000))
    assert [revision for *_, revision in events] == list(range(1001, 1042))


async def test_secrets_that_history_had_no_room_for_are_too_old(store):
    await store.put("key", "secrets")
    for number in range(40):
        await store.put("a", data={"k": f"{number}" * 500_000})
    assert await seen(watch(store, 1001, resource="secrets")) == []
    with pytest.raises(Failure, match=r"too old resource version: 1000 \(1001\)"):
        watch(store, 1000, resource="secrets")


async def test_a_past_too_long_to_be_told_is_expired(store, events, clock):
    last = store.cache.revision + EVENTS_KEPT + 1
    store.storage.commit([events.added(n, f"n{n}") for n in range(store.cache.revision + 1, last + 1)], clock())
    again = await store.reopen()
    assert len(await seen(watch(again, 1001))) == EVENTS_KEPT
    with pytest.raises(Failure, match="too much has happened since resourceVersion 1000"):
        watch(again, 1000)
    await again.journal.close()


async def test_compaction_forgets_in_memory_and_on_disk_alike(store, clock):
    await store.put("a")
    clock.advance(timedelta(hours=2))
    await store.put("b")
    await store.journal.compact()
    assert await seen(watch(store, 1001)) == [("ADDED", "b", 1002)]
    with pytest.raises(Failure, match="too old"):
        watch(store, 1000)
    assert [row.revision for row in store.log()] == [1002]


async def test_a_watch_resumes_across_a_restart(store):
    await store.put("a", labels={"color": "red"})
    await store.put("b")
    await store.put("a", labels={"color": "blue"})
    await store.remove("b")
    again = await store.reopen()
    assert await seen(watch(again, 1001)) == [("ADDED", "b", 1002), ("MODIFIED", "a", 1003), ("DELETED", "b", 1004)]
    red = Interest(labels=lambda labels: labels.get("color") == "red")
    assert await seen(watch(again, 1000, red)) == [("ADDED", "a", 1001), ("DELETED", "a", 1003)]
    assert again.names() == ["a"]
    await again.journal.close()


@pytest.mark.parametrize("seed", range(3))
async def test_from_any_revision_the_past_leads_to_the_present(store, seed):
    """What a client knew at a revision, and the events since, make what is there now: before a restart and after it."""
    choose = random.Random(seed)
    known: dict[int, dict[str, bytes]] = {}
    for _ in range(40):
        name = choose.choice("abcd")
        if name in store.names() and choose.random() < 0.4:
            await store.remove(name)
        else:
            await store.put(name, data={"n": choose.random()})
        known[store.cache.revision] = {entry.key.name: entry.body for entry in store.cache.walk("configmaps")}
    again = await store.reopen()
    present = {entry.key.name: entry.body for entry in again.cache.walk("configmaps")}
    for revision, state in known.items():
        for event in await watch(again, revision).take(0) or ():
            if event.verb == "DELETED":
                assert event.entry.object["data"] == json.loads(state.pop(event.entry.key.name))["data"]
            else:
                state[event.entry.key.name] = event.entry.body
        assert state == present
    await again.journal.close()


async def test_revisions_that_were_skipped_at_a_restart_are_expired(store):
    await store.put("a")
    again = await store.reopen()
    assert again.cache.revision == 2001
    assert await seen(watch(again, 1001)) == []
    assert await seen(watch(again, 2001)) == []
    for skipped in (1002, 1500, 2000):
        with pytest.raises(Failure, match="never reached"):
            watch(again, skipped)
    await again.journal.close()


async def test_the_past_of_secrets_is_not_there_after_a_restart(store):
    await store.put("before", "secrets")
    await store.put("key", "secrets")
    await store.put("a")
    again = await store.reopen()
    with pytest.raises(Failure, match="too old"):
        watch(again, 1001, resource="secrets")
    assert await seen(watch(again, 1002, resource="secrets")) == []
    assert await seen(watch(again, 1001)) == [("ADDED", "a", 1003)]
    assert again.names("secrets") == ["before", "key"]
    await again.journal.close()


async def test_a_copy_put_back_refuses_what_happened_after_the_copy(store, clock, tmp_path):
    await store.put("a")
    await store.journal.close()
    saved = store.path.read_bytes()
    later = type(store).open(store.path, clock)
    lost = await later.put("lost")
    await later.journal.close()
    store.path.write_bytes(saved)
    restored = type(store).open(store.path, clock)
    assert restored.names() == ["a"]
    with pytest.raises(Failure, match="never reached"):
        watch(restored, lost.revision)
    await restored.journal.close()
