"""The reading side of the database: quick looks from the event loop's own thread, at a picture that stands still.

A look by key takes some tens of microseconds, which is less than asking another thread for it. While a commit is on
its way the reader holds the picture from before it (`hold`), so that nobody sees a write before it is published; at
other times the disk has exactly what was published, and nothing is held that would keep the write-ahead log from
being cut.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from pylae.apiserver.database import open_reader, told
from pylae.apiserver.entry import Entry, Key

SLICE_ROWS: Final = 250
SLICE_BYTES: Final = 1024 * 1024
"""What is read in one go: a few milliseconds' work."""
_COLUMNS: Final = "namespace, name, revision, body"


class LogRow(NamedTuple):
    """A row of `log`. `verb` is a `Verb` or `OPENED`; `replaced` is None for what was new and for Secrets."""

    revision: int
    verb: str
    key: Key
    replaced: bytes | None


@dataclass(frozen=True, slots=True)
class Range:
    """Which objects of a resource, in the order of (namespace, name): those of a namespace or of a name (`""`: any),
    after a place."""

    resource: str
    namespace: str = ""
    name: str = ""
    after: tuple[str, str] = ("", "")

    def from_(self, entry: Entry) -> "Range":
        """The rest of it, after an object."""
        return Range(self.resource, self.namespace, self.name, (entry.key.namespace, entry.key.name))


class Reader:
    """An open read-only connection. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        self._database = open_reader(path)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keeps the present picture, whatever is committed meanwhile."""
        with told():
            self._database.execute("BEGIN")
        try:
            self._rows("SELECT 1 FROM sqlite_schema LIMIT 1")  # the picture is taken by the first look
            yield
        finally:
            self._database.execute("COMMIT")

    def get(self, key: Key) -> Entry | None:
        rows = self._rows("SELECT revision, body FROM objects WHERE resource = ? AND namespace = ? AND name = ?", *key)
        return Entry(key, *rows[0]) if rows else None

    def slice(self, wanted: Range, limit: int) -> tuple[list[Entry], bool]:
        """The first objects of a range, at most `limit` and not many more bytes than `SLICE_BYTES`; and whether there
        may be more."""
        sql, arguments = _query(wanted)
        found: list[Entry] = []
        room = SLICE_BYTES
        with told():
            cursor = self._database.execute(sql, (*arguments, limit))
            for namespace, name, revision, body in cursor:
                found.append(Entry(Key(wanted.resource, namespace, name), revision, body))
                room -= len(body)
                if room < 0:
                    break
            cursor.close()
        return found, room < 0 or len(found) == limit

    def count(self, wanted: Range, limit: int) -> int:
        """How many objects are in a range, as far as `limit`."""
        sql, arguments = _query(wanted)
        ((found,),) = self._rows(f"SELECT count(*) FROM ({sql.replace(_COLUMNS, '1')})", *arguments, limit)  # noqa: S608
        return int(found)

    def oldest_events(self, limit: int) -> list[Entry]:
        """The Events that were not written for the longest time."""
        rows = self._rows(
            "SELECT namespace, name, revision, body FROM objects WHERE resource = 'events' ORDER BY revision LIMIT ?",
            limit,
        )
        return [Entry(Key("events", namespace, name), revision, body) for namespace, name, revision, body in rows]

    def holder(self, claim: str) -> Key | None:
        """Who has what only one can have (see `claims`)."""
        rows = self._rows("SELECT resource, namespace, name FROM claims WHERE claim = ?", claim)
        return Key(*rows[0]) if rows else None

    def log_begins(self) -> LogRow | None:
        """The oldest row of the log."""
        return next(iter(self._log("ORDER BY revision LIMIT 1")), None)

    def log_from(self, revision: int) -> LogRow | None:
        """The log's first row that is not older than a revision."""
        return next(iter(self._log("WHERE revision >= ? ORDER BY revision LIMIT 1", revision)), None)

    def log_of(self, resource: str, after: int, limit: int) -> Sequence[LogRow]:
        """The newest rows of a resource after a revision, newest first."""
        return self._log("WHERE revision > ? AND resource = ? ORDER BY revision DESC LIMIT ?", after, resource, limit)

    def last_change(self, resource: str, revision: int) -> int:
        """When a resource last changed before or at a revision, as far as the log knows (0: not)."""
        rows = self._log("WHERE revision <= ? AND resource = ? ORDER BY revision DESC LIMIT 1", revision, resource)
        return rows[0].revision if rows else 0

    def close(self) -> None:
        self._database.close()

    def _log(self, condition: str, *arguments: object) -> list[LogRow]:
        rows = self._rows(
            f"SELECT revision, verb, resource, namespace, name, replaced FROM log {condition}",  # noqa: S608
            *arguments,
        )
        return [LogRow(revision, verb, Key(*key), replaced) for revision, verb, *key, replaced in rows]

    def _rows(self, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
        with told():
            return self._database.execute(sql, arguments).fetchall()


def _query(wanted: Range) -> tuple[str, tuple[str, ...]]:
    """SQL for a range: each form walks the primary key from where it begins."""
    namespace, name = wanted.after
    conditions, arguments = ["resource = ?"], [wanted.resource]
    if wanted.namespace:
        conditions += ["namespace = ?", "name > ?"]
        arguments += [wanted.namespace, name if namespace == wanted.namespace else ""]
    else:
        conditions.append("(namespace, name) > (?, ?)")
        arguments += [namespace, name]
    if wanted.name:
        conditions.append("name = ?")
        arguments.append(wanted.name)
    where = " AND ".join(conditions)
    order = "ORDER BY resource, namespace, name LIMIT ?"
    return f"SELECT {_COLUMNS} FROM objects WHERE {where} {order}", tuple(arguments)  # noqa: S608
