"""The agenda: what is to be written next, each thing once.

What changed comes in the order in which it did. What the API did not take waits a moment and comes after what is new,
so that one object that is refused for ever holds up no other.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Agenda(Generic[T]):
    """Moments are those of any clock that never goes back, in seconds."""

    def __init__(self) -> None:
        self._new: dict[T, None] = {}
        self._postponed: dict[T, float] = {}
        """Until when; what was put in first is due first."""

    def __len__(self) -> int:
        return len(self._new) + len(self._postponed)

    def add(self, item: T) -> None:
        """It changed: it is taken once more, even if it was postponed."""
        self._postponed.pop(item, None)
        self._new[item] = None

    def postpone(self, item: T, until: float) -> None:
        """It could not be done; what changed again meanwhile stands already."""
        if item not in self._new:
            self._postponed[item] = until

    def take(self, moment: float) -> T | None:
        """What is next, if anything can be done at this moment. It is off the agenda then."""
        if self._new:
            item = next(iter(self._new))
            del self._new[item]
            return item
        for item, until in self._postponed.items():
            if until > moment:
                break
            del self._postponed[item]
            return item
        return None

    def clear(self) -> tuple[T, ...]:
        """Take everything off; what it was, in order."""
        taken = (*self._new, *self._postponed)
        self._new, self._postponed = {}, {}
        return taken

    def due(self) -> float | None:
        """When the first of what was postponed can be done; None if there is nothing."""
        return next(iter(self._postponed.values()), None)
