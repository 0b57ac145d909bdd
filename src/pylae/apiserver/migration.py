"""The schema of the database, version by version: how an older file becomes what this program reads.

All the steps that a file needs are one transaction with the new version's number, so a crash in the midst of them
leaves the old file as it was. Before the first step the file is copied beside itself, for whoever wants to go back to
the older Pylae; the copy holds keys as the file does, and is removed when a week has shown that nobody does.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

from pylae.apiserver.claims import SERVICES, claims
from pylae.apiserver.copy import copy_database
from pylae.apiserver.database import APPLICATION_ID, transaction
from pylae.apiserver.entry import Entry, Key

COPY_KEPT: Final = timedelta(days=7)

Step: TypeAlias = Callable[[sqlite3.Connection], object]
logger = logging.getLogger(__name__)


def _first(database: sqlite3.Connection) -> None:
    """The present, and how it came to be."""
    database.execute(
        "CREATE TABLE objects (resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,"
        " revision INTEGER NOT NULL, uid TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (resource, namespace, name))"
    )
    database.execute(
        "CREATE TABLE log (revision INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, verb TEXT NOT NULL,"
        " resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, replaced BLOB)"
    )


def _second(database: sqlite3.Connection) -> None:
    """What only one object can have, and Events by age: neither is to be looked for among all objects."""
    database.execute(
        "CREATE TABLE claims (claim TEXT PRIMARY KEY, resource TEXT NOT NULL, namespace TEXT NOT NULL,"
        " name TEXT NOT NULL) WITHOUT ROWID"
    )
    database.execute("CREATE INDEX events_by_revision ON objects (revision) WHERE resource = 'events'")
    rows = database.execute("SELECT namespace, name, revision, body FROM objects WHERE resource = ?", (SERVICES,))
    services = [Entry(Key(SERVICES, namespace, name), revision, body) for namespace, name, revision, body in rows]
    database.executemany("INSERT INTO claims VALUES (?, ?, ?, ?)", _claimed(services))


def _claimed(services: Iterable[Entry]) -> Iterable[tuple[str, ...]]:
    return ((claim, *service.key) for service in services for claim in claims(service))


STEPS: Final[Mapping[int, Step]] = {1: _first, 2: _second}
"""What makes each version of the one before. A step that was released is never changed: the next one is added."""


def migrate(database: sqlite3.Connection, path: Path, found: int, *, steps: Mapping[int, Step] = STEPS) -> None:
    """Brings a file of the schema version that was found (0: a new one) up to date. Raises `StorageFull`,
    `StorageError`; then the file is as it was."""
    newest = max(steps)
    if found == newest:
        return
    if found:
        copy = path.with_name(f"{path.name}.v{found}.bak")
        copy_database(path, copy)
        logger.info("migrating %s from schema %d to %d; %s is how it was", path, found, newest, copy)
    with transaction(database):
        for version in range(found + 1, newest + 1):
            steps[version](database)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {newest}")


def remove_old_copies(path: Path, now: datetime) -> None:
    """Removes what migrations left beside a database, once it is old enough."""
    for copy in path.parent.glob(f"{path.name}.v*.bak"):
        if copy.stat().st_mtime < (now - COPY_KEPT).timestamp():
            copy.unlink(missing_ok=True)
