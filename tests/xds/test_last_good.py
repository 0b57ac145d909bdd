"""What Envoy accepted stays served where it refused what came after it."""

from pylae.xds.last_good import LastGood
from pylae.xds.resource import Key, Resource, Type
from pylae.xds.world import World

CDS, EDS, LDS, SRDS, RDS, SDS = Type


def resource(type_: Type, name: str, version: str = "1", *needs: Key) -> Resource:
    return Resource(type_, name, version, b"", needs)


class Serving:
    """What is wanted, and what is served in its place."""

    def __init__(self, *accepted: Resource) -> None:
        self.world, self.last_good = World(), LastGood()
        self.touched: frozenset[Key] = frozenset()
        if accepted:
            self.serve(*accepted)
            self.last_good.accepted(accepted)

    def serve(self, *wanted: Resource) -> dict[str, str]:
        """Let these be wanted and no others; gives back the versions that are served, by name."""
        keys = {resource.key for resource in wanted}
        for key in [(type_, name) for type_ in Type for name in self.world[type_]]:
            if key not in keys:
                self.world.drop(key)
        for resource in wanted:
            self.world.put(resource)
        self.touched = self.last_good.serve(self.world, self.world.touched())
        return {name: found.version for type_ in Type for name, found in self.last_good[type_].items()}

    def refuse(self, resource: Resource, message: str = "bad") -> None:
        self.last_good.refused(resource, message)


def test_what_nobody_refused_is_served_as_it_is() -> None:
    listener, route = resource(LDS, "l"), resource(RDS, "r")
    serving = Serving()
    assert serving.serve(listener, route) == {"l": "1", "r": "1"}
    assert serving.touched == {listener.key, route.key}
    assert serving.last_good.get_resource(listener.key) is listener


def test_only_what_changed_is_touched() -> None:
    serving = Serving(resource(RDS, "a"), resource(RDS, "b"), resource(RDS, "c"))
    assert serving.serve(resource(RDS, "a"), resource(RDS, "b", "2")) == {"a": "1", "b": "2"}
    assert serving.touched == {(RDS, "b"), (RDS, "c")}


def test_a_name_about_which_the_world_spoke_is_touched_even_if_there_is_nothing() -> None:
    serving = Serving()
    serving.world.answer((SDS, "a.test"))
    assert serving.serve() == {}
    assert serving.touched == {(SDS, "a.test")}


def test_the_accepted_version_stands_in_for_the_refused_one_and_nothing_else_changes() -> None:
    other, bad = resource(RDS, "r"), resource(LDS, "l", "2")
    serving = Serving(resource(LDS, "l", "1"), other)
    serving.serve(bad, other)
    serving.refuse(bad, "cannot bind")
    assert serving.serve(bad, other) == {"l": "1", "r": "1"}
    assert serving.touched == {bad.key}
    [refusal] = serving.last_good.refusals()
    assert (refusal.type, refusal.name, refusal.version, refusal.message) == (LDS, "l", "2", "cannot bind")


def test_what_was_never_accepted_is_withheld() -> None:
    serving, bad = Serving(), resource(LDS, "l")
    serving.serve(bad)
    serving.refuse(bad)
    assert serving.serve(bad) == {}
    assert serving.last_good.is_withheld(bad.key)
    assert serving.serve() == {}
    assert not serving.last_good.is_withheld(bad.key)


def test_a_refusal_ends_when_the_content_changes_or_goes() -> None:
    serving, bad = Serving(resource(LDS, "l", "1")), resource(LDS, "l", "2")
    serving.serve(bad)
    serving.refuse(bad)
    assert serving.serve(resource(LDS, "l", "3")) == {"l": "3"}
    assert serving.last_good.refusals() == ()
    serving.refuse(bad)
    assert serving.serve() == {}
    assert serving.last_good.refusals() == ()


def test_what_is_forgiven_is_offered_again_once() -> None:
    serving, bad = Serving(), resource(LDS, "l")
    serving.serve(bad)
    serving.refuse(bad)
    serving.serve(bad)
    serving.last_good.forgive([bad.key, (LDS, "another")])
    assert serving.serve(bad) == {"l": "1"}
    assert serving.touched == {bad.key}
    assert serving.last_good.is_offered_again(bad.key)
    serving.serve(bad)
    assert not serving.last_good.is_offered_again(bad.key)


def test_an_envoy_that_refuses_what_another_accepted_is_believed() -> None:
    good = resource(LDS, "l")
    serving = Serving(good)
    serving.refuse(good, "the port is taken now")
    assert serving.serve(good) == {}
    assert serving.last_good.is_withheld(good.key)


def test_a_kept_listener_keeps_its_routes_and_they_their_clusters() -> None:
    old = (
        resource(LDS, "l", "1", (RDS, "old"), (SDS, "s")),
        resource(RDS, "old", "1", (CDS, "web")),
        resource(CDS, "web", "1", (EDS, "web")),
        resource(EDS, "web"),
        resource(SDS, "s"),
    )
    serving, wanted = Serving(*old), (resource(LDS, "l", "2", (RDS, "new")), resource(RDS, "new"))
    serving.serve(*wanted)
    serving.refuse(wanted[0])
    assert serving.serve(*wanted) == {"l": "1", "old": "1", "new": "1", "web": "1", "s": "1"}
    assert serving.last_good.get_resource((EDS, "web")) is not None


def test_what_a_kept_listener_keeps_goes_with_it() -> None:
    serving = Serving(resource(LDS, "l", "1", (RDS, "old")), resource(RDS, "old"))
    bad = resource(LDS, "l", "2")
    serving.serve(bad)
    serving.refuse(bad)
    assert serving.serve(bad) == {"l": "1", "old": "1"}
    assert serving.serve(resource(LDS, "l", "3")) == {"l": "3"}
    assert serving.touched == {(LDS, "l"), (RDS, "old")}


def test_what_is_wanted_is_never_replaced_by_what_a_kept_version_once_had() -> None:
    serving = Serving(resource(LDS, "l", "1", (RDS, "r")), resource(RDS, "r", "1"))
    wanted = (resource(LDS, "l", "2", (RDS, "r")), resource(RDS, "r", "2"))
    serving.serve(*wanted)
    serving.refuse(wanted[0])
    assert serving.serve(*wanted) == {"l": "1", "r": "2"}


def test_a_kept_version_does_not_change_with_a_late_answer_to_another() -> None:
    first, second, bad = (resource(LDS, "l", version) for version in "123")
    serving = Serving(first)
    serving.serve(bad)
    serving.refuse(bad)
    assert serving.serve(bad) == {"l": "1"}
    serving.last_good.accepted([second])
    assert serving.serve(bad) == {"l": "1"}


def test_a_secret_that_is_good_again_redeems_the_listeners_that_it_spoiled() -> None:
    good, bad = resource(SDS, "kubernetes://s", "1"), resource(SDS, "kubernetes://s", "2")
    listener = resource(LDS, "l", "2", good.key)
    serving = Serving(good, resource(LDS, "l", "1"))
    serving.serve(bad, listener)
    serving.refuse(bad, "mismatch")
    serving.refuse(listener, "mismatch")
    assert serving.serve(bad, listener) == {"kubernetes://s": "1", "l": "1"}
    serving.last_good.accepted([good])
    assert serving.serve(bad, listener) == {"kubernetes://s": "1", "l": "2"}
    assert serving.last_good.is_offered_again(listener.key)


def test_a_secret_that_was_never_bad_redeems_nobody() -> None:
    secret, listener = resource(SDS, "s"), resource(LDS, "l", "2", (SDS, "s"))
    last_good = LastGood()
    last_good.refused(listener, "cannot bind")
    last_good.accepted([secret])
    assert [refusal.name for refusal in last_good.refusals()] == ["l"]


def test_names_that_come_and_go_leave_no_memory_behind() -> None:
    serving, names = Serving(), [f"l{number}" for number in range(100)]
    for name in names:
        found = (resource(LDS, name, "1", (RDS, name)), resource(RDS, name))
        serving.serve(*found)
        serving.last_good.accepted(found)
    attempts = [resource(type_, name, "bad") for name in names for type_ in (LDS, RDS)]
    serving.serve(*attempts)
    for attempt in attempts:
        serving.refuse(attempt)
    assert list(serving.serve(*attempts)) == ["l99"]


class Counted(World):
    """Counts how many names were looked at."""

    looked_at = 0

    def get_resource(self, key: Key) -> Resource | None:
        self.looked_at += 1
        return super().get_resource(key)


def test_a_change_of_one_costs_one_however_many_there_are() -> None:
    def cost(names: int) -> int:
        world, last_good = Counted(), LastGood()
        for number in range(names):
            world.put(resource(SDS, f"s{number}", "1", (SRDS, f"s{number}")))
        last_good.serve(world, world.touched())
        last_good.accepted(world[SDS].values())
        world.put(resource(SDS, "s0", "2"))
        world.looked_at = 0
        assert last_good.serve(world, world.touched()) == {(SDS, "s0")}
        return world.looked_at

    assert cost(10_000) == cost(10) < 10
