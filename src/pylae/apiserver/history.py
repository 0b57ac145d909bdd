"""The recent past of one resource: enough to resume a watch, bounded in number, and honest about where it begins."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Final

from pylae.apiserver.entry import Entry, Event, Key, Verb, recall, record
from pylae.apiserver.storage import OPENED, WITHOUT_HISTORY, LogRow

EVENTS_KEPT: Final = 10_000


class History:
    """Events in order, at most `kept` of them. `floor` is the oldest revision after which everything is known."""

    def __init__(self, floor: int, events: Iterable[Event] = (), *, kept: int = EVENTS_KEPT) -> None:
        self.floor = floor
        self._events = deque(events)
        self._kept = kept

    def add(self, event: Event) -> None:
        self._events.append(event)
        if len(self._events) > self._kept:
            self.floor = self._events.popleft().revision

    def since(self, revision: int) -> tuple[Event, ...]:
        """The events after a revision that is not older than the floor."""
        count = 0
        for event in reversed(self._events):
            if event.revision <= revision:
                break
            count += 1
        return tuple(islice(self._events, len(self._events) - count, None))

    def forget(self, before: int) -> None:
        """Drops the events older than a revision."""
        while self._events and self._events[0].revision < before:
            self._events.popleft()
        self.floor = max(self.floor, before - 1)


@dataclass(frozen=True, slots=True)
class Gap:
    """Revisions that were skipped when the database was opened: nobody can have seen them."""

    after: int
    before: int

    def __contains__(self, revision: int) -> bool:
        return self.after < revision < self.before


@dataclass(frozen=True, slots=True)
class Past:
    """What a log tells. `floor` is where it begins for resources that have no history of their own in it."""

    floor: int
    gaps: tuple[Gap, ...] = ()
    histories: Mapping[str, History] = field(default_factory=dict)


def read_past(log: Sequence[LogRow], present: Mapping[Key, Entry]) -> Past:
    """What a log (newest row first, never empty: the opening is in it) tells, given the objects there are now."""
    oldest = log[-1]
    floor = oldest.revision if oldest.verb == OPENED else oldest.revision - 1
    gaps = [Gap(older.revision, row.revision) for row, older in pairwise(log) if row.verb == OPENED]
    histories = {name: History(floor, events) for name, events in _replay(log, present).items()}
    for row in reversed(log):
        if row.key.resource in WITHOUT_HISTORY:
            histories[row.key.resource] = History(row.revision)
    return Past(floor, tuple(gaps), histories)


def _replay(log: Sequence[LogRow], present: Mapping[Key, Entry]) -> dict[str, deque[Event]]:
    """The events of a log. What an event made is what the next one of that object replaced, or the present."""
    events: dict[str, deque[Event]] = {}
    later = dict(present)
    for row in log:
        if row.verb == OPENED or row.key.resource in WITHOUT_HISTORY:
            continue
        before = None if row.replaced is None else recall(row.key, row.replaced)
        events.setdefault(row.key.resource, deque()).appendleft(_event(row, before, later.get(row.key)))
        if before is not None:
            later[row.key] = before
    return events


def _event(row: LogRow, before: Entry | None, after: Entry | None) -> Event:
    verb = Verb(row.verb)
    if verb is Verb.DELETED:
        assert before is not None, "a deletion has replaced something"
        after = record(row.key, before.object, row.revision)
    assert after is not None, "an object that is not deleted is there"
    return Event(verb, after, before)
