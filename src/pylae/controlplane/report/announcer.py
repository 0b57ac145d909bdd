"""What is found, said aloud: in the log, in Prometheus, and by the events that are then to be told.

What follows from a change is said as soon as it has settled. What was there at the start is said apart from it, and not
all of it one by one.
"""

import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pylae.api.meta import ObjectRef
from pylae.api.scheme import DESTINATION_RULE, GATEWAY, SERVICE, SERVICE_ENTRY, VIRTUAL_SERVICE, Kind
from pylae.controlplane.metrics import Metrics
from pylae.controlplane.report.ledger import Ledger, News
from pylae.controlplane.report.opening import Opening
from pylae.controlplane.report.settling import Settling
from pylae.model.finding import Level
from pylae.model.snapshot import Key
from pylae.status.events import EventWanted, events_wanted

logger = logging.getLogger(__name__)

LEVELS = {Level.ERROR: logging.WARNING, Level.WARNING: logging.WARNING, Level.INFO: logging.INFO}

NOT_ONE_BY_ONE = "{:,} more such findings are not told one by one; see `pylae status`"

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.kind: kind for kind in (GATEWAY, VIRTUAL_SERVICE, SERVICE, SERVICE_ENTRY, DESTINATION_RULE)}
)
"""The kinds that carry events."""

Place = tuple[Kind, Key]


class Announcer:
    """`hear` takes in what is new, and what has settled is announced: what follows from a change, and apart from it
    what was there at the start. Before `begin` only `early` objects, and those that are touched, count as changed.

    Moments are those of any clock that never goes back, in seconds.
    """

    def __init__(self, ledger: Ledger, metrics: Metrics, early: Iterable[Place] = ()) -> None:
        self.began = False
        self._ledger = ledger
        self._metrics = metrics
        self._early = set(early)
        self._settling = Settling()
        self._opening = Opening()
        self._settling_first = Settling()
        """What was found at the start."""

    def touch(self, place: Place) -> None:
        """An object is new or different, or what became of it is."""
        if not self.began:
            self._early.add(place)

    def begin(self) -> None:
        """All that was there at the start was looked into, and heard."""
        for code, count in self._opening.rest(self._ledger.counts):
            logger.log(LEVELS[code.level], "%s %s: %s", code.number, code.reason, NOT_ONE_BY_ONE.format(count))
        self.began = True
        self._early.clear()

    def hear(self, moment: float) -> tuple[Place, ...]:
        """Takes in what came and went; gives back the objects of which a change has something else be found now."""
        news = self._ledger.news()
        for code in {(finding.code.number, finding.code.reason) for finding in (*news.came, *news.went)}:
            self._metrics.found(*code, self._ledger.counts.get(code, 0))
        now = tuple([finding for finding in news.came if self._is_of_now(finding.about)])
        first = self._opening.admit(finding for finding in news.came if not self._is_of_now(finding.about))
        settled = self._settling.hear(News(now, news.went), moment)
        for finding in (*settled, *self._settling_first.hear(News(first, news.went), moment)):
            logger.info("Settled: %s %s: %s", finding.code.number, finding.about, finding.message)
        return tuple([_place(about) for about in news.about if about.kind in KINDS and self._is_of_now(about)])

    def announce(self, moment: float) -> Iterable[EventWanted]:
        """What follows from changes and has settled."""
        return _announced(self._settling, moment)

    def announce_first(self, moment: float) -> Iterable[EventWanted]:
        """What was found at the start and has settled."""
        return _announced(self._settling_first, moment)

    def due(self) -> float | None:
        """When the next of what follows from changes will have settled; None if there is none."""
        return self._settling.due()

    def first_due(self) -> float | None:
        """The same of what was found at the start."""
        return self._settling_first.due()

    def _is_of_now(self, about: ObjectRef) -> bool:
        """Whether what is found on an object follows from a change, and was not there at the start."""
        return self.began or (about.kind in KINDS and _place(about) in self._early)


def _place(about: ObjectRef) -> Place:
    return KINDS[about.kind], (about.namespace, about.name)


def _announced(settling: Settling, moment: float) -> Iterable[EventWanted]:
    """The log lines are written here; of kinds that carry events these are given back."""
    standing = settling.standing(moment)
    for finding in standing:
        logger.log(LEVELS[finding.level], "%s", finding)
    return [wanted for wanted in events_wanted(standing) if wanted.about.kind in KINDS]
