"""The database file: who may open it, what is in it, and SQLite's errors in our words.

Three tables. `objects` is the present; `log` is how it came to be, so that a watch can resume after a restart;
`claims` is what an object of the present has for itself alone (see `claims.py`), so that nobody has to look through
all objects to know whether an address is free. One connection writes and one reads (write-ahead log): a reader keeps
the picture it has while the next one is being written.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SCHEMA_VERSION: Final = 2
"""What this program reads and writes (see `migration`)."""
APPLICATION_ID: Final = 0x50594C41  # "PYLA", shown by `file api.db`
PAGE_BYTES: Final = 4096
PATIENCE: Final = 2.0
"""Seconds that the writer waits for a reader to finish, when it wants to cut the write-ahead log."""

_PRAGMAS: Final = (
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16384",  # KiB
    "PRAGMA wal_autocheckpoint = 0",  # see `Storage.checkpoint`
)


class StorageError(Exception):
    """The database cannot be used. The message says what to do."""


class StorageFull(StorageError):
    """No room for a write: the disk, its quota, or the limit set for the database."""


class Lock:
    """The right to be the only server on a database. It lies on a file of its own: SQLite's locks are POSIX locks,
    and those are lost when any descriptor of the locked file is closed."""

    def __init__(self, path: Path) -> None:
        """Raises `StorageError` if another has it."""
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "rb")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise _in_use(path) from None

    def release(self) -> None:
        self._file.close()


def open_writer(path: Path, *, limit_bytes: int = 0) -> tuple[sqlite3.Connection, int]:
    """The writing connection, and the schema version that was found (0: a new file).

    The file and its companions are readable by their owner alone. `limit_bytes` bounds its size (0: the disk does).
    Raises `StorageError` if the file is not ours, is newer than this program, or broken.
    """
    with told(path):
        _make_private(path)
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=PATIENCE)
        try:
            found = check_ours(database, path)
            for pragma in _PRAGMAS:
                database.execute(pragma).fetchall()
            if limit_bytes:
                database.execute(f"PRAGMA max_page_count = {max(limit_bytes // PAGE_BYTES, 1)}").fetchall()
            return database, found
        except BaseException:
            database.close()
            raise


def open_reader(path: Path) -> sqlite3.Connection:
    """The reading connection of a database that has its writer."""
    with told(path):
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        database.execute("PRAGMA cache_size = -4096").fetchall()  # KiB
        return database


def check_ours(database: sqlite3.Connection, path: Path) -> int:
    """The schema version of a database, 0 if it is empty. Raises `StorageError` for one that is not ours, or newer than
    this program."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION_ID:
        raise StorageError(f"{path} is a database of another program. Move it away, or choose another data directory.")
    if version > SCHEMA_VERSION:
        raise StorageError(
            f"{path} was written by a newer Pylae (schema {version}; this one reads up to {SCHEMA_VERSION}). "
            "Use that version, or an older copy."
        )
    return int(version)


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of it or nothing. Raises `StorageFull`, `StorageError`."""
    with told():
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


@contextmanager
def told(path: Path | str = "the database") -> Iterator[None]:
    """SQLite's and the system's errors in our words."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(error, path) from error
    except OSError as error:
        raise StorageError(f"{path} cannot be opened: {error.strerror}.") from error


def _make_private(path: Path) -> None:
    """SQLite gives its write-ahead log the mode of the database, so the database must have its own before the first
    open."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)


def _in_use(path: Path | str) -> StorageError:
    return StorageError(f"{path} is in use by another process. Stop it first, or choose another data directory.")


def _explain(error: sqlite3.Error, path: Path | str) -> StorageError:
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:  # the index of the write-ahead log has no room to grow
        code = sqlite3.SQLITE_FULL
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return StorageFull("the disk (or the size limit of the API's database) is full")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return _in_use(path)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StorageError(f"{path} is damaged ({error}). Move it away, or put a copy in its place.")
        case _:
            return StorageError(f"{path} failed: {error}. Is the disk healthy, and writable for this user?")
