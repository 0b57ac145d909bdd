"""A collection read slice by slice, so that a long one never holds up everybody else."""

from typing import Final

from pylae.apiserver.cache import Cache
from pylae.apiserver.entry import Entry
from pylae.apiserver.past import Past
from pylae.apiserver.reader import SLICE_ROWS, Range
from pylae.apiserver.watcher import Interest

AFTER_ALL: Final = ("\U0010ffff", "")
"""Sorts after every place."""


class Walk:
    """Goes through the objects of a range that are of interest, at most `limit` of them (0: all).

    They are shown as they were at the revision of `past`; without one, each slice shows the present of its moment.
    `is_over` when there is nothing more to take; `is_cut` if that is for the limit; `last` is the last one taken.
    """

    def __init__(
        self, cache: Cache, interest: Interest, wanted: Range, *, limit: int = 0, past: Past | None = None
    ) -> None:
        self.is_over = False
        self.is_cut = False
        self.last: Entry | None = None
        self._cache = cache
        self._interest = interest
        self._past = past
        self._rest = Range(wanted.resource, interest.namespace, interest.name, wanted.after)
        self._left = limit or None

    def step(self) -> list[Entry]:
        """The next of them: some milliseconds' work. There may be none even though it is not over. Raises 410 if the
        past is forgotten by now."""
        begin = self._rest.after
        entries, more = self._cache.slice(self._rest, self._rows())
        self.is_over = not more
        if entries:
            self._rest = self._rest.from_(entries[-1])
        if self._past:
            self._past.catch_up()
            entries = self._past.show(entries, begin, self._rest.after if more else AFTER_ALL)
        taken = self._cut([entry for entry in entries if self._interest.sees(entry)])
        self.last = taken[-1] if taken else self.last
        return taken

    def rest(self) -> Range:
        """What comes after the last one taken."""
        return self._rest.from_(self.last) if self.last else self._rest

    def _rows(self) -> int:
        """One more than is wanted tells whether there are more."""
        if self._left is None or self._interest.selective:
            return SLICE_ROWS
        return min(SLICE_ROWS, self._left + 1)

    def _cut(self, found: list[Entry]) -> list[Entry]:
        if self._left is None:
            return found
        if len(found) > self._left:
            self.is_over = self.is_cut = True
            found = found[: self._left]
        self._left -= len(found)
        return found
