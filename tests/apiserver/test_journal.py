"""The journal: one order, durable before it is seen, and the disk's "no" leaves no trace."""

import asyncio

import pytest

from pylae.apimachinery.failure import Failure, bad_request
from pylae.apiserver.entry import Key
from pylae.apiserver.storage import CHECKPOINT_BYTES
from pylae.apiserver.watcher import Interest


async def test_two_writers_of_one_object_see_each_other(store):
    def count(transaction):
        key = Key("configmaps", "shop", "counter")
        before = transaction.get(key)
        value = before.object["value"] + 1 if before else 1
        meta = {"name": "counter", "namespace": "shop", "uid": "u"}
        return transaction.put(key, {"apiVersion": "v1", "kind": "Thing", "metadata": meta, "value": value})

    entries = await asyncio.gather(*(store.journal.write(count) for _ in range(100)))
    assert sorted(entry.object["value"] for entry in entries) == list(range(1, 101))
    assert store.cache.get(Key("configmaps", "shop", "counter")).object["value"] == 100


async def test_writes_that_wait_for_the_disk_share_a_transaction(store):
    watcher = store.cache.watch("configmaps", Interest(), after=1000, limit=1000)
    writes = [asyncio.ensure_future(store.put(f"n{n:02}")) for n in range(50)]
    steps = []
    while not all(write.done() for write in writes):
        steps.append(len(await watcher.take(1)))
    await asyncio.gather(*writes)
    assert sum(steps) == 50
    assert len([step for step in steps if step]) <= 3


async def test_events_come_in_the_order_of_their_revisions(store):
    watcher = store.cache.watch("configmaps", Interest(), after=1000, limit=1000)
    await asyncio.gather(*(store.put(f"n{n % 7}", data={"n": str(n)}) for n in range(100)))
    revisions = [event.revision for event in await watcher.take(0)]
    assert revisions == list(range(1001, 1101))


async def test_readers_see_a_write_only_when_it_is_durable(store):
    write = asyncio.ensure_future(store.put("a"))
    await asyncio.sleep(0)
    assert store.names() == []
    await write
    assert store.names() == ["a"]
    assert store.stored() == ["a"]


async def test_a_refused_decision_changes_nothing(store):
    def decide(transaction):
        transaction.put(Key("configmaps", "shop", "a"), {"apiVersion": "v1", "metadata": {"uid": "u"}})
        raise bad_request("no")

    with pytest.raises(Failure, match="no"):
        await store.journal.write(decide)
    assert (await store.put("b")).revision == 1001
    assert store.names() == ["b"]


async def test_a_dry_run_changes_nothing_and_answers_with_the_revision_that_stays(store):
    await store.put("a", data={"k": "1"})

    def decide(transaction):
        changed = transaction.get(Key("configmaps", "shop", "a")).object | {"data": {"k": "2"}}
        fresh = changed | {"metadata": changed["metadata"] | {"name": "b"}}
        return transaction.put(Key("configmaps", "shop", "a"), changed), transaction.put(
            Key("configmaps", "shop", "b"), fresh
        )

    changed, fresh = await store.journal.write(decide, dry_run=True)
    assert changed.object["metadata"]["resourceVersion"] == "1001"
    assert "resourceVersion" not in fresh.object["metadata"]
    assert store.names() == ["a"]
    assert store.cache.revision == 1001


async def test_a_client_that_leaves_does_not_take_its_write_along(store):
    write = asyncio.ensure_future(store.put("a"))
    await asyncio.sleep(0)
    write.cancel()
    await store.put("b")
    assert store.names() == ["a", "b"]


async def test_a_transaction_sees_what_is_decided_but_not_yet_durable(store):
    await store.put("a")
    writing = asyncio.ensure_future(store.put("b"))
    removing = asyncio.ensure_future(store.remove("a"))
    await asyncio.sleep(0)
    names = await store.journal.write(lambda transaction: [entry.key.name for entry in transaction.walk("configmaps")])
    await asyncio.gather(writing, removing)
    assert names == ["b"]


async def test_the_write_ahead_log_does_not_grow_for_ever(store):
    longest = 0
    for number in range(20):
        await store.put("a", data={"k": f"{number}" * 500_000})
        longest = max(longest, store.path.with_name("api.db-wal").stat().st_size)
    assert CHECKPOINT_BYTES < longest < CHECKPOINT_BYTES * 1.5


@pytest.fixture
async def small_store(tmp_path, clock, store):
    opened = type(store).open(tmp_path / "small" / "api.db", clock, limit_bytes=256 * 1024)
    yield opened
    await opened.journal.close()


async def test_a_full_disk_refuses_the_write_in_words_and_reading_goes_on(small_store):
    store = small_store
    await store.put("a")
    watcher = store.cache.watch("configmaps", Interest(), after=store.cache.revision, limit=10)
    with pytest.raises(Failure, match=r"nothing was stored: .*full\. Free some space, or at the limit") as caught:
        await store.put("big", data={"k": "v" * 1_000_000})
    assert (caught.value.code, caught.value.reason) == (507, "InsufficientStorage")
    assert store.names() == ["a"]
    assert await watcher.take(0) == ()
    await store.put("b")
    assert store.names() == ["a", "b"]
    assert store.stored() == ["a", "b"]


async def test_what_was_decided_after_a_write_that_failed_fails_with_it(small_store):
    results = await asyncio.gather(
        small_store.put("big", data={"k": "v" * 1_000_000}),
        small_store.put("big", data={"k": "small"}),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [Failure, Failure]
    assert small_store.names() == []


async def test_an_unchanged_answer_that_rests_on_a_failed_write_is_not_given(small_store):
    big = asyncio.ensure_future(small_store.put("big", data={"k": "v" * 1_000_000}))
    await asyncio.sleep(0)
    with pytest.raises(Failure, match="nothing was stored"):
        await small_store.journal.write(lambda transaction: transaction.get(Key("configmaps", "shop", "big")))
    with pytest.raises(Failure):
        await big
    assert await small_store.journal.write(lambda transaction: "fine") == "fine"


async def test_history_gives_way_so_that_a_full_database_can_be_emptied(small_store):
    store = small_store
    await store.put("a", data={"k": "v" * 60_000})
    for n in range(8):
        await store.put("a", data={"k": f"{n}" * 60_000})
    await store.remove("a")
    assert store.names() == []
    with pytest.raises(Failure, match="too old"):
        store.cache.check("configmaps", 1001)


async def test_a_closed_journal_takes_no_more(store, clock, tmp_path):
    other = type(store).open(tmp_path / "other.db", clock)
    await other.journal.close()
    with pytest.raises(Failure, match="is stopping"):
        await other.put("a")
