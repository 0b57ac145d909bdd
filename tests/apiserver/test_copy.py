"""Copies of a database that is being written to, and what makes one fit to take another's place."""

import asyncio
import contextlib
import sqlite3
import stat

import pytest

from pylae.apimachinery.failure import Failure
from pylae.apiserver.cache import load
from pylae.apiserver.copy import REVISIONS_SKIPPED_AT_RESTORE, copy_database, newest_in, prepare_restored
from pylae.apiserver.database import SCHEMA_VERSION, StorageError
from pylae.apiserver.storage import CHECKPOINT_BYTES, open_storage
from pylae.apiserver.watcher import Interest


async def test_a_copy_shows_one_moment_whoever_writes_meanwhile(store, tmp_path, disk):
    async def write() -> None:
        for number in range(200):
            await store.put(f"n{number:03}")

    await store.put("a")
    writing = asyncio.create_task(write())
    schema = await asyncio.to_thread(copy_database, store.path, tmp_path / "copy.db")
    await writing
    copied = [entry.key.name for entry in disk(tmp_path / "copy.db").objects()]
    assert schema == SCHEMA_VERSION
    assert copied == store.names()[: len(copied)]
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600


async def test_what_was_deleted_is_not_in_a_copy(store, tmp_path):
    await store.put("a", "secrets", data={"k": "KEYBYTES" * 50})
    await store.remove("a", "secrets")
    copy_database(store.path, tmp_path / "copy.db")
    assert b"KEYBYTES" not in (tmp_path / "copy.db").read_bytes()


async def test_writes_do_not_wait_for_a_reader_that_takes_long(store):
    """The log grows instead, and is cut when the reader is gone."""
    with contextlib.closing(sqlite3.connect(store.path, isolation_level=None)) as backup:
        backup.execute("BEGIN")
        backup.execute("SELECT count(*) FROM objects").fetchall()
        log = store.path.with_name(f"{store.path.name}-wal")
        async with asyncio.timeout(15):
            while log.stat().st_size < CHECKPOINT_BYTES * 2.5:
                await store.put("a", data={"k": "v" * 500_000})
        assert not store.storage.wants_checkpoint
    await store.journal.compact()
    assert log.stat().st_size == 0


async def test_a_copy_put_back_goes_on_far_beyond_what_anybody_saw(store, clock, tmp_path):
    await store.put("a")
    copy = tmp_path / "copy.db"
    copy_database(store.path, copy)
    known = store.cache.revision
    lost = (await store.put("b")).revision
    await store.journal.close()
    prepare_restored(copy, beyond=newest_in(store.path), now=clock())
    storage = open_storage(copy, now=clock())
    cache = load(storage)
    assert storage.revision > lost + REVISIONS_SKIPPED_AT_RESTORE
    with pytest.raises(Failure, match="was never reached here"):
        cache.watch("configmaps", Interest(), after=lost, limit=9)
    assert await cache.watch("configmaps", Interest(), after=known, limit=9).take(0) == ()
    storage.close()


@pytest.mark.parametrize("damage", [slice(100, 3000), slice(0, 16), slice(4096, 4200)])
async def test_a_damaged_copy_is_not_put_back(store, clock, tmp_path, damage):
    for number in range(50):
        await store.put(f"n{number}", data={"k": "v" * 1000})
    copy = tmp_path / "copy.db"
    copy_database(store.path, copy)
    content = bytearray(copy.read_bytes())
    content[damage] = b"\xff" * (damage.stop - damage.start)
    copy.write_bytes(content)
    with pytest.raises(StorageError, match=r"damaged|another program"):
        prepare_restored(copy, beyond=0, now=clock())


def test_nothing_and_rubbish_have_no_newest_revision(tmp_path):
    (tmp_path / "rubbish.db").write_bytes(b"rubbish" * 1000)
    assert (newest_in(tmp_path / "rubbish.db"), newest_in(tmp_path / "absent.db")) == (0, 0)
    assert not (tmp_path / "absent.db").exists()
