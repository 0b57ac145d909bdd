"""The objects on disk: SQLite, one writer, and a write is acknowledged only after its commit.

Two tables. `objects` is the present; `log` is how it came to be, so that a watch can resume after a restart. A log
row holds what the event *replaced*, never what it made: the new state is the next row's past, or the present. Secrets
leave nothing in the log, freed pages are overwritten (`secure_delete`) and the write-ahead log is cut after
compaction, so that a key is gone from the files when its object is.

The revision is the global resourceVersion. It is AUTOINCREMENT, so SQLite never hands one out twice, and each opening
skips `REVISIONS_SKIPPED_AT_OPEN`: a copy restored from yesterday cannot reissue what its clients saw today. Each
opening is a row of the log too; that is how the skipped revisions, which never were, are told from real ones.

Everything here blocks and belongs to one thread (see `journal`).
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from pylae.apiserver.entry import Event, Key

SCHEMA_VERSION: Final = 1
APPLICATION_ID: Final = 0x50594C41  # "PYLA", shown by `file api.db`
REVISIONS_SKIPPED_AT_OPEN: Final = 1000
HISTORY_AGE: Final = timedelta(hours=1)
HISTORY_ROWS: Final = 10_000
ROWS_PER_STEP: Final = 500
"""Rows forgotten in one transaction, so that a write never waits for a whole compaction."""
PAGE_BYTES: Final = 4096

OPENED: Final = "OPENED"
WITHOUT_HISTORY: Final = frozenset({"secrets"})
"""Resources whose past is never written down."""

_PRAGMAS: Final = (
    "PRAGMA locking_mode = EXCLUSIVE",  # a second server on the same file is told so, instead of corrupting it
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
)

_SCHEMA: Final = f"""
CREATE TABLE objects (
    resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    revision INTEGER NOT NULL, uid TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (resource, namespace, name));
CREATE TABLE log (
    revision INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, verb TEXT NOT NULL,
    resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, replaced BLOB);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""


class StorageError(Exception):
    """The database cannot be used. The message says what to do."""


class StorageFull(StorageError):
    """No room for a write: the disk, its quota, or the limit set for the database."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of `objects`. Its body may be a Secret."""

    key: Key
    body: bytes = field(repr=False)


class LogRow(NamedTuple):
    """A row of `log`. `verb` is a `Verb` or `OPENED`; `replaced` is None for what was new and for Secrets."""

    revision: int
    verb: str
    key: Key
    replaced: bytes | None


@dataclass(slots=True)
class Storage:
    """An open database. `revision` is the newest one when it was opened."""

    revision: int
    _database: sqlite3.Connection
    _dirty: bool = True

    def objects(self) -> Iterator[Row]:
        """Every object there is."""
        with _told():
            for resource, namespace, name, body in self._database.execute(
                "SELECT resource, namespace, name, body FROM objects ORDER BY resource, namespace, name"
            ):
                yield Row(Key(resource, namespace, name), body)

    def log(self) -> Iterator[LogRow]:
        """What is remembered of the past, newest first."""
        with _told():
            for revision, verb, resource, namespace, name, replaced in self._database.execute(
                "SELECT revision, verb, resource, namespace, name, replaced FROM log ORDER BY revision DESC"
            ):
                yield LogRow(revision, verb, Key(resource, namespace, name), replaced)

    def commit(self, events: Sequence[Event], now: datetime) -> None:
        """Writes all of the events or none. Raises `StorageFull`, `StorageError`."""
        self._dirty = True
        with _transaction(self._database):
            for event in events:
                self._log(event, now)
                self._store(event)

    def oldest_kept(self, now: datetime) -> int:
        """The first revision that compaction would keep: the newer of an hour ago and `HISTORY_ROWS` ago."""
        (young,) = self._database.execute(
            "SELECT min(revision) FROM log WHERE at >= ?", ((now - HISTORY_AGE).timestamp(),)
        ).fetchone()
        (recent,) = self._database.execute(
            "SELECT min(revision) FROM (SELECT revision FROM log ORDER BY revision DESC LIMIT ?)", (HISTORY_ROWS,)
        ).fetchone()
        nothing = self.newest() + 1
        return max(young or nothing, recent or nothing)

    def newest(self) -> int:
        """The newest revision ever used."""
        row = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'log'").fetchone()
        return int(row[0]) if row else 0

    def forget(self, before: int) -> bool:
        """Removes some of the log rows older than a revision; says whether there are more."""
        with _transaction(self._database):
            removed = self._database.execute(
                "DELETE FROM log WHERE revision IN (SELECT revision FROM log WHERE revision < ? LIMIT ?)",
                (before, ROWS_PER_STEP),
            ).rowcount
        self._dirty = self._dirty or removed > 0
        return removed == ROWS_PER_STEP

    def settle(self) -> None:
        """Moves the write-ahead log into the database and cuts it, so that no deleted byte stays in it."""
        if self._dirty:
            with _told():
                self._database.execute("PRAGMA incremental_vacuum(1000)").fetchall()
                self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._dirty = False

    def close(self) -> None:
        try:
            self.settle()
        finally:
            self._database.close()

    def _log(self, event: Event, now: datetime) -> None:
        key, previous = event.entry.key, event.previous
        replaced = previous.body if previous and key.resource not in WITHOUT_HISTORY else None
        self._database.execute(
            "INSERT INTO log (revision, at, verb, resource, namespace, name, replaced) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (event.revision, now.timestamp(), event.verb.value, *key, replaced),
        )

    def _store(self, event: Event) -> None:
        entry = event.entry
        if event.verb == "DELETED":
            self._database.execute("DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?", entry.key)
            return
        self._database.execute(
            "INSERT INTO objects (resource, namespace, name, revision, uid, body) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET revision = excluded.revision, uid = excluded.uid, body = excluded.body",
            (*entry.key, entry.revision, entry.uid, entry.body),
        )


def open_storage(path: Path, *, now: datetime, limit_bytes: int = 0) -> Storage:
    """Opens the database, making it when it is not there.

    The file and its companions are readable by their owner alone. `limit_bytes` bounds its size (0: the disk does);
    beyond it a write raises `StorageFull`. Raises `StorageError` if the file is not ours, is newer than this program,
    broken or in use.
    """
    with _told(path):
        _make_private(path)
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        try:
            return _opened(database, path, now=now, limit_bytes=limit_bytes)
        except BaseException:
            database.close()
            raise


def _opened(database: sqlite3.Connection, path: Path, *, now: datetime, limit_bytes: int) -> Storage:
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION_ID:
        raise StorageError(f"{path} is a database of another program. Move it away, or choose another data directory.")
    if version > SCHEMA_VERSION:
        raise StorageError(
            f"{path} was written by a newer Pylae (schema {version}). Use that version, or an older copy."
        )
    for pragma in _PRAGMAS:
        database.execute(pragma).fetchall()
    if limit_bytes:
        database.execute(f"PRAGMA max_page_count = {max(limit_bytes // PAGE_BYTES, 1)}").fetchall()
    if not tables:
        database.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
    return _skip_ahead(Storage(0, database), now)


def _skip_ahead(storage: Storage, now: datetime) -> Storage:
    storage.revision = storage.newest() + REVISIONS_SKIPPED_AT_OPEN
    with _transaction(storage._database) as database:
        database.execute(
            "INSERT INTO log (revision, at, verb, resource, namespace, name) VALUES (?, ?, ?, '', '', '')",
            (storage.revision, now.timestamp(), OPENED),
        )
    return storage


def _make_private(path: Path) -> None:
    """SQLite gives its write-ahead log the mode of the database, so the database must have its own before the first
    open."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    with _told():
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


@contextmanager
def _told(path: Path | str = "the database") -> Iterator[None]:
    """SQLite's and the system's errors in our words."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(error, path) from error
    except OSError as error:
        raise StorageError(f"{path} cannot be opened: {error.strerror}.") from error


def _explain(error: sqlite3.Error, path: Path | str) -> StorageError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    match code:
        case sqlite3.SQLITE_FULL:
            return StorageFull("the disk (or the size limit of the API's database) is full")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StorageError(
                f"{path} is in use by another process. Stop it first, or choose another data directory."
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StorageError(f"{path} is damaged ({error}). Move it away, or put a copy in its place.")
        case _:
            return StorageError(f"{path} failed: {error}. Is the disk healthy, and writable for this user?")
