"""The database alone: what it promises about files, revisions, history and room."""

import random
import re
import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from pylae.apiserver.cache import load
from pylae.apiserver.database import StorageError, StorageFull
from pylae.apiserver.storage import HISTORY_ROWS, OPENED, REVISIONS_SKIPPED_AT_OPEN, Storage, open_storage


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "api.db"


@pytest.fixture
def storage(path, clock):
    opened = open_storage(path, now=clock())
    yield opened
    opened.close()


def forget_all(storage: Storage, before: int) -> None:
    while storage.forget(before):
        pass
    storage.settle()


def test_what_was_committed_is_there_after_reopening(storage, path, clock, events, disk):
    added = events.added(storage.revision + 1, "a", data={"k": "v"})
    storage.commit([added], clock())
    storage.close()
    storage = open_storage(path, now=clock())
    assert [(row.key, row.body) for row in disk(path).objects()] == [(added.entry.key, added.entry.body)]
    storage.close()


def test_an_object_is_replaced_and_removed_by_its_key(storage, clock, events, path, disk):
    first = events.added(1001, "a", data={"k": "1"})
    second = events.modified(1002, first, data={"k": "2"})
    storage.commit([first, second], clock())
    assert [row.body for row in disk(path).objects()] == [second.entry.body]
    storage.commit([events.deleted(1003, second)], clock())
    assert disk(path).objects() == []


def test_no_repr_shows_what_an_object_holds(storage, clock, events, path, disk):
    first = events.added(1001, "key", "secrets", data={"tls.key": "hunter2"})
    second = events.modified(1002, first, data={"tls.key": "hunter3"})
    storage.commit([first, second], clock())
    shown = repr((first, second, second.entry, disk(path).objects(), disk(path).log()))
    assert "name='key'" in shown
    assert "hunter" not in shown


def test_a_transaction_is_all_or_nothing(storage, clock, events, path, disk):
    first = events.added(1001, "a")
    storage.commit([first], clock())
    with pytest.raises(StorageError):
        storage.commit([events.added(1002, "b"), events.added(1001, "c")], clock())
    assert [row.key.name for row in disk(path).objects()] == ["a"]


@pytest.mark.parametrize("seed", range(3))
def test_no_byte_of_a_former_secret_is_left_however_the_pages_were_split(storage, path, clock, events, seed):
    chance = random.Random(seed)
    present = {}
    for revision in range(storage.revision + 1, storage.revision + 121):
        name = f"s{chance.randrange(20)}"
        before, data = present.get(name), {"k": f"KEY{revision}END" * chance.choice((5, 30, 100, 300, 400, 900))}
        if before and chance.random() < 0.4:
            event = events.deleted(revision, present.pop(name))
        elif before:
            event = present[name] = events.modified(revision, before, data=data)
        else:
            event = present[name] = events.added(revision, name, "secrets", data=data)
        storage.commit([event], clock())
    storage.settle()
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    found = {int(revision) for revision in re.findall(rb"KEY([0-9]+)END", files)}
    assert found == {event.revision for event in present.values()}


def test_every_file_is_private_and_so_is_the_directory_that_is_made(storage, path, clock, events):
    storage.commit([events.added(1001, "a")], clock())
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(modes, 0o600)
    assert "api.db-wal" in modes
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_database_that_was_open_to_others_is_closed_to_them(path, clock):
    open_storage(path, now=clock()).close()
    path.chmod(0o644)
    open_storage(path, now=clock()).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_each_opening_skips_revisions_and_is_logged(storage, path, clock, events, disk):
    assert storage.revision == REVISIONS_SKIPPED_AT_OPEN
    storage.commit([events.added(1001, "a")], clock())
    storage.close()
    again = open_storage(path, now=clock())
    assert again.revision == 1001 + REVISIONS_SKIPPED_AT_OPEN
    assert [(row.revision, row.verb) for row in disk(path).log()] == [(2001, OPENED), (1001, "ADDED"), (1000, OPENED)]
    again.close()


def test_revisions_never_go_back_even_when_all_is_forgotten(storage, path, clock, events):
    added = events.added(1001, "a")
    storage.commit([added, events.deleted(1002, added)], clock())
    forget_all(storage, 1003)
    storage.close()
    again = open_storage(path, now=clock())
    assert again.revision == 1002 + REVISIONS_SKIPPED_AT_OPEN
    again.close()


def test_the_log_holds_what_was_replaced(storage, clock, events, path, disk):
    first = events.added(1001, "a", data={"k": "1"})
    second = events.modified(1002, first, data={"k": "2"})
    storage.commit([first, second, events.deleted(1003, second)], clock())
    replaced = {row.revision: row.replaced for row in disk(path).log() if row.verb != OPENED}
    assert replaced == {1001: None, 1002: first.entry.body, 1003: second.entry.body}


def test_the_log_never_holds_a_secret(storage, clock, events, path, disk):
    first = events.added(1001, "key", "secrets", data={"tls.key": "c2VjcmV0"})
    second = events.modified(1002, first, data={"tls.key": "b3RoZXI="})
    storage.commit([first, second, events.deleted(1003, second)], clock())
    assert [row.replaced for row in disk(path).log()] == [None, None, None, None]


def test_history_is_kept_for_an_hour(storage, clock, events):
    storage.commit([events.added(1001, "old")], clock())
    clock.advance(timedelta(minutes=59))
    assert storage.oldest_kept(clock()) == 1000
    storage.commit([events.added(1002, "young")], clock())
    clock.advance(timedelta(minutes=2))
    assert storage.oldest_kept(clock()) == 1002
    clock.advance(timedelta(hours=2))
    assert storage.oldest_kept(clock()) == 1003


def test_history_is_kept_for_so_many_rows(storage, clock, events, path, disk):
    storage.commit([events.added(1000 + n, f"n{n}") for n in range(1, HISTORY_ROWS + 51)], clock())
    assert storage.oldest_kept(clock()) == 1051
    forget_all(storage, 1051)
    assert sum(1 for _ in disk(path).log()) == HISTORY_ROWS
    assert sum(1 for _ in disk(path).objects()) == HISTORY_ROWS + 50


def bytes_on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.rglob("*") if file.is_file())


@pytest.mark.parametrize("size", [40, 2_000, 200_000], ids=["in a page", "most of a page", "overflow pages"])
def test_a_deleted_secret_is_nowhere_in_the_files_after_compaction(storage, path, clock, events, size, disk):
    old, new = "T2xkS2V5" * (size // 8), "TmV3S2V5" * (size // 8)
    first = events.added(1001, "key", "secrets", data={"tls.key": old})
    storage.commit([first, events.added(1002, "other", data={"k": "v" * size})], clock())
    assert b"T2xkS2V5" in bytes_on_disk(path)
    second = events.modified(1003, first, data={"tls.key": new})
    storage.commit([second], clock())
    storage.settle()
    assert b"T2xkS2V5" not in bytes_on_disk(path)
    storage.commit([events.deleted(1004, second)], clock())
    storage.settle()
    assert b"TmV3S2V5" not in bytes_on_disk(path)
    assert (path.parent / "api.db-wal").stat().st_size == 0


def test_a_full_database_says_so_and_keeps_what_it_has(path, clock, events, disk):
    storage = open_storage(path, now=clock(), limit_bytes=256 * 1024)
    first = events.added(1001, "a")
    storage.commit([first], clock())
    with pytest.raises(StorageFull, match="full"):
        storage.commit([events.added(1002, "big", data={"k": "v" * 1_000_000})], clock())
    assert [row.key.name for row in disk(path).objects()] == ["a"]
    storage.commit([events.deleted(1003, first)], clock())
    assert disk(path).objects() == []
    storage.close()


def test_many_changes_of_one_transaction_come_in_their_order(storage, path, clock, events, disk):
    first = events.added(1001, "a", data={"k": "1"})
    others = [events.added(1001 + n, f"n{n:03}") for n in range(1, 121)]
    changes = [events.modified(1122, first, data={"k": "2"}), events.deleted(1123, first), events.added(1124, "a")]
    storage.commit([first, *others, *changes, events.deleted(1125, others[0])], clock())
    assert {entry.key.name: entry.revision for entry in disk(path).objects()} == {
        "a": 1124,
        **{event.entry.key.name: event.revision for event in others[1:]},
    }
    assert [row.revision for row in disk(path).log()] == list(range(1125, 999, -1))


def test_the_claims_of_a_service_are_kept_by_change(storage, path, clock, events, disk):
    first = events.added(1001, "a", "services", spec={"clusterIP": "10.96.1.1", "ports": [{"nodePort": 30000}]})
    storage.commit([first, events.added(1002, "b", "services", spec={"clusterIP": "None"})], clock())
    assert disk(path).claims() == {"address 10.96.1.1": "a", "node port 30000": "a"}
    second = events.modified(1003, first, spec={"clusterIP": "10.96.1.1", "ports": [{"nodePort": 30005}]})
    storage.commit([second], clock())
    assert disk(path).claims() == {"address 10.96.1.1": "a", "node port 30005": "a"}
    storage.commit([events.deleted(1004, second)], clock())
    assert disk(path).claims() == {}


def test_a_second_opener_is_told_that_the_database_is_in_use(storage, path, clock):
    with pytest.raises(StorageError, match=r"in use by another process\. Stop it first"):
        open_storage(path, now=clock())


def test_a_foreign_database_is_left_alone(path, clock):
    path.parent.mkdir()
    with sqlite3.connect(path) as foreign:
        foreign.execute("CREATE TABLE theirs (x)")
    foreign.close()
    with pytest.raises(StorageError, match="database of another program"):
        open_storage(path, now=clock())


def test_a_newer_schema_is_refused(path, clock):
    open_storage(path, now=clock()).close()
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(StorageError, match="newer Pylae"):
        open_storage(path, now=clock())


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"\x00" * 5000])
def test_a_damaged_file_is_named_with_what_to_do(path, clock, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"api\.db is damaged .* Move it away"):
        open_storage(path, now=clock())


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"metadata":1}'])
def test_an_object_that_cannot_be_read_back_is_told_when_it_is_looked_at(storage, path, clock, events, body):
    storage.commit([events.added(1001, "a"), events.added(1002, "b")], clock())
    storage.close()
    with sqlite3.connect(path) as edited:
        edited.execute("UPDATE objects SET body = ? WHERE name = 'a'", (body,))
    edited.close()
    again = open_storage(path, now=clock())
    cache = load(again)
    spoilt, sound = cache.walk("configmaps")
    assert sound.object["metadata"]["name"] == "b"
    with pytest.raises(StorageError, match="holds what Pylae did not write"):
        print(spoilt.object)
    cache.close()
    again.close()


def test_a_directory_in_the_way_is_named(tmp_path, clock):
    (tmp_path / "api.db").mkdir()
    with pytest.raises(StorageError, match=r"api\.db cannot be opened: Is a directory"):
        open_storage(tmp_path / "api.db", now=clock())
