"""Playbooks of a lease: several candidates, one record, and never two who believe that they lead."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pylae.kube.lease import DEADLINE, DURATION, RELEASED, RETRY, Candidate, Record, micro_time

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Api:
    """One Lease, written by who saw its present state."""

    def __init__(self) -> None:
        self.record: Record | None = None

    def turn(self, candidate: Candidate, moment: float, *, skew: float = 0.0, delay: float = 0.0) -> bool:
        """Look, bid and write; whether the bid was accepted. `delay` passes between the write and its answer."""
        candidate.see(self.record, moment)
        bid = candidate.bid(moment, NOON + timedelta(seconds=moment + skew))
        if bid is None:
            return False
        self.record = bid
        candidate.won(bid, moment)
        return delay == 0.0 or candidate.leads(moment + delay)


def test_who_comes_first_leads_and_the_others_wait() -> None:
    api, first, second = Api(), Candidate("a"), Candidate("b")
    assert api.turn(first, 0)
    assert not api.turn(second, 1)
    assert (first.leads(1), second.leads(1)) == (True, False)
    assert (first.holder, second.holder) == ("a", "a")


def test_a_holder_that_renews_keeps_it() -> None:
    api, first, second = Api(), Candidate("a"), Candidate("b")
    for moment in range(0, 100, 2):
        assert api.turn(first, moment)
        assert not api.turn(second, moment + 1)
    assert api.record
    assert api.record.transitions == 0
    assert api.record.acquired == micro_time(NOON)


def test_a_holder_that_is_gone_is_followed_when_its_lease_has_run_out() -> None:
    api, first, second = Api(), Candidate("a"), Candidate("b")
    api.turn(first, 0)
    assert not api.turn(second, 1)
    assert not api.turn(second, DURATION)
    assert api.turn(second, 1 + DURATION)
    assert api.record
    assert (api.record.holder, api.record.transitions) == ("b", 1)


def test_a_holder_stops_before_another_may_begin() -> None:
    candidate = Candidate("a")
    Api().turn(candidate, 0)
    assert candidate.leads(DEADLINE - 0.1)
    assert not candidate.leads(DEADLINE)
    assert DEADLINE + RETRY < DURATION


def test_a_renewal_counts_from_when_it_was_sent() -> None:
    assert not Api().turn(Candidate("a"), 0, delay=DEADLINE)


def test_clocks_that_differ_by_hours_do_not_matter() -> None:
    """The times in the record are for people: how old it is everyone counts for himself."""
    api, first, second = Api(), Candidate("a"), Candidate("b")
    api.turn(first, 0, skew=-7200)
    assert not api.turn(second, 1, skew=7200)
    assert api.turn(first, 2, skew=-7200)
    assert not api.turn(second, 1 + DURATION, skew=7200)
    assert api.turn(second, 1 + 2 * DURATION, skew=7200)


def test_who_sees_that_another_holds_it_stops_at_once() -> None:
    candidate = Candidate("a")
    Api().turn(candidate, 0)
    candidate.see(Record("b"), 1)
    assert not candidate.leads(1)


def test_a_lease_that_was_deleted_is_nobodys() -> None:
    candidate = Candidate("a")
    Api().turn(candidate, 0)
    candidate.see(None, 1)
    assert not candidate.leads(1)
    assert candidate.bid(1, NOON) == Record("a", acquired=micro_time(NOON), renewed=micro_time(NOON))


def test_a_lease_that_is_given_up_is_free_at_once() -> None:
    api, first, second = Api(), Candidate("a"), Candidate("b")
    api.turn(first, 0)
    api.record = first.resign(NOON)
    assert api.record
    assert (api.record.holder, api.record.seconds) == ("", RELEASED)
    assert not first.leads(0)
    assert api.turn(second, 0.1)


def test_nobody_gives_up_what_is_anothers() -> None:
    candidate = Candidate("a")
    assert candidate.resign(NOON) is None
    candidate.see(Record("b"), 0)
    assert candidate.resign(NOON) is None


def test_a_lease_is_read_as_kubernetes_writes_it() -> None:
    record = Record("a", 15, "2026-11-24T12:00:00.000000Z", "2026-11-24T12:00:02.000000Z", 3)
    assert Record.read({"spec": record.spec()}) == record
    assert Record.read({"spec": {"holderIdentity": None}}) == Record()
    assert Record.read({}) == Record()


TURNS = st.lists(
    st.tuples(st.sampled_from("abc"), st.floats(0.1, 8), st.booleans(), st.floats(-9999, 9999)), max_size=60
)


@given(TURNS)
def test_there_are_never_two_leaders(turns: list[tuple[str, float, bool, float]]) -> None:
    """Whoever comes, and whenever; some writes are lost on their way, and all clocks are wrong."""
    api, candidates, moment = Api(), {name: Candidate(name) for name in "abc"}, 0.0
    for name, step, arrives, skew in turns:
        moment += step
        if arrives:
            api.turn(candidates[name], moment, skew=skew)
        else:
            candidates[name].see(api.record, moment)
        leaders = [one.identity for one in candidates.values() if one.leads(moment)]
        assert len(leaders) <= 1
        assert not leaders or (api.record and api.record.holder == leaders[0])
