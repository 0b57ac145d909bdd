"""The configuration that Envoy accepted last, on disk, so that an Envoy can start while every control plane is away.

One SQLite file that its owner alone can read: it holds the private keys of the certificates that are served. It follows
Envoy within a fraction of a second, what happens meanwhile is written together, and a file is never half-written. Its
time of modification is when it last was in agreement with a control plane.
"""

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path

from pylae.xds.resource import Key, Resource, Type

PAUSE = 0.2
"""Seconds that changes are gathered for before they are written."""

RETRY = 10.0
PRIVATE = 0o600

_TABLES = """
CREATE TABLE IF NOT EXISTS workload (name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS resource (
  type TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (type, name)
) WITHOUT ROWID;
"""

logger = logging.getLogger(__name__)


class Stored:
    """What is in the file, and what is still to be written. One event loop uses it, and one process per file.

    `workload` says whose configuration it is: what was stored for another is forgotten, for it may hold keys that this
    one must not have. Raises OSError if there is no room for the file; one that is no database is begun anew.
    """

    def __init__(self, path: Path, workload: str) -> None:
        self._path = path
        self._versions: dict[Type, dict[str, str]] = {type_: {} for type_ in Type}
        self._unwritten: dict[Key, Resource | None] = {}
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        try:
            self._open(workload)
        except sqlite3.OperationalError as error:
            raise OSError(f"{path}: {error}") from None
        except (sqlite3.DatabaseError, ValueError) as error:  # or it is of a type that is not known here
            logger.warning("The stored configuration cannot be read (%s) and is begun anew: %s", error, path)
            path.unlink(missing_ok=True)
            self._versions = {type_: {} for type_ in Type}
            self._open(workload)

    @property
    def versions(self) -> Mapping[Type, Mapping[str, str]]:
        """What is stored, by type and name."""
        return self._versions

    @property
    def is_empty(self) -> bool:
        return not any(self._versions.values())

    def put(self, resource: Resource) -> None:
        """Envoy has this version now."""
        if self._versions[resource.type].get(resource.name) != resource.version:
            self._versions[resource.type][resource.name] = resource.version
            self._change(resource.key, resource)

    def drop(self, key: Key) -> None:
        """Envoy has it no more."""
        if self._versions[key[0]].pop(key[1], None) is not None:
            self._change(key, None)

    def agree(self) -> None:
        """A control plane has us as we are: its age begins anew."""
        with suppress(OSError):
            os.utime(self._path)

    def age(self) -> float | None:
        """Seconds since it last was in agreement with a control plane; None if there is nothing stored."""
        with suppress(OSError):
            return None if self.is_empty else max(0.0, time.time() - self._path.stat().st_mtime)
        return None

    async def resources(self) -> tuple[Resource, ...]:
        """All of it; nothing if it cannot be read."""
        async with self._writing:
            try:
                written = await asyncio.to_thread(self._read)
            except (sqlite3.Error, ValueError) as error:
                logger.warning("The stored configuration cannot be read: %s: %s", self._path, error)
                return ()
        found = {**{resource.key: resource for resource in written}, **self._unwritten}
        return tuple(resource for resource in found.values() if resource is not None)

    async def keep(self) -> None:
        """Write what changes at once, and what follows within a pause together. Runs until it is cancelled."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(PAUSE if await self.write() else RETRY)

    async def write(self) -> bool:
        """Write what is still unwritten. If there is no room it is kept, and told."""
        async with self._writing:
            taken, self._unwritten = self._unwritten, {}
            self._changed.clear()
            try:
                await asyncio.to_thread(self._write, taken)
            except (sqlite3.Error, OSError) as error:
                logger.warning("The configuration could not be stored in %s: %s", self._path, error)
                self._unwritten = {**taken, **self._unwritten}
                self._changed.set()
                return False
        return True

    def _change(self, key: Key, resource: Resource | None) -> None:
        self._unwritten[key] = resource
        self._changed.set()

    def _open(self, workload: str) -> None:
        with closing(self._connect()):
            self._path.chmod(PRIVATE)
        at = self._path.stat().st_mtime
        with closing(self._connect()) as connection, connection:
            connection.executescript(_TABLES)
            [owner] = connection.execute("SELECT name FROM workload").fetchone() or [""]
            if owner != workload:
                connection.execute("DELETE FROM resource")
                connection.execute("DELETE FROM workload")
                connection.execute("INSERT INTO workload VALUES (?)", (workload,))
            for type_, name, version in connection.execute("SELECT type, name, version FROM resource"):
                self._versions[Type(type_)][name] = version
        os.utime(self._path, (at, at))

    def _connect(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE))
        connection = sqlite3.connect(self._path)
        # A key that was replaced is not to be found in the file's free pages.
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    def _read(self) -> tuple[Resource, ...]:
        with closing(self._connect()) as connection:
            rows = connection.execute("SELECT type, name, version, body FROM resource").fetchall()
        return tuple(Resource(Type(type_), name, version, body) for type_, name, version, body in rows)

    def _write(self, changes: Mapping[Key, Resource | None]) -> None:
        if not changes:
            return
        at = self._path.stat().st_mtime
        with closing(self._connect()) as connection, connection:
            connection.executemany("DELETE FROM resource WHERE type = ? AND name = ?", changes)
            connection.executemany("INSERT INTO resource VALUES (?, ?, ?, ?)", _rows(changes.values()))
        os.utime(self._path, (at, at))


def _rows(resources: Iterable[Resource | None]) -> list[tuple[str, str, str, bytes]]:
    return [(each.type, each.name, each.version, each.body) for each in resources if each is not None]
