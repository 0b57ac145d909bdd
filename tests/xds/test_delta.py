"""The protocol step by step: what is said to what was asked, and in which order."""

from collections.abc import Iterable

from pylae.xds.absence import stand_in
from pylae.xds.delta import Accepted, DeltaStream, Refused, Sync, Turn
from pylae.xds.message import Node, Request, Response
from pylae.xds.resource import Key, Resource, Type
from pylae.xds.world import World

CDS, EDS, LDS, SRDS, RDS, SDS = Type


def resource(type_: Type, name: str, version: str = "1", *needs: Key) -> Resource:
    return Resource(type_, name, version, b"", needs)


def web(version: str = "1") -> tuple[Resource, Resource]:
    """A cluster and its endpoints."""
    return resource(CDS, "web", version, (EDS, "web")), resource(EDS, "web")


class Wanted(World):
    """A world that can withhold and forgive."""

    def __init__(self) -> None:
        super().__init__()
        self.withheld: set[Key] = set()
        self.again: set[Key] = set()

    def is_withheld(self, key: Key) -> bool:
        return key in self.withheld

    def is_offered_again(self, key: Key) -> bool:
        return key in self.again

    def become(self, *resources: Resource, withheld: Iterable[Key] = ()) -> frozenset[Key]:
        """Let there be these and no others; gives back what that touched."""
        for gone in {key for type_ in Type for key in ((type_, name) for name in self[type_])}:
            if gone not in {resource.key for resource in resources}:
                self.drop(gone)
        for resource in resources:
            self.put(resource)
        for key in self.withheld ^ set(withheld):
            self.answer(key)
        self.withheld = set(withheld)
        return self.touched()


class Client:
    """Says what a test tells it to, and remembers the last nonce of each type."""

    def __init__(self, *resources: Resource) -> None:
        self.stream = DeltaStream()
        self.world = Wanted()
        self.nonces: dict[Type, str] = {}
        self.publish(*resources)

    def publish(self, *resources: Resource, withheld: Iterable[Key] = ()) -> list[Response]:
        """The world becomes these."""
        touched = self.world.become(*resources, withheld=withheld)
        return self._note(self.stream.publish(self.world, touched))

    def ask(self, type_: Type, *names: str, has: dict[str, str] | None = None) -> list[Response]:
        return self._note(self.stream.receive(Request(type_, names, initial_versions=has or {})))

    def give_up(self, type_: Type, *names: str) -> list[Response]:
        return self._note(self.stream.receive(Request(type_, unsubscribe=names)))

    def answer(self, type_: Type, error: str | None = None) -> list[Response]:
        self.turn = self.stream.receive(Request(type_, nonce=self.nonces[type_], error=error))
        return self._note(self.turn)

    def _note(self, turn: Turn) -> list[Response]:
        self.events, self.asked, self.left = turn.events, turn.asked, turn.left
        for response in turn.responses:
            self.nonces[response.type] = response.nonce
        return list(turn.responses)


def said(responses: list[Response]) -> list[str]:
    """`LDS l@1 -gone`: the type, what is there in which version, what is gone."""
    return [
        " ".join([r.type.short, *(f"{x.name}@{x.version}" for x in r.resources), *(f"-{name}" for name in r.removed)])
        for r in responses
    ]


def test_nothing_is_said_before_the_first_world() -> None:
    stream = DeltaStream()
    assert stream.receive(Request(LDS, node=Node("envoy", "1.40.0"))) == Turn()
    assert stream.sync(LDS) is Sync.NOT_SENT
    turn = stream.publish(World([resource(LDS, "l")]), ())
    assert said(list(turn.responses)) == ["LDS l@1"]
    assert stream.node == Node("envoy", "1.40.0")


def test_who_asks_for_all_is_told_all_and_later_what_is_new_changed_and_gone() -> None:
    client = Client(resource(LDS, "a"), resource(LDS, "b"))
    assert said(client.ask(LDS)) == ["LDS a@1 b@1"]
    assert client.answer(LDS) == []
    assert said(client.publish(resource(LDS, "b", "2"), resource(LDS, "c"))) == ["LDS b@2 c@1 -a"]


def test_who_asks_for_all_is_answered_even_if_there_is_nothing() -> None:
    client = Client()
    assert said(client.ask(CDS)) == ["CDS"]
    assert client.answer(CDS) == []
    assert said(client.ask(LDS)) == ["LDS"]


def test_a_star_asks_for_all_as_well_and_takes_it_back() -> None:
    client = Client(resource(LDS, "a"), resource(LDS, "b"))
    assert said(client.ask(LDS, "*", "a")) == ["LDS a@1 b@1"]
    client.answer(LDS)
    assert client.give_up(LDS, "*") == []
    assert said(client.publish(resource(LDS, "a", "2"), resource(LDS, "b", "2"))) == ["LDS a@2"]


def test_names_are_answered_each_by_itself() -> None:
    client = Client(
        resource(SDS, "kubernetes://a"), resource(SDS, "kubernetes://b"), resource(SDS, "kubernetes://not-asked-for")
    )
    assert said(client.ask(SDS, "kubernetes://a", "kubernetes://b")) == ["SDS kubernetes://a@1", "SDS kubernetes://b@1"]


def test_what_does_not_exist_is_told_at_once_in_the_words_that_end_the_waiting() -> None:
    client = Client()
    empty_routes, no_endpoints = stand_in(RDS, "r"), stand_in(EDS, "c")
    assert empty_routes is not None
    assert no_endpoints is not None
    assert said(client.ask(SDS, "kubernetes://s")) == ["SDS -kubernetes://s"]
    assert said(client.ask(RDS, "r")) == [f"RDS r@{empty_routes.version}"]
    assert said(client.ask(EDS, "c")) == [f"EDS c@{no_endpoints.version}"]


def test_what_did_not_exist_is_sent_when_it_comes() -> None:
    client = Client()
    client.ask(SDS, "kubernetes://s")
    client.answer(SDS)
    assert said(client.publish(resource(SDS, "kubernetes://s"))) == ["SDS kubernetes://s@1"]


def test_what_is_gone_is_left_to_those_who_asked_for_it_by_name() -> None:
    client = Client(resource(SDS, "kubernetes://s"), resource(RDS, "r"))
    client.ask(SDS, "kubernetes://s")
    client.ask(RDS, "r")
    client.answer(SDS)
    client.answer(RDS)
    assert client.publish() == []
    assert client.publish(resource(SDS, "kubernetes://s"), resource(RDS, "r")) == []
    assert said(client.publish(resource(SDS, "kubernetes://s", "2"), resource(RDS, "r", "2"))) == [
        "RDS r@2",
        "SDS kubernetes://s@2",
    ]


def test_what_changes_while_an_answer_is_outstanding_goes_with_the_next() -> None:
    client = Client(resource(LDS, "a"), resource(SDS, "kubernetes://s"))
    client.ask(LDS)
    client.ask(SDS, "kubernetes://s")
    assert client.publish(resource(LDS, "a", "2"), resource(SDS, "kubernetes://s", "2")) == []
    assert client.publish(resource(LDS, "a", "3"), resource(LDS, "b"), resource(SDS, "kubernetes://s", "3")) == []
    assert said(client.answer(LDS)) == ["LDS a@3 b@1"]
    assert said(client.answer(SDS)) == ["SDS kubernetes://s@3"]


def test_one_name_does_not_wait_for_another() -> None:
    client = Client(resource(SDS, "kubernetes://a"), resource(SDS, "kubernetes://b"))
    client.ask(SDS, "kubernetes://a")
    assert said(client.ask(SDS, "kubernetes://b")) == ["SDS kubernetes://b@1"]


def test_an_answer_to_an_older_response_counts_for_nothing_and_what_it_asks_for_counts() -> None:
    client = Client(resource(SDS, "kubernetes://a"), resource(SDS, "kubernetes://b"))
    client.ask(SDS, "kubernetes://a")
    turn = client.stream.receive(Request(SDS, ("kubernetes://b",), nonce="of yesterday", error="bad"))
    assert (said(list(turn.responses)), turn.events) == (["SDS kubernetes://b@1"], ())
    assert client.stream.versions(SDS) == {}


def test_a_client_that_comes_with_what_there_is_is_sent_nothing_and_counts_as_having_accepted_it() -> None:
    listener, secret = resource(LDS, "l"), resource(SDS, "kubernetes://s")
    client = Client(listener, secret)
    assert client.ask(LDS, has={"l": "1"}) == []
    assert client.events == (Accepted(LDS, "", (listener,)),)
    assert client.ask(SDS, "kubernetes://s", has={"kubernetes://s": "1"}) == []
    assert client.stream.settled


def test_a_client_that_comes_with_something_else_is_sent_what_differs() -> None:
    client = Client(resource(LDS, "a", "2"), resource(LDS, "b"), resource(SDS, "kubernetes://s", "2"))
    assert said(client.ask(LDS, has={"a": "1", "b": "1", "gone": "1"})) == ["LDS a@2 -gone"]
    assert said(
        client.ask(SDS, "kubernetes://s", "kubernetes://t", has={"kubernetes://s": "1", "kubernetes://t": "1"})
    ) == ["SDS kubernetes://s@2"]


def test_who_asks_again_is_answered_again() -> None:
    client = Client(resource(SDS, "kubernetes://s"))
    client.ask(SDS, "kubernetes://s")
    client.answer(SDS)
    assert said(client.ask(SDS, "kubernetes://s")) == ["SDS kubernetes://s@1"]
    client.answer(SDS)
    client.give_up(SDS, "kubernetes://s")
    assert client.publish(resource(SDS, "kubernetes://s", "2")) == []
    assert said(client.ask(SDS, "kubernetes://s")) == ["SDS kubernetes://s@2"]


def test_what_is_acknowledged_is_reported_with_the_nonce() -> None:
    secret = resource(SDS, "kubernetes://s")
    client = Client(secret)
    [response] = client.ask(SDS, "kubernetes://s")
    client.answer(SDS)
    assert client.events == (Accepted(SDS, response.nonce, (secret,)),)
    assert client.stream.versions(SDS) == {"kubernetes://s": "1"}


def test_stand_ins_are_not_reported_as_accepted() -> None:
    client = Client()
    client.ask(RDS, "r")
    client.answer(RDS)
    assert client.events == ()


def test_of_several_listeners_the_refused_one_is_named_and_the_others_are_accepted() -> None:
    good, bad = resource(LDS, "good"), resource(LDS, "bad")
    client = Client(good, bad)
    [response] = client.ask(LDS)
    client.answer(LDS, error="Error adding/updating listener(s) bad: cannot bind\n")
    assert client.events == (
        Accepted(LDS, response.nonce, (good,)),
        Refused(response.nonce, bad, "cannot bind"),
    )
    assert client.stream.sync(LDS) is Sync.STALE


def test_what_was_refused_is_not_sent_again_until_it_changes() -> None:
    client = Client(resource(LDS, "l", "1"))
    client.ask(LDS)
    assert client.answer(LDS, error="bad") == []
    assert client.publish(resource(LDS, "l", "1"), resource(SDS, "kubernetes://s")) == []
    assert said(client.publish(resource(LDS, "l", "2"))) == ["LDS l@2"]


def test_what_was_refused_is_sent_again_when_that_is_asked_for() -> None:
    listener = resource(LDS, "l")
    client = Client(listener)
    client.ask(LDS)
    client.answer(LDS, error="bad")
    client.world.again = {listener.key}
    assert said(list(client.stream.publish(client.world, [listener.key]).responses)) == ["LDS l@1"]


def test_a_name_whose_first_version_is_refused_is_answered_all_the_same() -> None:
    client = Client(resource(SDS, "kubernetes://s"))
    client.ask(SDS, "kubernetes://s")
    assert said(client.answer(SDS, error="mismatch")) == ["SDS -kubernetes://s"]


def test_a_refusal_of_several_that_names_nobody_is_narrowed_down() -> None:
    bad = resource(LDS, "b")
    client = Client(resource(LDS, "a"), bad, resource(LDS, "c"))
    client.ask(LDS)
    assert said(client.answer(LDS, error="something is wrong")) == ["LDS a@1"]
    assert said(client.answer(LDS)) == ["LDS b@1"]
    assert said(client.answer(LDS, error="something is wrong")) == ["LDS c@1"]
    assert [event.resource for event in client.events if isinstance(event, Refused)] == [bad]
    assert client.answer(LDS) == []
    assert client.stream.versions(LDS) == {"a": "1", "c": "1"}


def test_the_last_good_version_of_a_refused_secret_is_sent_once_more() -> None:
    client = Client(resource(SDS, "kubernetes://s", "1"))
    client.ask(SDS, "kubernetes://s")
    client.answer(SDS)
    client.publish(resource(SDS, "kubernetes://s", "2"))
    assert client.answer(SDS, error="mismatch") == []
    assert said(client.publish(resource(SDS, "kubernetes://s", "1"))) == ["SDS kubernetes://s@1"]


def test_endpoints_are_not_taken_away_when_they_are_gone_before_newer_ones_are_refused() -> None:
    """A cluster that was not replaced has the older ones still, and a listener that is draining may use it."""
    cluster, endpoints = web()
    client = Client(cluster, endpoints)
    client.ask(EDS, "web")
    client.answer(EDS)
    assert said(client.publish(cluster, resource(EDS, "web", "2"))) == ["EDS web@2"]
    assert client.publish() == []
    assert client.answer(EDS, error="bad") == []


def test_the_last_good_version_of_a_refused_listener_is_there_still() -> None:
    client = Client(resource(LDS, "l", "1"))
    client.ask(LDS)
    client.answer(LDS)
    client.publish(resource(LDS, "l", "2"))
    assert client.answer(LDS, error="bad") == []
    assert client.publish(resource(LDS, "l", "1")) == []


def test_what_is_withheld_is_neither_sent_nor_taken_away() -> None:
    client = Client()
    client.publish(withheld=[(LDS, "l")])
    assert client.ask(LDS, has={"l": "of an earlier control plane"}) == []
    assert said(client.publish()) == ["LDS -l"]


def test_a_route_waits_for_its_new_cluster_and_the_endpoints_of_it() -> None:
    client = Client(resource(RDS, "r", "1"))
    client.ask(CDS)
    client.answer(CDS)
    client.ask(RDS, "r")
    client.answer(RDS)
    assert said(client.publish(*web(), resource(RDS, "r", "2", (CDS, "web")))) == ["CDS web@1"]
    assert client.answer(CDS) == []
    assert said(client.ask(EDS, "web")) == ["EDS web@1"]
    assert said(client.answer(EDS)) == ["RDS r@2"]


def test_a_route_does_not_wait_for_a_cluster_that_was_refused_or_does_not_exist() -> None:
    client = Client(*web(), resource(RDS, "r", "1", (CDS, "web"), (CDS, "unknown")))
    client.ask(CDS)
    assert client.ask(RDS, "r") == []
    assert said(client.answer(CDS, error="bad")) == ["RDS r@1"]


def test_a_cluster_that_changed_gets_its_endpoints_again() -> None:
    client = Client(*web("1"))
    client.ask(CDS)
    client.ask(EDS, "web")
    client.answer(EDS)
    client.answer(CDS)
    assert said(client.publish(*web("2"))) == ["CDS web@2", "EDS web@1"]


def test_a_cluster_that_changed_while_nobody_was_there_gets_its_endpoints_again() -> None:
    client = Client(*web("2"))
    assert said(client.ask(CDS, has={"web": "1"})) == ["CDS web@2"]
    assert said(client.ask(EDS, "web", has={"web": "1"})) == ["EDS web@1"]


def test_a_cluster_goes_only_after_the_route_that_used_it() -> None:
    route, listener = resource(RDS, "r", "1", (CDS, "web")), resource(LDS, "l", "1", (RDS, "r"))
    client = settled(*web(), listener, route)
    assert said(client.publish(listener, resource(RDS, "r", "2"))) == ["RDS r@2"]
    assert client.stream.settled is False
    assert said(client.answer(RDS)) == ["CDS -web"]


def test_a_cluster_goes_only_after_the_new_listener_got_all_that_it_asks_for() -> None:
    route, listener = resource(RDS, "r", "1", (CDS, "web")), resource(LDS, "l", "1", (RDS, "r"))
    client = settled(*web(), listener, route)
    renamed = (resource(LDS, "l", "2", (RDS, "new")), resource(RDS, "new"))
    assert said(client.publish(*renamed)) == ["LDS l@2"]
    assert client.answer(LDS) == []
    assert said(client.ask(RDS, "new")) == ["RDS new@1"]
    assert client.answer(RDS) == []  # the old listener is draining, and its routes are still asked for
    assert client.stream.settled
    assert said(client.give_up(RDS, "r")) == ["CDS -web"]


def test_a_cluster_whose_service_is_gone_is_not_kept_by_the_route_that_still_names_it() -> None:
    route, listener = resource(RDS, "r", "1", (CDS, "web")), resource(LDS, "l", "1", (RDS, "r"))
    client = settled(*web(), listener, route)
    assert said(client.publish(listener, route)) == ["CDS -web"]


def test_nothing_goes_before_it_is_known_what_is_in_use() -> None:
    client = Client(resource(LDS, "l", "1", (RDS, "r")), resource(RDS, "r"))
    assert client.ask(CDS, has={"web": "1"}) == []
    assert client.ask(LDS, has={"l": "1"}) == []
    assert said(client.ask(RDS, "r", has={"r": "0"})) == ["RDS r@1"]
    assert said(client.answer(RDS)) == ["CDS -web"]


def test_a_stream_is_settled_when_its_listeners_have_what_they_ask_for() -> None:
    client = Client(resource(LDS, "l", "1", (SDS, "kubernetes://s")))
    assert not client.stream.settled
    client.ask(LDS)
    assert not client.stream.settled
    client.answer(LDS)
    assert not client.stream.settled
    client.ask(SDS, "kubernetes://s")
    client.answer(SDS)
    assert client.stream.settled


def site(host: str, version: str = "1") -> tuple[Resource, ...]:
    """A host that is served on demand: its cluster with endpoints, its scope, its secret."""
    scope = resource(SRDS, f"https|{host}", version, (CDS, host))
    return (
        resource(CDS, host, "1", (EDS, host)),
        resource(EDS, host),
        scope,
        resource(SDS, host, version, scope.key),
    )


def on_demand(*resources: Resource) -> Client:
    """A client that serves on demand, and has asked for nothing yet."""
    client = Client(SHARED, *resources)
    for type_ in (CDS, LDS, SRDS):
        client.ask(type_)
        client.answer(type_)
    return client


SHARED = resource(LDS, "shared", "1", (SRDS, "*"))


def test_scopes_go_one_by_one_and_are_taken_away() -> None:
    client = Client(resource(SRDS, "a"), resource(SRDS, "b"))
    assert said(client.ask(SRDS)) == ["SRDS a@1", "SRDS b@1"]
    client.stream.receive(Request(SRDS, nonce="1"))
    client.stream.receive(Request(SRDS, nonce="2", error="invalid perl operator"))
    assert client.stream.versions(SRDS) == {"a": "1"}
    assert said(client.publish()) == ["SRDS -a"]


def test_who_asks_for_all_scopes_is_answered_even_if_there_are_none() -> None:
    assert said(Client().ask(SRDS)) == ["SRDS"]


def test_what_is_asked_for_is_answered_when_the_world_has_spoken() -> None:
    client = on_demand()
    assert client.ask(SDS, "a.test", "nobody.test") == []
    assert client.asked == ((SDS, "a.test"), (SDS, "nobody.test"))
    assert client.publish(SHARED, resource(RDS, "of no interest")) == []
    assert said(client.publish(SHARED, resource(SDS, "a.test"))) == ["SDS a.test@1"]
    client.world.answer((SDS, "nobody.test"))
    assert said(client.publish(SHARED, resource(SDS, "a.test"))) == ["SDS -nobody.test"]


def test_a_cold_host_is_served_in_two_steps() -> None:
    client = on_demand()
    client.ask(EDS)
    client.ask(SDS, "a.test")
    assert said(client.publish(SHARED, *site("a.test"))) == ["CDS a.test@1", "SRDS https|a.test@1"]
    assert said(client.ask(EDS, "a.test")) == ["EDS a.test@1", "SDS a.test@1"]


def test_a_scope_in_use_waits_until_its_new_cluster_serves() -> None:
    client = on_demand()
    client.ask(SDS, "a.test")
    client.publish(SHARED, *site("a.test"))
    client.ask(EDS, "a.test")
    for type_ in (CDS, SRDS, EDS, SDS):
        client.answer(type_)
    cluster, endpoints, _, secret = site("a.test")
    scope = resource(SRDS, "https|a.test", "2", (CDS, "web"))
    assert said(client.publish(SHARED, cluster, endpoints, scope, secret, *web())) == ["CDS web@1"]
    client.ask(EDS, "web")
    assert client.answer(CDS) == []
    assert said(client.answer(EDS)) == ["SRDS https|a.test@2"]


def test_what_the_world_has_already_is_answered_at_once_and_asked_for_all_the_same() -> None:
    client = on_demand(resource(SDS, "a.test"))
    assert said(client.ask(SDS, "a.test")) == ["SDS a.test@1"]
    assert client.asked == ((SDS, "a.test"),)


def test_a_host_in_use_goes_secret_first_then_scope_then_cluster_and_nothing_is_remembered() -> None:
    client = on_demand()
    client.ask(SDS, "a.test")
    client.publish(SHARED, *site("a.test"))
    client.ask(EDS, "a.test")
    for type_ in (CDS, SRDS, EDS, SDS):
        client.answer(type_)
    assert said(client.publish(SHARED)) == ["SDS -a.test"]
    assert said(client.answer(SDS)) == ["SRDS -https|a.test"]
    assert said(client.answer(SRDS)) == ["CDS -a.test"]
    client.give_up(SDS, "a.test")
    assert client.left == ((SDS, "a.test"),)
    assert client.stream.versions(SDS) == {}


def test_what_was_absent_and_comes_is_sent_to_who_still_asks() -> None:
    client = on_demand()
    client.ask(SDS, "a.test")
    client.world.answer((SDS, "a.test"))
    assert said(client.publish(SHARED)) == ["SDS -a.test"]
    client.answer(SDS)
    assert said(client.publish(SHARED, resource(SDS, "a.test"))) == ["SDS a.test@1"]


def test_routes_that_were_asked_for_wait_for_the_world_too() -> None:
    client, name = on_demand(), "asked/1/https|a.test"
    assert client.ask(RDS, name) == []
    assert client.asked == ((RDS, name),)
    assert said(client.publish(SHARED, resource(RDS, name))) == [f"RDS {name}@1"]


def test_what_a_client_comes_with_stays_until_the_world_has_spoken_about_it() -> None:
    client = Client(SHARED)
    for type_ in (CDS, EDS, LDS, SRDS, SDS):
        had = {found.name: found.version for found in (SHARED, *site("a.test"), *site("b.test")) if found.type is type_}
        assert client.ask(type_, *(had if type_ in (EDS, SDS) else ()), has=had) == []
    assert client.asked == ((SDS, "a.test"), (SDS, "b.test"))
    assert client.publish(SHARED, *site("a.test")) == []
    assert {event.type for event in client.events if isinstance(event, Accepted)} == {CDS, EDS, SRDS, SDS}
    client.world.answer((SDS, "b.test"))
    assert client.publish(SHARED, *site("a.test")) == []
    client.world.answer((SRDS, "https|b.test"))
    assert said(client.publish(SHARED, *site("a.test"))) == ["SDS -b.test"]
    assert said(client.answer(SDS)) == ["SRDS -https|b.test"]
    assert said(client.answer(SRDS)) == ["CDS -b.test"]


def test_scopes_that_a_client_comes_with_are_asked_about_for_it_may_need_them() -> None:
    client, (cluster, endpoints, scope, _) = Client(SHARED), site("a.test")
    assert client.ask(SRDS, has={scope.name: scope.version, "https|b.test": "1"}) == []
    assert client.asked == (scope.key, (SRDS, "https|b.test"))
    client.ask(SDS)
    client.world.answer((SRDS, "https|b.test"))
    assert said(client.publish(SHARED, cluster, endpoints, scope)) == ["SRDS -https|b.test"]


def test_a_listener_that_serves_on_demand_again_is_told_the_scopes_again() -> None:
    client = on_demand(resource(SRDS, "a"))
    assert said(client.publish(resource(SRDS, "a"))) == ["LDS -shared"]
    client.answer(LDS)
    assert said(client.publish(SHARED, resource(SRDS, "a"))) == ["LDS shared@1", "SRDS a@1"]


class Counted(Wanted):
    """Counts how many names were looked at."""

    looked_at = 0

    def get_resource(self, key: Key) -> Resource | None:
        self.looked_at += 1
        return super().get_resource(key)


def changes_of_one(hosts: int) -> tuple[int, int]:
    """How many names are looked at if one of so many hosts in use changes, until it is acknowledged; and if it goes."""
    client, world = Client(), Counted()
    names = [f"h{number}" for number in range(hosts)]
    for found in (SHARED, *(found for name in names for found in site(name))):
        world.put(found)
    world.touched()
    client.stream = DeltaStream()
    client.stream.publish(world, ())
    for type_ in (CDS, EDS, LDS, SRDS, SDS):
        client.ask(type_, *(names if type_ in (EDS, SDS) else ()), has={n: r.version for n, r in world[type_].items()})
    assert client.stream.settled
    world.looked_at = 0
    for found in site("h0", "2"):
        world.put(found)
    assert said(client._note(client.stream.publish(world, world.touched()))) == ["SRDS https|h0@2", "SDS h0@2"]
    client.answer(SDS)
    client.answer(SRDS)
    assert client.stream.settled
    changed, world.looked_at = world.looked_at, 0
    for found in site("h0"):
        world.drop(found.key)
    client._note(client.stream.publish(world, world.touched()))
    client.answer(SDS)
    assert said(client.answer(SRDS)) == ["CDS -h0"]
    return changed, world.looked_at


def test_a_change_of_one_costs_one_however_many_are_in_use() -> None:
    assert changes_of_one(10_000) == changes_of_one(10)
    assert max(changes_of_one(10)) < 60


def settled(*resources: Resource) -> Client:
    """A client that has everything."""
    client = Client(*resources)
    for type_ in (CDS, EDS, LDS, RDS):
        names = [found.name for found in resources if found.type is type_]
        client.ask(type_, *(names if type_ in (EDS, RDS) else ()))
        client.answer(type_)
    assert client.stream.settled
    return client
