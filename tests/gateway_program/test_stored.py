"""The last accepted configuration on disk."""

import asyncio
import os
import sqlite3
import stat
import time
from pathlib import Path

import pytest
from data_plane import eventually

from pylae.gateway.stored import Stored
from pylae.xds.resource import Resource, Type

KEY = b"-----BEGIN PRIVATE KEY-----"
SECRET = Resource(Type.SECRET, "kubernetes://shop", "1", KEY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "configuration.db"


async def test_it_is_there_after_a_restart(path: Path) -> None:
    stored = Stored(path, "edge")
    stored.put(SECRET)
    assert await stored.write()
    again = Stored(path, "edge")
    assert again.versions[Type.SECRET] == {"kubernetes://shop": "1"}
    assert await again.resources() == (SECRET,)


async def test_what_changes_is_written_by_itself(path: Path) -> None:
    stored = Stored(path, "edge")
    keeping = asyncio.create_task(stored.keep())
    stored.put(SECRET)

    async def written() -> bool:
        return not Stored(path, "edge").is_empty

    await eventually(written, "the file")
    keeping.cancel()


async def test_its_owner_alone_can_read_it_and_what_is_dropped_is_gone_from_the_disk(path: Path) -> None:
    stored = Stored(path, "edge")
    stored.put(SECRET)
    await stored.write()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY in path.read_bytes()
    stored.drop(SECRET.key)
    await stored.write()
    assert KEY not in path.read_bytes()
    assert stored.is_empty


async def test_another_workload_is_given_nothing_of_it(path: Path) -> None:
    stored = Stored(path, "edge")
    stored.put(SECRET)
    await stored.write()
    other = Stored(path, "other")
    assert other.is_empty
    assert await other.resources() == ()
    assert KEY not in path.read_bytes()


async def test_its_age_is_that_of_the_last_agreement_and_not_of_the_last_write(path: Path) -> None:
    stored = Stored(path, "edge")
    assert stored.age() is None
    stored.put(SECRET)
    await stored.write()
    os.utime(path, (time.time() - 3600,) * 2)
    stored.put(Resource(Type.SECRET, "other", "1", b""))
    await stored.write()
    age = Stored(path, "edge").age()
    assert age is not None
    assert age >= 3600
    stored.agree()
    assert (stored.age() or 0) < 60


async def test_a_clock_that_was_put_back_makes_it_no_younger_than_now(path: Path) -> None:
    stored = Stored(path, "edge")
    stored.put(SECRET)
    os.utime(path, (time.time() + 3600,) * 2)
    assert stored.age() == 0


def test_a_file_that_is_no_database_is_begun_anew(path: Path) -> None:
    path.write_bytes(b"torn" * 1000)
    assert Stored(path, "edge").is_empty


async def test_what_is_of_a_type_that_is_not_known_is_begun_anew(path: Path) -> None:
    stored = Stored(path, "edge")
    stored.put(SECRET)
    assert await stored.write()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE resource SET type = 'of-tomorrow'")
    connection.close()
    assert Stored(path, "edge").is_empty


def test_where_no_file_can_be_made_the_reason_is_told(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(OSError, match="directory"):
        Stored(tmp_path / "directory", "edge")


async def test_what_cannot_be_written_is_kept_for_later(path: Path) -> None:
    stored = Stored(path, "edge")
    stored.put(SECRET)
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE resource")
    assert not await stored.write()
    assert await stored.resources() == ()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE resource (type TEXT, name TEXT, version TEXT, body BLOB)")
    assert await stored.write()
    other.close()
    assert await stored.resources() == (SECRET,)


async def test_a_file_that_is_removed_harms_nobody(path: Path) -> None:
    stored = Stored(path, "edge")
    path.unlink()
    stored.put(SECRET)
    assert stored.age() is None
    assert not await stored.write()


async def test_what_is_not_written_yet_is_part_of_it(path: Path) -> None:
    stored = Stored(path, "edge")
    stored.put(SECRET)
    assert await stored.resources() == (SECRET,)
    await stored.write()
    stored.drop(SECRET.key)
    assert await stored.resources() == ()
