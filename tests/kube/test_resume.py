"""Playbooks of the list and watch machine: what happens, and what it tells and wants done then."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.api.scheme import CONFIG_MAP
from pylae.kube.answers import Page
from pylae.kube.resume import (
    ABSENT_PAUSE,
    CALM,
    LONGEST_PAUSE,
    AskPage,
    Delete,
    Ended,
    Failed,
    Happening,
    Notice,
    OpenWatch,
    Part,
    Pause,
    Resume,
    Step,
    Synced,
    Upsert,
    Woken,
)
from pylae.kube.stream import Event

SYNCED = Synced(CONFIG_MAP)
GONE = Failed(gone=True)
FAILED = Failed()
QUIET = Step()


def body(name: str, version: int, uid: str = "u") -> bytes:
    metadata = {"name": name, "namespace": "shop", "uid": f"{uid}-{name}", "resourceVersion": str(version)}
    return json.dumps({"metadata": metadata}).encode()


def page(version: int, *items: bytes, more: str = "") -> Page:
    return Page(items, "" if more else str(version), more)


def upsert(name: str, version: int, uid: str = "u") -> Notice:
    return Upsert.of(CONFIG_MAP, body(name, version, uid))


def delete(name: str) -> Notice:
    return Delete(CONFIG_MAP, ("shop", name))


def added(name: str, version: int) -> Event:
    return Event("ADDED", body(name, version))


def modified(name: str, version: int) -> Event:
    return Event("MODIFIED", body(name, version))


def deleted(name: str, version: int) -> Event:
    return Event("DELETED", body(name, version))


def bookmark(version: int) -> Event:
    return Event("BOOKMARK", json.dumps({"metadata": {"resourceVersion": str(version)}}).encode())


def play(*scenes: tuple[float, Happening, Step]) -> None:
    """Each scene: the second at which something happens, what, and what must follow."""
    machine = Resume(CONFIG_MAP)
    assert machine.start() == Step(command=AskPage())
    for number, (now, happening, expected) in enumerate(scenes):
        assert machine.receive(happening, now) == expected, f"scene {number}: {happening}"


def test_what_the_list_has_is_told_and_then_watched_from_its_version() -> None:
    play(
        (0, page(7, body("a", 3), body("b", 5)), Step((upsert("a", 3), upsert("b", 5), SYNCED), OpenWatch("7"))),
        (1, added("c", 8), Step((upsert("c", 8),))),
        (2, modified("a", 9), Step((upsert("a", 9),))),
        (3, deleted("b", 10), Step((delete("b"),))),
    )


def test_pages_are_told_as_they_come_and_synced_after_the_last() -> None:
    play(
        (0, page(7, body("a", 3), more="next"), Step((upsert("a", 3),), AskPage("next"))),
        (0, page(7, body("b", 5)), Step((upsert("b", 5), SYNCED), OpenWatch("7"))),
    )


def test_a_page_may_come_in_parts() -> None:
    play(
        (0, Part((body("a", 3),)), Step((upsert("a", 3),))),
        (0, page(7, body("b", 5)), Step((upsert("b", 5), SYNCED), OpenWatch("7"))),
        (1, GONE, Step(command=AskPage())),
        (1, Part((body("b", 5),)), QUIET),
        (1, page(9), Step((delete("a"), SYNCED), OpenWatch("9"))),
    )


def test_a_watch_that_ends_goes_on_at_the_last_event() -> None:
    play(
        (0, page(7), Step((SYNCED,), OpenWatch("7"))),
        (1, added("a", 8), Step((upsert("a", 8),))),
        (400, Ended(), Step(command=OpenWatch("8"))),
    )


def test_a_bookmark_moves_the_version_and_tells_nothing() -> None:
    play(
        (0, page(7), Step((SYNCED,), OpenWatch("7"))),
        (60, bookmark(500), QUIET),
        (400, Ended(), Step(command=OpenWatch("500"))),
    )


def test_an_event_that_comes_twice_is_told_once() -> None:
    play(
        (0, page(7, body("a", 7)), Step((upsert("a", 7), SYNCED), OpenWatch("7"))),
        (1, added("a", 7), QUIET),
        (1, deleted("never-seen", 8), QUIET),
    )


def test_a_deletion_during_an_outage_is_seen_in_the_next_list() -> None:
    play(
        (0, page(7, body("a", 3), body("b", 5)), Step((upsert("a", 3), upsert("b", 5), SYNCED), OpenWatch("7"))),
        (1, bookmark(8), QUIET),
        (9, GONE, Step(command=AskPage())),
        (9, page(20, body("b", 5), body("c", 18)), Step((upsert("c", 18), delete("a"), SYNCED), OpenWatch("20"))),
    )


def test_an_object_made_anew_under_its_old_name_and_version_is_told() -> None:
    """A server whose data were replaced counts from the beginning again."""
    play(
        (0, page(7, body("a", 3)), Step((upsert("a", 3), SYNCED), OpenWatch("7"))),
        (1, GONE, Step(command=AskPage())),
        (1, page(5, body("a", 3, "other")), Step((upsert("a", 3, "other"), SYNCED), OpenWatch("5"))),
    )


def test_a_list_that_grows_too_old_while_it_is_paged_begins_again() -> None:
    play(
        (0, page(7, body("a", 3), more="next"), Step((upsert("a", 3),), AskPage("next"))),
        (0, GONE, Step(command=AskPage())),
        (0, page(9, body("b", 8)), Step((upsert("b", 8), delete("a"), SYNCED), OpenWatch("9"))),
    )


def test_a_server_to_which_its_own_list_is_gone_gets_time() -> None:
    play(
        (0, page(7), Step((SYNCED,), OpenWatch("7"))),
        (0, GONE, Step(command=AskPage())),
        (0, page(7), Step((SYNCED,), OpenWatch("7"))),
        (0, GONE, Step(command=Pause(0.8))),
        (1, Woken(), Step(command=AskPage())),
    )


def test_after_an_outage_a_version_that_is_gone_costs_no_further_pause() -> None:
    play(
        (0, page(7), Step((SYNCED,), OpenWatch("7"))),
        (5, FAILED, Step(command=Pause(0.8))),
        (6, Woken(), Step(command=OpenWatch("7"))),
        (6, FAILED, Step(command=Pause(1.6))),
        (8, Woken(), Step(command=OpenWatch("7"))),
        (8, GONE, Step(command=AskPage())),
    )


def test_a_list_that_fails_is_asked_for_again() -> None:
    play(
        (0, FAILED, Step(command=Pause(0.8))),
        (1, Woken(), Step(command=AskPage())),
        (1, page(7), Step((SYNCED,), OpenWatch("7"))),
    )


def test_pauses_double_up_to_half_a_minute_and_begin_anew_after_a_calm_while() -> None:
    machine = Resume(CONFIG_MAP)
    pauses = []
    for now in range(0, 700, 100):
        pauses.append(machine.receive(FAILED, now).command)
        machine.receive(Woken(), now + 90)
    assert pauses == [Pause(seconds) for seconds in (0.8, 1.6, 3.2, 6.4, 12.8, 25.6, LONGEST_PAUSE)]
    assert machine.receive(FAILED, 690 + CALM + 1).command == Pause(0.8)


def test_failures_of_an_outage_count_no_more_once_it_is_over() -> None:
    machine = Resume(CONFIG_MAP)
    machine.start()
    for now in range(0, 50, 10):
        machine.receive(FAILED, now)
        machine.receive(Woken(), now + 9)
    machine.receive(FAILED, 50)
    machine.receive(Woken(is_back=True), 51)
    assert machine.receive(FAILED, 52).command == Pause(0.8)


def test_a_watch_that_ends_at_once_without_a_word_is_a_failure() -> None:
    play(
        (0, page(7), Step((SYNCED,), OpenWatch("7"))),
        (0.1, Ended(), Step(command=Pause(0.8))),
        (1.5, Woken(), Step(command=OpenWatch("7"))),
        (1.6, bookmark(9), QUIET),
        (1.7, Ended(), Step(command=OpenWatch("9"))),
    )


def test_a_kind_that_the_server_does_not_know_has_no_objects() -> None:
    play(
        (0, page(7, body("a", 3)), Step((upsert("a", 3), SYNCED), OpenWatch("7"))),
        (1, Failed(absent=True), Step((delete("a"), SYNCED), Pause(ABSENT_PAUSE))),
        (9, Woken(), Step(command=AskPage())),
        (9, Failed(absent=True), Step((SYNCED,), Pause(ABSENT_PAUSE))),
    )


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.sampled_from(["watched", "missed"])), max_size=30))
def test_whatever_is_missed_the_objects_told_are_those_of_the_server(edits: list[tuple[str, bool, str]]) -> None:
    """Some edits are seen by the watch, others happen during an outage with a compaction."""
    machine = Resume(CONFIG_MAP)
    there: dict[str, bytes] = {}
    told: dict[str, bytes] = {}

    def take(step: Step) -> None:
        for notice in step.notices:
            match notice:
                case Upsert(_, _, content):
                    name = json.loads(content)["metadata"]["name"]
                    assert told.get(name) != content, "told twice"
                    told[name] = content
                case Delete(_, (_, name)):
                    del told[name]
                case Synced():
                    pass

    take(machine.receive(page(1), 0))
    for version, (name, is_removal, how) in enumerate(edits, start=2):
        event = deleted(name, version) if is_removal and name in there else modified(name, version)
        if event.type == "DELETED":
            del there[name]
        else:
            there[name] = event.body
        if how == "watched":
            take(machine.receive(event, version))
        else:
            if machine.receive(GONE, version).command != AskPage():
                assert machine.receive(Woken(), version).command == AskPage()
            take(machine.receive(page(version, *there.values()), version))
        assert told == there


@pytest.mark.parametrize("type_", ["ADDED", "MODIFIED"])
def test_both_kinds_of_writing_are_one(type_: str) -> None:
    machine = Resume(CONFIG_MAP)
    machine.receive(page(1), 0)
    assert machine.receive(Event(type_, body("a", 2)), 1) == Step((upsert("a", 2),))
