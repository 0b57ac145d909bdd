"""What readers see: the present, the recent past, and who watches them. `revision` is the newest one published.

The present is on the disk alone, and every read looks there (see `reader`). The journal publishes the events of a
transaction when the disk has them, in one step of the event loop with the picture that reads are answered from, so
that a list and the watch that follows it never miss or repeat anything.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from pylae.apimachinery.failure import Failure, expired
from pylae.apiserver.copy import OPENED
from pylae.apiserver.entry import Entry, Event, Key
from pylae.apiserver.history import EVENTS_KEPT, History, replay
from pylae.apiserver.reader import SLICE_ROWS, Range, Reader
from pylae.apiserver.storage import WITHOUT_HISTORY, Storage
from pylae.apiserver.watcher import Interest, Listener, Watcher

logger = logging.getLogger(__name__)


class Cache:
    """The reading half of the store."""

    def __init__(self, reader: Reader, revision: int) -> None:
        self.revision = revision
        self._reader = reader
        self._history = History(revision)
        self._opened = revision
        self._forgotten = 0
        self._watchers: dict[str, set[Listener]] = {}
        self._closed = False

    def get(self, key: Key) -> Entry | None:
        return self._reader.get(key)

    def slice(self, wanted: Range, limit: int = SLICE_ROWS) -> tuple[list[Entry], bool]:
        """The first objects of a range, some milliseconds' work at most; and whether there may be more."""
        return self._reader.slice(wanted, limit)

    def count(self, wanted: Range, limit: int) -> int:
        """How many objects are in a range, as far as `limit`."""
        return self._reader.count(wanted, limit)

    def walk(self, resource: str, namespace: str = "", after: tuple[str, str] = ("", "")) -> Iterator[Entry]:
        """The objects of a resource in the order of (namespace, name), from after a place on. To be used up in one
        step of the event loop; what may be long is read in slices."""
        wanted, limit, more = Range(resource, namespace, after=after), 1, True
        while more:  # many only want to know whether there is anything: the first slices are small
            entries, more = self.slice(wanted, limit)
            yield from entries
            wanted = wanted.from_(entries[-1]) if entries else wanted
            limit = min(limit * 8, SLICE_ROWS)

    def oldest_events(self, limit: int) -> list[Entry]:
        """The Events (core/v1) that were not written for the longest time."""
        return self._reader.oldest_events(limit)

    def holder(self, claim: str) -> Key | None:
        """Who has what only one can have (see `claims`)."""
        return self._reader.holder(claim)

    def hold(self) -> AbstractContextManager[None]:
        """Keeps the picture that readers see, while the next one is written."""
        return self._reader.hold()

    def apply(self, events: Iterable[Event]) -> None:
        """Publishes committed events: they are the past now, and the watches hear of them in the order of their
        revisions."""
        for event in events:
            self._history.add(event)
            self.revision = event.revision
            self._tell(event)

    def check(self, resource: str, revision: int) -> None:
        """Raises 410 unless what came after a revision is still known.

        A revision from the future is another history's: the store was put back, and what the client knows is not what
        happened.
        """
        if revision > self.revision:
            raise self._never_reached(revision)
        if revision >= self._history.floor:
            return
        floor = self._floor(resource)
        if revision < floor:
            raise expired(f"too old resource version: {revision} ({floor})")
        row = self._reader.log_from(revision)
        if row and row.verb == OPENED and row.revision != revision:  # it was skipped: nobody can have seen it
            raise self._never_reached(revision)

    def since(self, resource: str, revision: int) -> Sequence[Event]:
        """What happened after a revision. Raises 410 (see `check`)."""
        if revision == self.revision:
            return ()
        self.check(resource, revision)
        return self._since(resource, revision)

    def watch(self, resource: str, interest: Interest, *, after: int, limit: int) -> Watcher:
        """A watch that first holds what happened after a revision. Raises 410 (see `check`). End it with `leave`."""
        watcher = Watcher(interest, self.since(resource, after), limit)
        self._watchers.setdefault(resource, set()).add(watcher)
        if self._closed:
            watcher.close()
        return watcher

    def leave(self, resource: str, watcher: Watcher) -> None:
        self._watchers.get(resource, set()).discard(watcher)

    def listen(self, resource: str, listener: Listener) -> None:
        """Tells somebody of every change of a resource from now on, in the step that shows it to readers."""
        self._watchers.setdefault(resource, set()).add(listener)

    def end_watches_of(self, resource: str) -> None:
        """Ends the watches of a resource that is served no more."""
        for watcher in self._watchers.pop(resource, ()):
            watcher.close()

    def end_watches(self) -> None:
        """Ends every watch, and those that are still to come at once: the server stops."""
        self._closed = True
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.close()

    def close(self) -> None:
        """Lets go of the disk."""
        self._reader.close()

    def forget(self, before: int) -> None:
        """Lets go of events older than a revision."""
        self._forgotten = max(self._forgotten, before - 1)
        self._history.forget(before)

    def _tell(self, event: Event) -> None:
        """Offers an event to every watch. One that crashes over it is ended: the others, and the write, go on."""
        for watcher in self._watchers.get(event.entry.key.resource, ()):
            try:
                watcher.offer(event)
            except Exception:
                logger.exception("a watch of %s crashed: this is a bug in Pylae", event.entry.key.resource)
                watcher.close()

    def _floor(self, resource: str) -> int:
        """The oldest revision after which everything is known of a resource, in memory or in the log."""
        oldest = self._reader.log_begins()
        if oldest is None:
            return self._history.floor
        begins = oldest.revision if oldest.verb == OPENED else oldest.revision - 1
        if resource in WITHOUT_HISTORY:
            begins = max(begins, self._reader.last_change(resource, self._history.floor))
        return max(begins, self._forgotten)

    def _since(self, resource: str, revision: int) -> Sequence[Event]:
        if revision >= self._history.floor or resource in WITHOUT_HISTORY:
            return self._history.since(resource, max(revision, self._history.floor))
        rows = self._reader.log_of(resource, revision, EVENTS_KEPT + 1)
        if len(rows) > EVENTS_KEPT:
            raise expired(f"too much has happened since resourceVersion {revision}: list again")
        return replay(rows, self.get)

    def _never_reached(self, revision: int) -> Failure:
        return expired(f"resourceVersion {revision} was never reached here (now at {self.revision}): list again")


def load(storage: Storage) -> Cache:
    """The cache over an opened database."""
    return Cache(Reader(storage.path), storage.revision)
