"""The writing side of the database: one writer, and a write is acknowledged only after its commit.

A log row holds what the event *replaced*, never what it made: the new state is the next row's past, or the present.
Secrets leave nothing in the log, freed pages are overwritten (`secure_delete`) and the write-ahead log is cut after
compaction, so that a key is gone from the files when its object is.

The revision is the global resourceVersion. It is AUTOINCREMENT, so SQLite never hands one out twice, and each opening
skips `REVISIONS_SKIPPED_AT_OPEN`: a copy restored from yesterday cannot reissue what its clients saw today. Each
opening is a row of the log too; that is how the skipped revisions, which never were, are told from real ones.

Everything here blocks and belongs to one thread (see `journal`).
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final

from pylae.apiserver.claims import claims, may_claim
from pylae.apiserver.copy import OPENED, newest
from pylae.apiserver.database import Lock, open_writer, told, transaction
from pylae.apiserver.entry import Event, Verb
from pylae.apiserver.migration import migrate, remove_old_copies

REVISIONS_SKIPPED_AT_OPEN: Final = 1000
HISTORY_AGE: Final = timedelta(hours=1)
HISTORY_ROWS: Final = 10_000
ROWS_PER_STEP: Final = 500
"""Rows forgotten in one transaction, so that a write never waits for a whole compaction."""
ROWS_PER_INSERT: Final = 50
CHECKPOINT_BYTES: Final = 4 * 1024 * 1024
"""The write-ahead log is moved into the database when it has grown to this."""

WITHOUT_HISTORY: Final = frozenset({"secrets"})
"""Resources whose past is never written down."""

_LOG: Final = "INSERT INTO log (revision, at, verb, resource, namespace, name, replaced) VALUES {}"
_PUT: Final = (
    "INSERT INTO objects (resource, namespace, name, revision, uid, body) VALUES {}"
    " ON CONFLICT DO UPDATE SET revision = excluded.revision, uid = excluded.uid, body = excluded.body"
)
_DROP: Final = "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?"
_CLAIM: Final = "INSERT OR REPLACE INTO claims (claim, resource, namespace, name) VALUES (?, ?, ?, ?)"
_WAIVE: Final = "DELETE FROM claims WHERE claim = ? AND resource = ? AND namespace = ? AND name = ?"


@dataclass(slots=True)
class Storage:
    """An open database. `revision` is the newest one when it was opened."""

    path: Path
    revision: int
    _database: sqlite3.Connection
    _lock: Lock
    _dirty: bool = True
    _enough: int = CHECKPOINT_BYTES

    def commit(self, events: Sequence[Event], now: datetime) -> None:
        """Writes all of the events or none. Raises `StorageFull`, `StorageError`."""
        self._dirty = True
        with transaction(self._database) as database:
            _insert(database, _LOG, [_log_row(event, now) for event in events])
            for is_gone, run in groupby(events, lambda event: event.verb is Verb.DELETED):
                entries = [event.entry for event in run]
                if is_gone:
                    database.executemany(_DROP, (entry.key for entry in entries))
                else:
                    _insert(database, _PUT, [(*entry.key, entry.revision, entry.uid, entry.body) for entry in entries])
            for event in events:
                if may_claim(event.entry.key):
                    _move_claims(database, event)

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
        return newest(self._database)

    def forget(self, before: int) -> bool:
        """Removes some of the log rows older than a revision; says whether there are more."""
        with transaction(self._database) as database:
            removed = database.execute(
                "DELETE FROM log WHERE revision IN (SELECT revision FROM log WHERE revision < ? LIMIT ?)",
                (before, ROWS_PER_STEP),
            ).rowcount
        self._dirty = self._dirty or removed > 0
        return removed == ROWS_PER_STEP

    @property
    def wants_checkpoint(self) -> bool:
        """Has the write-ahead log grown long?"""
        return self.path.with_name(f"{self.path.name}-wal").stat().st_size > self._enough

    def settle(self) -> None:
        """Moves the write-ahead log into the database and cuts it, so that no deleted byte stays in it.

        A reader that holds on to an older picture (a backup) prevents it. Then it is left for later: for when the log
        is twice as long, so that not every write has to wait for that reader.
        """
        if self._dirty:
            with told():
                self._database.execute("PRAGMA incremental_vacuum(1000)").fetchall()
                ((busy, *_),) = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._dirty = bool(busy)
            self._enough = self._enough * 2 if busy else CHECKPOINT_BYTES

    def remove_old_copies(self, now: datetime) -> None:
        """Removes what a migration left beside the database (see `migration`), when its time is over."""
        with told():
            remove_old_copies(self.path, now)

    def close(self) -> None:
        try:
            self.settle()
        finally:
            self._database.close()
            self._lock.release()


def open_storage(path: Path, *, now: datetime, limit_bytes: int = 0) -> Storage:
    """Opens the database, making it when it is not there. How much is in it makes no difference.

    Beyond `limit_bytes` (0: what the disk has) a write raises `StorageFull`. Raises `StorageError` if the file is not
    ours, is newer than this program, broken or in use.
    """
    with told(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = Lock(path)
    try:
        database, found = open_writer(path, limit_bytes=limit_bytes)
    except BaseException:
        lock.release()
        raise
    storage = Storage(path, 0, database, lock)
    try:
        migrate(database, path, found)
        return _skip_ahead(storage, now)
    except BaseException:
        storage.close()
        raise


def _skip_ahead(storage: Storage, now: datetime) -> Storage:
    storage.revision = storage.newest() + REVISIONS_SKIPPED_AT_OPEN
    with transaction(storage._database) as database:
        _insert(database, _LOG, [(storage.revision, now.timestamp(), OPENED, "", "", "", None)])
    return storage


def _insert(database: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Many rows by one statement: between statements this thread would have to ask for Python's lock again, and wait
    for it while the event loop is busy."""
    for many in (rows[start : start + ROWS_PER_INSERT] for start in range(0, len(rows), ROWS_PER_INSERT)):
        values = ", ".join([f"({', '.join('?' * len(many[0]))})"] * len(many))
        database.execute(statement.format(values), [value for row in many for value in row])


def _log_row(event: Event, now: datetime) -> tuple[object, ...]:
    key, previous = event.entry.key, event.previous
    replaced = previous.body if previous and key.resource not in WITHOUT_HISTORY else None
    return event.revision, now.timestamp(), event.verb.value, *key, replaced


def _move_claims(database: sqlite3.Connection, event: Event) -> None:
    held = claims(event.previous) if event.previous else frozenset()
    wanted = frozenset() if event.verb is Verb.DELETED else claims(event.entry)
    database.executemany(_WAIVE, ((claim, *event.entry.key) for claim in held - wanted))
    database.executemany(_CLAIM, ((claim, *event.entry.key) for claim in wanted - held))
