"""Conditions: what is told when nothing is wrong, when something is, and when it was so before."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pylae.api.meta import ObjectRef
from pylae.model import codes
from pylae.model.finding import Code, Finding
from pylae.status.conditions import Verdict, conditions_of, merge, timestamp, verdict

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def finding(code: Code, message: str = "It is wrong.", cure: str = "") -> Finding:
    return Finding(code, ObjectRef("Gateway", "shop", "front"), "", message, cure)


def test_all_is_well_unless_something_is_reported() -> None:
    assert verdict("Programmed", []) == Verdict("Programmed", is_true=True, reason="Programmed")


def test_a_warning_makes_nothing_false() -> None:
    assert verdict("Programmed", [finding(codes.NO_ROUTES)]).is_true


def test_an_error_makes_it_false_with_its_reason_and_its_sentence() -> None:
    told = verdict("Programmed", [finding(codes.NO_ROUTES), finding(codes.CERTIFICATE_MISSING, "Gone.", "Make it.")])
    assert told == Verdict("Programmed", is_true=False, reason="CertificateMissing", message="Gone. Make it.")


def test_several_errors_are_told_together_and_each_sentence_once() -> None:
    errors = [finding(codes.INVALID, "One."), finding(codes.HOST_CLAIMED, "Two."), finding(codes.INVALID, "One.")]
    assert verdict("Accepted", errors) == Verdict("Accepted", False, "SchemaValidationError", "One. Two.")


FALSE = Verdict("Programmed", is_true=False, reason="CertificateMissing", message="Gone.")
TRUE = Verdict("Programmed", is_true=True, reason="Programmed")


def test_a_condition_has_all_that_kubernetes_asks_for() -> None:
    assert merge([], [FALSE], generation=3, now=NOON) == [
        {
            "type": "Programmed",
            "status": "False",
            "reason": "CertificateMissing",
            "message": "Gone.",
            "lastTransitionTime": "2026-11-24T12:00:00Z",
            "observedGeneration": 3,
        }
    ]


def test_the_time_stays_while_the_status_does_whatever_the_words_are() -> None:
    before = merge([], [FALSE], generation=1, now=NOON)
    (after,) = merge(before, [Verdict("Programmed", False, "Other", "Still.")], generation=2, now=LATER)
    assert after["lastTransitionTime"] == "2026-11-24T12:00:00Z"
    assert (after["reason"], after["observedGeneration"]) == ("Other", 2)


def test_the_time_moves_when_the_status_changes() -> None:
    before = merge([], [FALSE], generation=1, now=NOON)
    assert merge(before, [TRUE], generation=1, now=LATER)[0]["lastTransitionTime"] == "2026-11-24T13:00:00Z"


def test_conditions_of_others_keep_their_place_and_their_words() -> None:
    theirs = {"type": "Theirs", "status": "True", "extra": 1}
    after = merge([theirs], [TRUE], generation=1, now=NOON)
    assert after[0] == theirs
    assert [condition["type"] for condition in after] == ["Theirs", "Programmed"]


def test_nothing_that_comes_in_is_changed() -> None:
    before = merge([], [FALSE], generation=1, now=NOON)
    copy = [dict(condition) for condition in before]
    merge(before, [TRUE], generation=2, now=LATER)
    assert before == copy


@pytest.mark.parametrize("status", [None, {}, {"conditions": None}, {"conditions": "x"}, {"conditions": ["x", 1]}])
def test_what_is_no_condition_is_passed_over(status: dict[str, object] | None) -> None:
    assert conditions_of(status) == []


def test_a_time_is_told_in_utc() -> None:
    assert timestamp(datetime(2026, 11, 24, 14, tzinfo=timezone(timedelta(hours=2)))) == "2026-11-24T12:00:00Z"
