"""Findings that settle: one is announced when it has stood for a moment.

Objects that belong together are applied one after the other, and what is missing in between is no news.
"""

from collections.abc import Iterator
from itertools import islice

from pylae.controlplane.report.ledger import News
from pylae.model.finding import Finding

SETTLE = 0.5
"""Seconds that a finding stands before it is announced."""

AT_A_TIME = 25
"""Findings that are announced without a pause, however many come at once: about a millisecond's work."""


class Settling:
    """Moments are those of any clock that never goes back, in seconds."""

    def __init__(self) -> None:
        self._since: dict[Finding, float] = {}
        """Those that came and are not announced yet, the oldest first."""
        self._announced: set[Finding] = set()
        """Of those that stand."""

    def hear(self, news: News, moment: float) -> tuple[Finding, ...]:
        """Takes in what came and what went; gives back what had been announced and is settled now."""
        gone = [finding for finding in news.went if self._since.pop(finding, None) is None]
        settled = tuple([finding for finding in gone if finding in self._announced])
        self._announced.difference_update(settled)
        self._since.update(dict.fromkeys(news.came, moment))
        return settled

    def standing(self, moment: float) -> tuple[Finding, ...]:
        """What has stood long enough since it came: to be announced now, and not again. If there is much of it, `due`
        says that more is to be had at once."""
        standing = tuple(islice(self._until(moment - SETTLE), AT_A_TIME))
        for finding in standing:
            del self._since[finding]
        self._announced.update(standing)
        return standing

    def due(self) -> float | None:
        """When the next one will have stood long enough; None if none waits."""
        since = next(iter(self._since.values()), None)
        return None if since is None else since + SETTLE

    def _until(self, moment: float) -> Iterator[Finding]:
        for finding, since in self._since.items():
            if since > moment:
                return
            yield finding
