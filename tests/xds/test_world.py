"""A world that changes name by name, and tells what was touched."""

from pylae.xds.resource import Resource, Type
from pylae.xds.world import World

CDS = Type.CLUSTER


def cluster(version: str) -> Resource:
    return Resource(CDS, "web", version, b"")


def test_what_was_written_is_touched_once() -> None:
    world = World()
    world.put(cluster("1"))
    assert world.touched() == {(CDS, "web")}
    assert world.touched() == frozenset()
    world.drop((CDS, "web"))
    assert world.touched() == {(CDS, "web")}


def test_the_same_version_and_what_was_not_there_touch_nothing() -> None:
    world = World([cluster("1")])
    world.touched()
    world.put(cluster("1"))
    world.drop((CDS, "other"))
    assert world.touched() == frozenset()


def test_a_name_is_answered_even_if_there_is_nothing() -> None:
    world = World()
    world.answer((Type.SECRET, "a.test"))
    assert world.touched() == {(Type.SECRET, "a.test")}
    assert world.get_resource((Type.SECRET, "a.test")) is None


def test_what_is_read_is_live_and_cannot_be_written() -> None:
    world = World()
    named = world[CDS]
    world.put(cluster("1"))
    assert list(named) == ["web"]
    assert not hasattr(named, "pop")
