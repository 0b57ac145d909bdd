"""What Envoy accepted stays served where it refused what came after it."""

from collections.abc import Iterable

from pylae.xds.last_good import LastGood
from pylae.xds.resource import Key, Resource, ResourceSet, Type

CDS, EDS, LDS, RDS, SDS = Type


def resource(type_: Type, name: str, version: str = "1", *needs: Key) -> Resource:
    return Resource(type_, name, version, b"", needs)


def world(*resources: Resource) -> ResourceSet:
    return ResourceSet.of({type_: {r.name: r for r in resources if r.type is type_} for type_ in Type})


def versions(served: ResourceSet) -> dict[str, str]:
    return {found.name: found.version for found in served.resources()}


def accepting(*resources: Resource) -> LastGood:
    last_good = LastGood()
    last_good.serve(world(*resources))
    last_good.accepted(resources)
    return last_good


def test_what_nobody_refused_is_served_as_it_is() -> None:
    wanted = world(resource(LDS, "l"), resource(RDS, "r"))
    served = LastGood().serve(wanted)
    assert served == wanted
    assert all(served[type_] is wanted[type_] for type_ in Type)


def test_the_accepted_version_stands_in_for_the_refused_one_and_nothing_else_changes() -> None:
    other = resource(RDS, "r")
    last_good = accepting(resource(LDS, "l", "1"), other)
    bad = resource(LDS, "l", "2")
    wanted = world(bad, other)
    last_good.refused(bad, "cannot bind")
    served = last_good.serve(wanted)
    assert versions(served) == {"l": "1", "r": "1"}
    assert served[RDS] is wanted[RDS]
    [refusal] = last_good.refusals()
    assert (refusal.type, refusal.name, refusal.version, refusal.message) == (LDS, "l", "2", "cannot bind")


def test_what_was_never_accepted_is_withheld() -> None:
    last_good = LastGood()
    bad = resource(LDS, "l")
    last_good.refused(bad, "cannot bind")
    served = last_good.serve(world(bad))
    assert versions(served) == {}
    assert served.withheld == {(LDS, "l")}


def test_a_refusal_ends_when_the_content_changes_or_goes() -> None:
    last_good, bad = accepting(resource(LDS, "l", "1")), resource(LDS, "l", "2")
    last_good.refused(bad, "bad")
    assert versions(last_good.serve(world(resource(LDS, "l", "3")))) == {"l": "3"}
    assert last_good.refusals() == ()
    last_good.refused(bad, "bad")
    assert versions(last_good.serve(world())) == {}
    assert last_good.refusals() == ()


def test_what_is_forgiven_is_offered_again_once() -> None:
    last_good, bad = LastGood(), resource(LDS, "l")
    last_good.refused(bad, "cannot bind")
    last_good.serve(world(bad))
    last_good.forgive([bad.key, (LDS, "another")])
    served = last_good.serve(world(bad))
    assert versions(served) == {"l": "1"}
    assert served.again == {bad.key}
    assert last_good.serve(world(bad)).again == frozenset()


def test_an_envoy_that_refuses_what_another_accepted_is_believed() -> None:
    good = resource(LDS, "l")
    last_good = accepting(good)
    last_good.refused(good, "the port is taken now")
    served = last_good.serve(world(good))
    assert versions(served) == {}
    assert served.withheld == {good.key}


def test_a_kept_listener_keeps_its_routes_and_they_their_clusters() -> None:
    old = (
        resource(LDS, "l", "1", (RDS, "old"), (SDS, "s")),
        resource(RDS, "old", "1", (CDS, "web")),
        resource(CDS, "web", "1", (EDS, "web")),
        resource(EDS, "web"),
        resource(SDS, "s"),
    )
    last_good = accepting(*old)
    bad = resource(LDS, "l", "2", (RDS, "new"))
    last_good.serve(world(bad, resource(RDS, "new")))
    last_good.refused(bad, "bad")
    served = last_good.serve(world(bad, resource(RDS, "new")))
    assert versions(served) == {"l": "1", "old": "1", "new": "1", "web": "1", "s": "1"}
    assert (EDS, "web") in {found.key for found in served.resources()}


def test_what_is_wanted_is_never_replaced_by_what_a_kept_version_once_had() -> None:
    last_good = accepting(resource(LDS, "l", "1", (RDS, "r")), resource(RDS, "r", "1"))
    bad = resource(LDS, "l", "2", (RDS, "r"))
    last_good.refused(bad, "bad")
    assert versions(last_good.serve(world(bad, resource(RDS, "r", "2")))) == {"l": "1", "r": "2"}


def test_a_kept_version_does_not_change_with_a_late_answer_to_another() -> None:
    first, second, bad = (resource(LDS, "l", version) for version in "123")
    last_good = accepting(first)
    last_good.refused(bad, "bad")
    assert versions(last_good.serve(world(bad))) == {"l": "1"}
    last_good.accepted([second])
    assert versions(last_good.serve(world(bad))) == {"l": "1"}


def test_a_secret_that_is_good_again_redeems_the_listeners_that_it_spoiled() -> None:
    good, bad = resource(SDS, "s", "1"), resource(SDS, "s", "2")
    last_good = accepting(good, resource(LDS, "l", "1"))
    listener = resource(LDS, "l", "2", (SDS, "s"))
    last_good.refused(bad, "mismatch")
    last_good.refused(listener, "mismatch")
    assert versions(last_good.serve(world(bad, listener))) == {"s": "1", "l": "1"}
    last_good.accepted([good])
    served = last_good.serve(world(bad, listener))
    assert versions(served) == {"s": "1", "l": "2"}
    assert served.again == {listener.key}


def test_a_secret_that_was_never_bad_redeems_nobody() -> None:
    secret, listener = resource(SDS, "s"), resource(LDS, "l", "2", (SDS, "s"))
    last_good = LastGood()
    last_good.refused(listener, "cannot bind")
    last_good.accepted([secret])
    assert [refusal.name for refusal in last_good.refusals()] == ["l"]


def test_names_that_come_and_go_leave_no_memory_behind() -> None:
    last_good = LastGood()
    for number in range(100):
        found = resource(LDS, f"l{number}")
        last_good.serve(world(found))
        last_good.accepted([found])
    assert _remembered(last_good, (f"l{number}" for number in range(100))) <= 3


def _remembered(last_good: LastGood, names: Iterable[str]) -> int:
    """How many of these could still be fallen back to."""
    attempts = [resource(LDS, name, "bad") for name in names]
    for attempt in attempts:
        last_good.refused(attempt, "bad")
    return len(last_good.serve(world(*attempts))[LDS])
