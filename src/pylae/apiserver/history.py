"""The recent past: enough to resume a watch, bounded in number and in bytes, and honest about where it begins.

What happened since the start is in memory, as bytes. What happened before it, or was too much to keep, is told from
the log when somebody asks for it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from pylae.apiserver.entry import Entry, Event, Key, Verb, recall, record
from pylae.apiserver.reader import LogRow

EVENTS_KEPT: Final = 10_000
BYTES_KEPT: Final = 16 * 1024 * 1024


class History:
    """Events of all resources in order. `floor` is the oldest revision after which everything is here."""

    def __init__(self, floor: int, *, kept: int = EVENTS_KEPT, room: int = BYTES_KEPT) -> None:
        self.floor = floor
        self._events: deque[Event] = deque()
        self._kept = kept
        self._room = room

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: Event) -> None:
        self._events.append(event.resting())
        self._room -= event.weight
        while len(self._events) > self._kept or self._room < 0:
            self._drop()

    def since(self, resource: str, revision: int) -> tuple[Event, ...]:
        """The events of a resource after a revision that is not older than the floor."""
        count = 0
        for event in reversed(self._events):
            if event.revision <= revision:
                break
            count += 1
        missed = islice(self._events, len(self._events) - count, None)
        return tuple(event.resting() for event in missed if event.entry.key.resource == resource)

    def forget(self, before: int) -> None:
        """Drops the events older than a revision."""
        while self._events and self._events[0].revision < before:
            self._drop()
        self.floor = max(self.floor, before - 1)

    def _drop(self) -> None:
        event = self._events.popleft()
        self._room += event.weight
        self.floor = event.revision


def replay(log: Iterable[LogRow], present: Callable[[Key], Entry | None]) -> Sequence[Event]:
    """The events of one resource that rows of the log (newest first, up to now) tell, given the objects there are.

    What an event made is what the next one of that object replaced, or the present. Raises `StorageError` for rows
    that Pylae did not write.
    """
    events: deque[Event] = deque()
    later: dict[Key, Entry | None] = {}
    for row in log:
        before = None if row.replaced is None else recall(row.key, row.replaced)
        after = later[row.key] if row.key in later else present(row.key)
        events.appendleft(_event(row, before, after))
        later[row.key] = before
    return events


def _event(row: LogRow, before: Entry | None, after: Entry | None) -> Event:
    verb = Verb(row.verb)
    if verb is Verb.DELETED:
        assert before is not None, "a deletion has replaced something"
        after = record(row.key, before.object, row.revision)
    assert after is not None, "an object that is not deleted is there"
    return Event(verb, after, before)
