"""A database copied whole, whoever writes to it meanwhile, and one put back in the place of another.

A copy is taken by SQLite from one moment of the file, without what was deleted (`VACUUM INTO`). What a server has
handed out after that moment is not in the copy, and clients may have seen it: a copy put back goes on from far beyond
all of it, as etcd does (https://etcd.io/docs/latest/op-guide/recovery/#restoring-with-revision-bump).
"""

import contextlib
import os
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Final

from pylae.apiserver.database import StorageError, check_ours, open_reader, told, transaction

REVISIONS_SKIPPED_AT_RESTORE: Final = 1_000_000_000
"""More than any server writes between a copy and its use."""
OPENED: Final = "OPENED"
"""The verb of a row of the log that stands for no change: the revisions up to it were skipped."""


def copy_database(path: Path, copy: Path) -> int:
    """Makes a copy, readable by its owner alone, in place of whatever lies there; says which schema version it has.
    Raises `StorageFull`, `StorageError`."""
    draft = copy.with_name(f"{copy.name}.{os.getpid()}")
    with told(path):
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        try:
            with contextlib.closing(open_reader(path)) as database:
                schema = check_ours(database, path)
                database.execute("VACUUM INTO ?", (str(draft),))
            _to_disk(draft)
            draft.replace(copy)
            return schema
        finally:
            draft.unlink(missing_ok=True)


def prepare_restored(copy: Path, *, beyond: int, now: datetime) -> None:
    """Makes a copy ready to take the place of a database whose newest revision was `beyond` (0: of none).

    Raises `StorageError` if it is damaged, not ours, or newer than this program.
    """
    with told(copy), contextlib.closing(_open(copy)) as database:
        check_ours(database, copy)
        ((verdict,), *_) = database.execute("PRAGMA quick_check(1)").fetchall()
        if verdict != "ok":
            raise StorageError(f"{copy} is damaged ({verdict}). Use another copy.")
        revision = max(newest(database), beyond) + REVISIONS_SKIPPED_AT_RESTORE
        with transaction(database):
            database.execute(
                "INSERT INTO log (revision, at, verb, resource, namespace, name) VALUES (?, ?, ?, '', '', '')",
                (revision, now.timestamp(), OPENED),
            )
    _to_disk(copy)


def newest(database: sqlite3.Connection) -> int:
    """The newest revision ever used."""
    row = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'log'").fetchone()
    return int(row[0]) if row else 0


def newest_in(path: Path) -> int:
    """The newest revision of a database that nobody has open; 0 if it cannot be told. Its write-ahead log is moved
    into it, so that the file is all there is of it."""
    try:
        with told(path), contextlib.closing(_open(path)) as database:
            check_ours(database, path)
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return newest(database)
    except StorageError:
        return 0


def _open(path: Path) -> sqlite3.Connection:
    """A file that is there: SQLite would make one."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
