"""Names with which a client comes are in use: they are told apart from those that it waits for."""

from pylae.xds.delta import DeltaStream
from pylae.xds.message import Request
from pylae.xds.resource import Type
from pylae.xds.world import World

HAD, NEW, LATER = ((Type.SECRET, f"{name}.test") for name in ("had", "new", "later"))


def test_of_the_names_that_are_asked_for_those_that_the_client_had_are_resumed() -> None:
    stream = DeltaStream()
    stream.publish(World(), ())
    turn = stream.receive(Request(Type.SECRET, (HAD[1], NEW[1]), initial_versions={HAD[1]: "1"}))
    assert turn.asked == (HAD, NEW)
    assert turn.resumed == {HAD}
    turn = stream.receive(Request(Type.SECRET, (LATER[1],)))
    assert (turn.asked, turn.resumed) == ((LATER,), frozenset())


def test_what_a_client_said_before_there_was_anything_to_tell_is_resumed_as_well() -> None:
    stream = DeltaStream()
    stream.receive(Request(Type.SECRET, (HAD[1],), initial_versions={HAD[1]: "1"}))
    turn = stream.publish(World(), ())
    assert (turn.asked, turn.resumed) == ((HAD,), {HAD})


def test_what_is_told_ahead_is_nothing_that_anybody_asks_for() -> None:
    stream = DeltaStream()
    stream.publish(World(), ())
    turn = stream.receive(Request(Type.LISTENER, initial_versions={"l": "1"}))
    assert (turn.asked, turn.resumed) == ((), frozenset())
