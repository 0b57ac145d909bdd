"""All objects in memory, in the order of their names, and who watches them.

Every read is answered from here and touches no disk. What is here has been committed: the journal adds the events of
a transaction after the disk has them, all in one step of the event loop, so that a list and the watch that follows it
never miss or repeat anything.
"""

import logging
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pylae.apimachinery.failure import expired
from pylae.apiserver.entry import Entry, Event, Key, Verb, recall
from pylae.apiserver.history import History, Past, read_past
from pylae.apiserver.storage import Storage, StorageError
from pylae.apiserver.watcher import Interest, Watcher

logger = logging.getLogger(__name__)
AFTER_ALL = "\U0010ffff"
"""Sorts after every name and namespace."""


@dataclass(slots=True)
class Shelf:
    """The objects of one resource, by namespace and name, and what lately happened to them."""

    history: History
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    order: list[tuple[str, str]] = field(default_factory=list)
    watchers: set[Watcher] = field(default_factory=set)

    def put(self, entry: Entry) -> None:
        place = (entry.key.namespace, entry.key.name)
        if place not in self.entries:
            insort(self.order, place)
        self.entries[place] = entry

    def drop(self, key: Key) -> None:
        place = (key.namespace, key.name)
        if self.entries.pop(place, None) is not None:
            del self.order[bisect_left(self.order, place)]

    def tell(self, event: Event) -> None:
        """Offers an event to every watch. One that crashes over it is ended: the others, and the write, go on."""
        for watcher in self.watchers:
            try:
                watcher.offer(event)
            except Exception:
                logger.exception("a watch of %s crashed: this is a bug in Pylae", event.entry.key.resource)
                watcher.close()

    def walk(self, namespace: str, after: tuple[str, str]) -> Iterator[Entry]:
        """The entries of a namespace (`""`: of all) that sort after a place."""
        low = bisect_left(self.order, max(after, (namespace, "")))
        high = bisect_left(self.order, (namespace, AFTER_ALL)) if namespace else len(self.order)
        for place in self.order[low:high]:
            if place != after:
                yield self.entries[place]


class Cache:
    """The present, the recent past and the watches of all resources. `revision` is the newest one committed."""

    def __init__(self, revision: int, present: Mapping[Key, Entry], past: Past) -> None:
        self.revision = revision
        self._closed = False
        self._past = past
        self._shelves = {resource: Shelf(history) for resource, history in past.histories.items()}
        for entry in present.values():
            self._shelf(entry.key.resource).put(entry)

    def get(self, key: Key) -> Entry | None:
        return self._shelf(key.resource).entries.get((key.namespace, key.name))

    def walk(self, resource: str, namespace: str = "", after: tuple[str, str] = ("", "")) -> Iterator[Entry]:
        """The objects of a resource in the order of (namespace, name), from after a place on."""
        return self._shelf(resource).walk(namespace, after)

    def apply(self, events: Iterable[Event]) -> None:
        """Makes committed events the present and tells the watches, in the order of their revisions."""
        for event in events:
            shelf = self._shelf(event.entry.key.resource)
            if event.verb is Verb.DELETED:
                shelf.drop(event.entry.key)
            else:
                shelf.put(event.entry)
            shelf.history.add(event)
            self.revision = event.revision
            shelf.tell(event)

    def check(self, resource: str, revision: int) -> None:
        """Raises 410 unless what came after a revision is still known.

        A revision from the future is another history's: the store was put back, and what the client knows is not what
        happened.
        """
        if revision > self.revision or any(revision in gap for gap in self._past.gaps):
            raise expired(f"resourceVersion {revision} was never reached here (now at {self.revision}): list again")
        if revision < self._shelf(resource).history.floor:
            raise expired(f"too old resource version: {revision} ({self._shelf(resource).history.floor})")

    def watch(self, resource: str, interest: Interest, *, after: int, limit: int) -> Watcher:
        """A watch that first holds what happened after a revision. Raises 410 (see `check`). End it with `leave`."""
        self.check(resource, after)
        shelf = self._shelf(resource)
        watcher = Watcher(interest, shelf.history.since(after), limit)
        shelf.watchers.add(watcher)
        if self._closed:
            watcher.close()
        return watcher

    def leave(self, resource: str, watcher: Watcher) -> None:
        self._shelf(resource).watchers.discard(watcher)

    def close(self) -> None:
        """Ends every watch, and those that are still to come at once: the server stops."""
        self._closed = True
        for shelf in self._shelves.values():
            for watcher in shelf.watchers:
                watcher.close()

    def forget(self, before: int) -> None:
        """Lets go of events older than a revision."""
        self._past = replace(self._past, floor=max(self._past.floor, before - 1))
        for shelf in self._shelves.values():
            shelf.history.forget(before)

    def _shelf(self, resource: str) -> Shelf:
        if (shelf := self._shelves.get(resource)) is None:
            shelf = self._shelves[resource] = Shelf(History(self._past.floor))
        return shelf


def load(storage: Storage) -> Cache:
    """The cache as an opened database has it. Raises `StorageError` for one that cannot be read."""
    try:
        present = {row.key: recall(row.key, row.body) for row in storage.objects()}
        return Cache(storage.revision, present, read_past(tuple(storage.log()), present))
    except (ValueError, LookupError, TypeError, AssertionError) as error:
        raise StorageError(f"the API's database holds what Pylae did not write ({error!r}). Restore a copy.") from error
