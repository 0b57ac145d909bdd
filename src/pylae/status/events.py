"""Events: what `kubectl describe` shows of a finding, told once when it appears."""

from collections.abc import Iterable
from dataclasses import dataclass

from pylae.api.meta import ObjectRef
from pylae.model.finding import Finding, Level


@dataclass(frozen=True, slots=True)
class EventWanted:
    """`type` is Warning or Normal (core/v1 Event); `reason` and `message` are those of the condition."""

    about: ObjectRef
    type: str
    reason: str
    message: str


def events_wanted(came: Iterable[Finding]) -> tuple[EventWanted, ...]:
    """The events for findings that were not there before, each once, in the order of the findings."""
    return tuple(dict.fromkeys(map(_event, came)))


def _event(finding: Finding) -> EventWanted:
    type_ = "Normal" if finding.code.level is Level.INFO else "Warning"
    return EventWanted(finding.about, type_, finding.code.reason, finding.sentence())
