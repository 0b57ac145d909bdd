"""What another control plane reports is not reported here; but he may be gone before he told it.

So events are remembered for as long as it takes to notice that he is gone. Statuses need no memory: whoever takes over
compares them all.
"""

from collections import deque
from collections.abc import Iterable

from pylae.kube.lease import DURATION, RETRY
from pylae.status.events import EventWanted

REMEMBERED = 2.0 * (DURATION + RETRY)
"""Seconds: from the last word of one who leads until another leads, and as long again."""

MOST = 1000


class Missed:
    """Moments are those of any clock that never goes back, in seconds."""

    def __init__(self) -> None:
        self._wanted: deque[tuple[float, EventWanted]] = deque(maxlen=MOST)

    def remember(self, wanted: Iterable[EventWanted], moment: float) -> None:
        self._wanted.extend((moment, one) for one in wanted)

    def take(self, moment: float) -> tuple[EventWanted, ...]:
        """What may not have been told; it is forgotten here."""
        taken = tuple(one for at, one in self._wanted if moment - at < REMEMBERED)
        self._wanted.clear()
        return taken
