"""Which control plane is tried next, and when, as a machine without sockets or clock.

Each gateway tries them in an order of its own, so that many of them spread, and stays with the one that took it.
"""

from collections.abc import Sequence
from random import Random

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 3.0
"""Seconds between two rounds in which nobody answered, about."""

SHORTEST_PART = 0.5
"""Of a pause: gateways that lost their control plane together do not come back together."""


class Search:
    """Rounds over all control planes. The pause between them doubles."""

    def __init__(self, control_planes: Sequence[str], random: Random) -> None:
        self._order = list(control_planes)
        self._random = random
        self._next = 0
        self._pause = 0.0
        random.shuffle(self._order)

    def next(self) -> tuple[float, str]:
        """How many seconds to wait, and whom to try then."""
        begins = self._next == len(self._order)
        if begins:
            self._next = 0
            self._pause = min(self._pause * 2 or FIRST_PAUSE, LONGEST_PAUSE)
        control_plane = self._order[self._next]
        self._next += 1
        wait = self._pause * self._random.uniform(SHORTEST_PART, 1) if begins else 0.0
        return wait, control_plane

    @property
    def is_vain(self) -> bool:
        """Whether each was tried and none of them took us."""
        return self._pause > 0 or self._next == len(self._order)

    def found(self, control_plane: str) -> None:
        """This one took us, and is the first to be asked the next time."""
        self._order.remove(control_plane)
        self._order.insert(0, control_plane)
        self._next, self._pause = 0, 0.0
