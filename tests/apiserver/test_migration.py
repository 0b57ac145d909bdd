"""Files of older versions of Pylae are brought up to date, wholly or not at all.

`data/schema-N.sql` is what a Pylae of that schema really wrote, as `sqlite3 api.db .dump` prints it.
"""

import contextlib
import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from pylae.apiserver.cache import load
from pylae.apiserver.database import SCHEMA_VERSION, StorageError, open_writer
from pylae.apiserver.entry import Key
from pylae.apiserver.migration import COPY_KEPT, STEPS, migrate
from pylae.apiserver.storage import open_storage
from pylae.apiserver.watcher import Interest

DATA = Path(__file__).parent / "data"
OLDER = range(1, SCHEMA_VERSION)


@pytest.fixture(params=OLDER)
def old(request, tmp_path):
    """(path, schema version) of a database that an older Pylae wrote."""
    path = tmp_path / "api.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript((DATA / f"schema-{request.param}.sql").read_text())
    return path, request.param


def schema(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute("PRAGMA user_version").fetchone()[0]


def shape(path: Path) -> set[str]:
    """What tables and indices there are, however they were written down."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    return {"".join(sql.split()).replace('"', "") for (sql,) in rows}


def test_every_version_has_its_step():
    assert sorted(STEPS) == list(range(1, SCHEMA_VERSION + 1))


def test_what_an_older_pylae_wrote_is_there_and_has_the_shape_of_a_new_file(old, clock, tmp_path, disk):
    path, _ = old
    open_storage(tmp_path / "new.db", now=clock()).close()
    before = disk(path).objects()
    storage = open_storage(path, now=clock())
    cache = load(storage)
    assert [(entry.key, entry.body) for entry in disk(path).objects()] == [(entry.key, entry.body) for entry in before]
    assert cache.get(Key("configmaps", "shop", "settings")).object["data"] == {"a": "2"}
    assert cache.holder(f"address {cache.get(Key('services', 'shop', 'web')).object['spec']['clusterIP']}")
    assert [entry.key.name for entry in cache.oldest_events(9)] == ["seen"]
    storage.close()
    assert (schema(path), shape(path)) == (SCHEMA_VERSION, shape(tmp_path / "new.db"))


async def test_a_watch_goes_on_over_a_migration(old, clock):
    storage = open_storage(old[0], now=clock())
    told = load(storage).watch("configmaps", Interest(), after=1008, limit=100)
    events = await told.take(0)
    assert [(event.verb, event.entry.key.name) for event in events] == [
        ("MODIFIED", "settings"),
        ("ADDED", "gone"),
        ("DELETED", "gone"),
    ]
    storage.close()


def test_the_old_file_is_kept_beside_for_a_week(old, clock):
    path, version = old
    storage = open_storage(path, now=clock())
    copy = path.with_name(f"api.db.v{version}.bak")
    assert (schema(copy), stat.S_IMODE(copy.stat().st_mode)) == (version, 0o600)
    storage.remove_old_copies(clock() + COPY_KEPT - timedelta(minutes=1))
    assert copy.exists()
    storage.remove_old_copies(clock() + COPY_KEPT + timedelta(minutes=1))
    assert not copy.exists()
    storage.close()


def test_a_new_file_leaves_no_copy(clock, tmp_path):
    open_storage(tmp_path / "api.db", now=clock()).close()
    assert not list(tmp_path.glob("*.bak"))


def test_a_migration_that_breaks_half_way_leaves_the_old_file(old, clock, disk):
    path, version = old
    before, shaped = disk(path).objects(), shape(path)

    def breaks(_: sqlite3.Connection) -> None:
        raise StorageError("the power is gone")

    steps = {**STEPS, SCHEMA_VERSION + 1: breaks}
    database, found = open_writer(path)
    with pytest.raises(StorageError, match="the power is gone"):
        migrate(database, path, found, steps=steps)
    database.close()
    assert (schema(path), shape(path)) == (version, shaped)
    assert [entry.body for entry in disk(path).objects()] == [entry.body for entry in before]
    open_storage(path, now=clock()).close()
    assert schema(path) == SCHEMA_VERSION
