"""A finding is announced when it has stood for a moment, and once."""

from pylae.api.meta import ObjectRef
from pylae.controlplane.report.ledger import News
from pylae.controlplane.report.settling import AT_A_TIME, SETTLE, Settling
from pylae.model import codes
from pylae.model.finding import Finding


def finding(message: str) -> Finding:
    return Finding(codes.NO_ROUTES, ObjectRef("Gateway", "shop", "front"), "", message)


ONE, TWO = finding("one"), finding("two")


def test_what_came_is_announced_after_a_moment_and_once() -> None:
    settling = Settling()
    settling.hear(News(came=(ONE,)), 10)
    assert settling.due() == 10 + SETTLE
    assert settling.standing(10 + SETTLE / 2) == ()
    assert settling.standing(10 + SETTLE) == (ONE,)
    assert settling.standing(10 + SETTLE) == ()
    assert settling.due() is None


def test_what_goes_before_is_never_spoken_of() -> None:
    settling = Settling()
    settling.hear(News(came=(ONE, TWO)), 10)
    assert settling.hear(News(went=(ONE,)), 10.1) == ()
    assert settling.standing(11) == (TWO,)


def test_what_was_announced_and_goes_is_settled_at_once() -> None:
    settling = Settling()
    settling.hear(News(came=(ONE,)), 10)
    settling.standing(11)
    assert settling.hear(News(came=(TWO,), went=(ONE,)), 12) == (ONE,)


def test_what_was_never_announced_does_not_settle() -> None:
    settling = Settling()
    assert settling.hear(News(went=(ONE,)), 10) == ()


def test_many_at_once_are_announced_in_parts() -> None:
    settling = Settling()
    settling.hear(News(came=tuple(finding(str(number)) for number in range(AT_A_TIME + 1))), 10)
    assert len(settling.standing(11)) == AT_A_TIME
    assert settling.due() == 10 + SETTLE
    assert len(settling.standing(11)) == 1
