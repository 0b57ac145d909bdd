"""What one request reads and changes, before any of it is durable."""

from collections.abc import Iterator, Mapping

from pylae.apimachinery.document import Json
from pylae.apiserver.cache import Cache
from pylae.apiserver.claims import claims, may_claim
from pylae.apiserver.entry import Entry, Event, Key, Verb, record, unstored


class Transaction:
    """The world as the last decided write left it, and the changes of this request.

    `pending` are the newest events that are decided and not yet committed, by object. A dry run reads and changes the
    same way and is then thrown away; its answers carry no revision of their own, as nothing will ever have it.
    """

    def __init__(self, cache: Cache, pending: Mapping[Key, Event], *, revision: int, dry_run: bool = False) -> None:
        self.events: list[Event] = []
        self.dry_run = dry_run
        self._cache = cache
        self._pending = pending
        self._own: dict[Key, Event] = {}
        self._looked_up: dict[Key, Entry | None] = {}
        self._revision = revision

    def get(self, key: Key) -> Entry | None:
        if event := self._own.get(key) or self._pending.get(key):
            return _result(event)
        if key not in self._looked_up:
            self._looked_up[key] = self._cache.get(key)
        return self._looked_up[key]

    def walk(self, resource: str, namespace: str = "") -> Iterator[Entry]:
        """The objects of a resource, in one namespace unless that is `""`, in no particular order."""
        newer = {
            key: event
            for events in (self._pending, self._own)
            for key, event in events.items()
            if key.resource == resource and namespace in ("", key.namespace)
        }
        yield from (entry for event in newer.values() if (entry := _result(event)))
        yield from (entry for entry in self._cache.walk(resource, namespace) if entry.key not in newer)

    def holder(self, claim: str) -> Key | None:
        """Who has what only one can have (see `claims`)."""
        newer = self._newer_claimants()
        for key, entry in newer.items():
            if entry and claim in claims(entry):
                return key
        holder = self._cache.holder(claim)
        return None if holder in newer else holder

    def put(self, key: Key, obj: Json) -> Entry:
        """Creates or replaces an object; gives it back as it will be."""
        previous = self.get(key)
        entry = self._add(Event(Verb.MODIFIED if previous else Verb.ADDED, record(key, obj, self._next()), previous))
        return unstored(entry, previous) if self.dry_run else entry

    def remove(self, entry: Entry) -> None:
        """Removes an object that is there. If this very request made it so, nobody sees it so: of an update that takes
        off the last finalizer, watches see the deletion alone, as upstream."""
        if self.events and self.events[-1].entry is entry and (before := self.events[-1].previous):
            self.events.pop()
            entry = before
        self._add(Event(Verb.DELETED, record(entry.key, entry.object, self._next()), entry))

    def _newer_claimants(self) -> dict[Key, Entry | None]:
        return {
            key: _result(event)
            for events in (self._pending, self._own)
            for key, event in events.items()
            if may_claim(key)
        }

    def _next(self) -> int:
        return self._revision + len(self.events) + 1

    def _add(self, event: Event) -> Entry:
        self.events.append(event)
        self._own[event.entry.key] = event
        return event.entry


def _result(event: Event) -> Entry | None:
    return None if event.verb is Verb.DELETED else event.entry
