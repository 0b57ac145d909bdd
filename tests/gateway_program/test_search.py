"""Whom a gateway asks, and when."""

from random import Random

from pylae.gateway.search import LONGEST_PAUSE, Search

PLANES = ("a:1", "b:1", "c:1")


def test_each_is_tried_once_before_there_is_a_pause() -> None:
    search = Search(PLANES, Random(1))
    tried = [search.next() for _ in PLANES]
    assert sorted(address for _, address in tried) == sorted(PLANES)
    assert [wait for wait, _ in tried] == [0, 0, 0]
    assert search.is_vain


def test_pauses_grow_up_to_a_limit_and_are_never_quite_the_same() -> None:
    search = Search(PLANES[:1], Random(1))
    search.next()
    waits = [search.next()[0] for _ in range(20)]
    assert 0.1 <= waits[0] <= 0.2
    assert waits[:4] == sorted(waits[:4])
    assert all(LONGEST_PAUSE / 2 <= wait <= LONGEST_PAUSE for wait in waits[6:])
    assert len(set(waits)) == len(waits)


def test_gateways_spread() -> None:
    assert {Search(PLANES, Random(number)).next()[1] for number in range(20)} == set(PLANES)


def test_the_one_that_took_us_is_asked_first_the_next_time() -> None:
    search = Search(PLANES, Random(1))
    search.next()
    _, second = search.next()
    search.found(second)
    assert not search.is_vain
    assert search.next() == (0, second)
