"""The memory of translation: what was made last time, kept beside what it was made of.

A unit is made anew only if what it was given or what it read while it was made is not the same any more; else it is
the very object that it was. That is all the state there is in this room: without it everything comes out equal, only
later.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class _Unit(Generic[Made]):
    """`inner` are the units that this one was made of: they are kept as long as it is."""

    given: tuple[object, ...]
    made: Made
    inner: "Units"


class Units:
    """Units by name. One that nobody asks for in a round is forgotten at the end of the next.

    `computed` counts, by the first word of their names, how many were made in all rounds; inner units are counted with
    the others.
    """

    def __init__(self, computed: Counter[str] | None = None) -> None:
        self.computed: Counter[str] = Counter() if computed is None else computed
        self._before: dict[Hashable, _Unit[Any]] = {}
        self._now: dict[Hashable, _Unit[Any]] = {}
        self._steady: dict[str, Any] = {}

    def begin(self) -> None:
        """A new round."""
        self._before, self._now = self._now, {}

    def of(
        self,
        name: tuple[str, *tuple[Hashable, ...]],
        given: tuple[object, ...],
        make: Callable[["Units"], Made],
        holds: Callable[[Made], bool] = lambda _: True,
    ) -> Made:
        """The unit of this name: the one of the round before if it was given the same and still `holds`, else what
        `make` gives. Names are unique in a round. What is given should be immutable; it is compared by identity first.
        """
        known = self._before.get(name)
        if known is None or known.given != given or not holds(known.made):
            inner = known.inner if known else Units(self.computed)
            inner.begin()
            known = _Unit(given, make(inner), inner)
            self.computed[name[0]] += 1
        self._now[name] = known
        return known.made  # type: ignore[no-any-return]

    def steady(self, name: str, value: Made) -> Made:
        """The value of the round before if this one is equal: so whatever reads it sees that nothing changed."""
        before = self._steady.get(name)
        if before is None or before != value:
            self._steady[name] = before = value
        return before
