"""What is found, kept by change: a source replaces its own words, and whoever reports hears of the difference."""

import pytest

from pylae.api.meta import ObjectRef
from pylae.controlplane.report.ledger import Ledger, News
from pylae.model import codes
from pylae.model.finding import Code, Finding

GATEWAY = ObjectRef("Gateway", "shop", "front")
ROUTES = ObjectRef("VirtualService", "shop", "front")


def finding(message: str, about: ObjectRef = GATEWAY, path: str = "spec", code: Code = codes.INVALID) -> Finding:
    return Finding(code, about, path, message)


ONE, TWO, OTHER = finding("one"), finding("two"), finding("other", ROUTES)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_what_is_told_is_news_once(ledger: Ledger) -> None:
    ledger.tell("a", (ONE, OTHER))
    assert ledger.news() == News(came=(ONE, OTHER))
    assert ledger.news() == News()


def test_of_very_many_the_worst_are_given_and_in_order(ledger: Ledger) -> None:
    doubt, note = finding("doubt", code=codes.NO_ROUTES), finding("note", code=codes.SENT_AHEAD)
    ledger.tell("a", (note, doubt, TWO, OTHER))
    ledger.tell("b", (ONE,))
    assert ledger.worst(9) == ledger.all()
    assert ledger.worst(3) == (ONE, TWO, OTHER)
    assert set(ledger.worst(4)) == {ONE, TWO, OTHER, doubt}


def test_a_source_replaces_what_it_said(ledger: Ledger) -> None:
    ledger.tell("a", (ONE,))
    ledger.news()
    ledger.tell("a", (TWO,))
    assert ledger.news() == News(came=(TWO,), went=(ONE,))
    assert ledger.all() == (TWO,)


def test_the_same_words_again_are_no_news(ledger: Ledger) -> None:
    ledger.tell("a", (ONE, TWO))
    ledger.news()
    ledger.tell("a", (ONE, TWO))
    ledger.tell("a", (TWO, ONE))
    assert ledger.news() == News()


def test_what_came_and_went_before_anybody_asked_is_no_news(ledger: Ledger) -> None:
    ledger.tell("a", (ONE,))
    ledger.silence("a")
    assert ledger.news() == News()
    ledger.tell("a", (TWO,))
    ledger.news()
    ledger.silence("a")
    ledger.tell("b", (TWO,))
    assert ledger.news() == News()


def test_what_two_sources_say_counts_once_and_stands_until_both_are_silent(ledger: Ledger) -> None:
    ledger.tell("a", (ONE, ONE))
    ledger.tell("b", (ONE,))
    assert (ledger.all(), len(ledger), ledger.counts) == ((ONE,), 1, {("IST0106", codes.INVALID.reason): 1})
    ledger.news()
    ledger.silence("a")
    assert ledger.news() == News()
    assert ONE in ledger
    ledger.silence("b")
    assert ledger.news() == News(went=(ONE,))
    assert (ledger.all(), ledger.counts) == ((), {})


def test_a_source_that_never_spoke_may_be_silenced(ledger: Ledger) -> None:
    ledger.silence("a")
    assert ledger.news() == News()


def test_findings_are_found_by_their_object(ledger: Ledger) -> None:
    ledger.tell("a", (TWO, OTHER))
    ledger.tell("b", (ONE,))
    assert ledger.about(GATEWAY) == (ONE, TWO)
    assert ledger.about(ROUTES) == (OTHER,)
    assert ledger.about(ObjectRef("Gateway", "shop", "other")) == ()
    assert ledger.news().about == {GATEWAY, ROUTES}


def test_the_worst_comes_first_and_then_the_order_is_that_of_objects_and_their_fields(ledger: Ledger) -> None:
    doubt = finding("doubt", path="a", code=codes.DOUBTFUL)
    ninth, tenth = finding("x", path="spec.servers[9]"), finding("x", path="spec.servers[10]")
    ledger.tell("a", (doubt, OTHER, tenth, ninth))
    assert ledger.all() == (ninth, tenth, OTHER, doubt)


def test_counts_are_kept_by_code(ledger: Ledger) -> None:
    ledger.tell("a", (ONE, TWO, finding("doubt", code=codes.DOUBTFUL)))
    assert ledger.counts == {("IST0106", codes.INVALID.reason): 2, ("IST0133", codes.DOUBTFUL.reason): 1}


def test_one_word_among_ten_thousand_is_all_the_news() -> None:
    ledger = Ledger()
    for number in range(10_000):
        ledger.tell(number, (finding(f"of {number}", ObjectRef("Gateway", "shop", f"h{number}")),))
    ledger.news()
    ledger.tell(7, (ONE,))
    news = ledger.news()
    assert (len(news.came), len(news.went)) == (1, 1)


def test_what_several_voices_say_stands_until_the_last_one_fell_silent(ledger: Ledger) -> None:
    first, second = ledger.voice(), ledger.voice()
    first.tell("a", (ONE, TWO))
    second.tell("a", (ONE,))
    assert ledger.news() == News(came=(ONE, TWO))
    first.fall_silent()
    assert ledger.news() == News(went=(TWO,))
    second.silence("a")
    assert ledger.all() == ()
