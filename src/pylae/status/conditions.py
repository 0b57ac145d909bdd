"""Conditions: healthy unless a finding says otherwise, and with a transition time that moves only when the status does.

The rules are Kubernetes' (meta/v1 Condition): one condition of each type, `lastTransitionTime` is when `status` last
changed, `observedGeneration` says which version of the object it speaks of. Conditions of other controllers are kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pylae.model import codes
from pylae.model.finding import Finding, Level

Json = dict[str, Any]

ACCEPTED = "Accepted"
PROGRAMMED = "Programmed"

REFUSING = frozenset({codes.INVALID, codes.ADDRESS_REFUSED})
"""Findings after which an object is not used at all; every other one is about what it makes Envoy do."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One condition before it has a time. `reason` is CamelCase; `message` may be empty where all is well."""

    type: str
    is_true: bool
    reason: str
    message: str = ""


def verdict(type_: str, findings: Iterable[Finding]) -> Verdict:
    """True, with the type as its reason, unless an error is among the findings.

    Then it is false, with the first one's reason and the sentences of all.
    """
    errors = [finding for finding in findings if finding.code.level is Level.ERROR]
    if not errors:
        return Verdict(type_, is_true=True, reason=type_)
    sentences = dict.fromkeys(finding.sentence() for finding in errors)
    return Verdict(type_, is_true=False, reason=errors[0].code.reason, message=" ".join(sentences))


def merge(
    previous: Sequence[Mapping[str, Any]], verdicts: Iterable[Verdict], *, generation: int, now: datetime
) -> list[Json]:
    """The conditions with these verdicts in their places; new ones come last."""
    conditions = {str(condition.get("type", "")): dict(condition) for condition in previous}
    for told in verdicts:
        conditions[told.type] = _condition(told, conditions.get(told.type, {}), generation, now)
    return list(conditions.values())


def conditions_of(status: Mapping[str, Any] | None) -> list[Json]:
    """The conditions in a status as the API has it; what is none is passed over."""
    found = (status or {}).get("conditions")
    return [condition for condition in found if isinstance(condition, dict)] if isinstance(found, list | tuple) else []


def timestamp(now: datetime) -> str:
    """RFC 3339 in UTC, to the second, as Kubernetes writes it."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _condition(told: Verdict, before: Mapping[str, Any], generation: int, now: datetime) -> Json:
    status = "True" if told.is_true else "False"
    since = before.get("lastTransitionTime") if before.get("status") == status else None
    return {
        "type": told.type,
        "status": status,
        "reason": told.reason,
        "message": told.message,
        "lastTransitionTime": since or timestamp(now),
        "observedGeneration": generation,
    }
