"""What is to be written, each thing once, and what was refused behind what is new."""

from pylae.controlplane.report.agenda import Agenda


def taken(agenda: Agenda[str], moment: float = 0) -> list[str]:
    found = []
    while (item := agenda.take(moment)) is not None:
        found.append(item)
    return found


def test_what_came_first_is_taken_first_and_each_thing_once() -> None:
    agenda: Agenda[str] = Agenda()
    for item in ("a", "b", "a"):
        agenda.add(item)
    assert len(agenda) == 2
    assert taken(agenda) == ["a", "b"]
    assert taken(agenda) == []


def test_what_changes_while_it_is_worked_on_is_taken_again() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.add("a")
    assert agenda.take(0) == "a"
    agenda.add("a")
    assert agenda.take(0) == "a"


def test_what_was_postponed_waits_for_its_moment_and_comes_after_what_is_new() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.postpone("refused", 2.0)
    assert (agenda.take(1.9), agenda.due(), len(agenda)) == (None, 2.0, 1)
    agenda.add("new")
    assert taken(agenda, 2.0) == ["new", "refused"]
    assert agenda.due() is None


def test_what_was_postponed_and_changed_is_new() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.postpone("a", 2.0)
    agenda.add("a")
    assert taken(agenda) == ["a"]
    agenda.add("a")
    agenda.postpone("a", 2.0)
    assert taken(agenda) == ["a"]
    assert len(agenda) == 0
