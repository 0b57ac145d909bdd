"""A kind that shows the objects of another under names of its own: events.k8s.io shows those of the core group.

Upstream keeps one Event and converts it to either form, so what a controller writes in the one is read in the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pylae.apimachinery.document import Json


@dataclass(frozen=True, slots=True)
class View:
    """`of` is the resource whose objects are shown, `group_version` what they are stored in; `renamed` are the members
    that have another name here."""

    of: str
    group_version: str
    renamed: Mapping[str, str]

    def show(self, stored: Json) -> Json:
        """A stored object as this kind names it."""
        names = {there: here for here, there in self.renamed.items()}
        return {names.get(key, key): value for key, value in stored.items()}

    def store(self, shown: Json) -> Json:
        """An object of this kind as it is stored."""
        return {self.renamed.get(key, key): value for key, value in shown.items()}


EVENTS: Final = View(
    of="events",
    group_version="v1",
    renamed={
        "note": "message",
        "regarding": "involvedObject",
        "reportingController": "reportingComponent",
        "deprecatedSource": "source",
        "deprecatedFirstTimestamp": "firstTimestamp",
        "deprecatedLastTimestamp": "lastTimestamp",
        "deprecatedCount": "count",
    },
)

EVENT_FIELDS: Final = (
    *EVENTS.renamed,
    *("action", "eventTime", "reason", "related", "reportingInstance", "series", "type"),
)
