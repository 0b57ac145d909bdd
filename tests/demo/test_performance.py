from collections.abc import Callable

import pytest

from pylae.demo.performance import Performance
from pylae.demo.see import words
from pylae.demo.step import Command, Earlier, Expectation, Outcome, Section, Step, command


def says(*answers: str, code: int = 0) -> Callable[[Command], Outcome]:
    """A machine on which every command prints the next of the answers, and the last one from then on."""
    left = list(answers)
    return lambda _: Outcome(code, left.pop(0) if len(left) > 1 else left[0], "")


def expecting(wanted: str | Earlier, label: str = "it") -> tuple[Expectation, ...]:
    return (Expectation(label, wanted, words),)


def test_what_is_seen_is_kept_beside_what_was_expected() -> None:
    performance = Performance(says("yes", "no"))
    performance.play(1, Section("title", (Step(command("a"), expecting("yes")), Step(command("b"), expecting("yes")))))
    assert [(seen.seen, seen.holds) for seen in performance.seen] == [("yes", True), ("no", False)]
    assert not performance.succeeded


def test_a_patient_step_is_tried_until_it_holds() -> None:
    performance = Performance(says("not yet", "not yet", "now"), sleep=lambda _: None)
    performance.take(Step(command("a"), expecting("now"), patient=True))
    assert performance.succeeded


def test_a_step_can_want_what_an_earlier_one_saw() -> None:
    performance = Performance(says("3 listeners"))
    performance.take(Step(command("a"), key="before"))
    performance.take(Step(command("a"), expecting(Earlier("before"))))
    assert [seen.holds for seen in performance.seen] == [True]


def test_a_command_that_fails_where_nothing_was_expected_counts_as_a_failure() -> None:
    performance = Performance(says("", code=3))
    performance.take(Step(command("kubectl apply -f x.yaml")))
    assert [(seen.label, seen.seen) for seen in performance.seen] == [("kubectl apply -f", "exit 3")]


def test_each_step_is_shown_as_typed_with_its_answer_and_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    Performance(says("secret/x created")).play(
        1, Section("TLS", (Step(command("kubectl create secret"), why="the gateway reads it"),))
    )
    assert capsys.readouterr().out.splitlines() == [
        "",
        "1  TLS",
        "   $ kubectl create secret",
        "     secret/x created",
        "     ↳ the gateway reads it",
    ]
