"""A collection as it was at a revision: the present, with everything undone that happened since.

The disk has the present alone, and a long list is read from it slice by slice while others write. Kubernetes promises
that a list shows one moment, all pages of it, and that a watch from its resourceVersion then tells every later change
and nothing that the list has shown already
(https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks). Undoing costs
what happened since, which for nearly every list is nothing.
"""

from bisect import bisect_right, insort
from typing import TypeAlias

from pylae.apiserver.cache import Cache
from pylae.apiserver.entry import Entry

Place: TypeAlias = tuple[str, str]
"""(namespace, name): the order of a list."""


class Past:
    """The objects of one resource at a revision."""

    def __init__(self, cache: Cache, resource: str, revision: int) -> None:
        self.revision = revision
        self._cache = cache
        self._resource = resource
        self._undone = revision
        self._were: dict[Place, Entry | None] = {}
        self._places: list[Place] = []

    def catch_up(self) -> None:
        """Undoes what has happened by now. Raises 410 if that is not known any more (see `Cache.check`)."""
        for event in self._cache.since(self._resource, self._undone):
            key = event.entry.key
            place = key.namespace, key.name
            if place not in self._were:
                self._were[place] = event.previous
                insort(self._places, place)
        self._undone = self._cache.revision

    def show(self, present: list[Entry], after: Place, upto: Place) -> list[Entry]:
        """What stood between two places (the first excluded), given what stands there now."""
        changed = self._places[bisect_right(self._places, after) : bisect_right(self._places, upto)]
        if not changed:
            return present
        shown = {(entry.key.namespace, entry.key.name): entry for entry in present}
        for place in changed:
            if was := self._were[place]:
                shown[place] = was.resting()
            else:
                shown.pop(place, None)
        return [shown[place] for place in sorted(shown)]
