"""The protocol step by step: what is said to what was asked, and in which order."""

from collections.abc import Iterable

from pylae.xds.absence import stand_in
from pylae.xds.delta import Accepted, DeltaStream, Refused, Sync, Turn
from pylae.xds.message import Node, Request, Response
from pylae.xds.resource import Key, Resource, ResourceSet, Type

CDS, EDS, LDS, RDS, SDS = Type


def resource(type_: Type, name: str, version: str = "1", *needs: Key) -> Resource:
    return Resource(type_, name, version, b"", needs)


def web(version: str = "1") -> tuple[Resource, Resource]:
    """A cluster and its endpoints."""
    return resource(CDS, "web", version, (EDS, "web")), resource(EDS, "web")


def world(*resources: Resource, withheld: Iterable[Key] = ()) -> ResourceSet:
    named = {type_: {found.name: found for found in resources if found.type is type_} for type_ in Type}
    return ResourceSet.of(named, frozenset(withheld))


class Client:
    """Says what a test tells it to, and remembers the last nonce of each type."""

    def __init__(self, *resources: Resource) -> None:
        self.stream = DeltaStream()
        self.nonces: dict[Type, str] = {}
        self.publish(*resources)

    def publish(self, *resources: Resource, withheld: Iterable[Key] = ()) -> list[Response]:
        return self._note(self.stream.publish(world(*resources, withheld=withheld)))

    def ask(self, type_: Type, *names: str, has: dict[str, str] | None = None) -> list[Response]:
        return self._note(self.stream.receive(Request(type_, names, initial_versions=has or {})))

    def give_up(self, type_: Type, *names: str) -> list[Response]:
        return self._note(self.stream.receive(Request(type_, unsubscribe=names)))

    def answer(self, type_: Type, error: str | None = None) -> list[Response]:
        self.turn = self.stream.receive(Request(type_, nonce=self.nonces[type_], error=error))
        return self._note(self.turn)

    def _note(self, turn: Turn) -> list[Response]:
        self.events = turn.events
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
    turn = stream.publish(world(resource(LDS, "l")))
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
    client = Client(resource(SDS, "a"), resource(SDS, "b"), resource(SDS, "not-asked-for"))
    assert said(client.ask(SDS, "a", "b")) == ["SDS a@1", "SDS b@1"]


def test_what_does_not_exist_is_told_at_once_in_the_words_that_end_the_waiting() -> None:
    client = Client()
    empty_routes, no_endpoints = stand_in(RDS, "r"), stand_in(EDS, "c")
    assert empty_routes is not None
    assert no_endpoints is not None
    assert said(client.ask(SDS, "s")) == ["SDS -s"]
    assert said(client.ask(RDS, "r")) == [f"RDS r@{empty_routes.version}"]
    assert said(client.ask(EDS, "c")) == [f"EDS c@{no_endpoints.version}"]


def test_what_did_not_exist_is_sent_when_it_comes() -> None:
    client = Client()
    client.ask(SDS, "s")
    client.answer(SDS)
    assert said(client.publish(resource(SDS, "s"))) == ["SDS s@1"]


def test_what_is_gone_is_left_to_those_who_asked_for_it_by_name() -> None:
    client = Client(resource(SDS, "s"), resource(RDS, "r"))
    client.ask(SDS, "s")
    client.ask(RDS, "r")
    client.answer(SDS)
    client.answer(RDS)
    assert client.publish() == []
    assert client.publish(resource(SDS, "s"), resource(RDS, "r")) == []
    assert said(client.publish(resource(SDS, "s", "2"), resource(RDS, "r", "2"))) == ["RDS r@2", "SDS s@2"]


def test_what_changes_while_an_answer_is_outstanding_goes_with_the_next() -> None:
    client = Client(resource(LDS, "a"), resource(SDS, "s"))
    client.ask(LDS)
    client.ask(SDS, "s")
    assert client.publish(resource(LDS, "a", "2"), resource(SDS, "s", "2")) == []
    assert client.publish(resource(LDS, "a", "3"), resource(LDS, "b"), resource(SDS, "s", "3")) == []
    assert said(client.answer(LDS)) == ["LDS a@3 b@1"]
    assert said(client.answer(SDS)) == ["SDS s@3"]


def test_one_name_does_not_wait_for_another() -> None:
    client = Client(resource(SDS, "a"), resource(SDS, "b"))
    client.ask(SDS, "a")
    assert said(client.ask(SDS, "b")) == ["SDS b@1"]


def test_an_answer_to_an_older_response_counts_for_nothing_and_what_it_asks_for_counts() -> None:
    client = Client(resource(SDS, "a"), resource(SDS, "b"))
    client.ask(SDS, "a")
    turn = client.stream.receive(Request(SDS, ("b",), nonce="of yesterday", error="bad"))
    assert (said(list(turn.responses)), turn.events) == (["SDS b@1"], ())
    assert client.stream.versions(SDS) == {}


def test_a_client_that_comes_with_what_there_is_is_sent_nothing_and_counts_as_having_accepted_it() -> None:
    listener, secret = resource(LDS, "l"), resource(SDS, "s")
    client = Client(listener, secret)
    assert client.ask(LDS, has={"l": "1"}) == []
    assert client.events == (Accepted(LDS, "", (listener,)),)
    assert client.ask(SDS, "s", has={"s": "1"}) == []
    assert client.stream.settled


def test_a_client_that_comes_with_something_else_is_sent_what_differs() -> None:
    client = Client(resource(LDS, "a", "2"), resource(LDS, "b"), resource(SDS, "s", "2"))
    assert said(client.ask(LDS, has={"a": "1", "b": "1", "gone": "1"})) == ["LDS a@2 -gone"]
    assert said(client.ask(SDS, "s", "t", has={"s": "1", "t": "1"})) == ["SDS s@2"]


def test_who_asks_again_is_answered_again() -> None:
    client = Client(resource(SDS, "s"))
    client.ask(SDS, "s")
    client.answer(SDS)
    assert said(client.ask(SDS, "s")) == ["SDS s@1"]
    client.answer(SDS)
    client.give_up(SDS, "s")
    assert client.publish(resource(SDS, "s", "2")) == []
    assert said(client.ask(SDS, "s")) == ["SDS s@2"]


def test_what_is_acknowledged_is_reported_with_the_nonce() -> None:
    secret = resource(SDS, "s")
    client = Client(secret)
    [response] = client.ask(SDS, "s")
    client.answer(SDS)
    assert client.events == (Accepted(SDS, response.nonce, (secret,)),)
    assert client.stream.versions(SDS) == {"s": "1"}


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
    assert client.publish(resource(LDS, "l", "1"), resource(SDS, "s")) == []
    assert said(client.publish(resource(LDS, "l", "2"))) == ["LDS l@2"]


def test_what_was_refused_is_sent_again_when_that_is_asked_for() -> None:
    listener = resource(LDS, "l")
    client = Client(listener)
    client.ask(LDS)
    client.answer(LDS, error="bad")
    again = ResourceSet.of({LDS: {"l": listener}}, again=frozenset({listener.key}))
    assert said(list(client.stream.publish(again).responses)) == ["LDS l@1"]


def test_a_name_whose_first_version_is_refused_is_answered_all_the_same() -> None:
    client = Client(resource(SDS, "s"))
    client.ask(SDS, "s")
    assert said(client.answer(SDS, error="mismatch")) == ["SDS -s"]


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
    client = Client(resource(SDS, "s", "1"))
    client.ask(SDS, "s")
    client.answer(SDS)
    client.publish(resource(SDS, "s", "2"))
    assert client.answer(SDS, error="mismatch") == []
    assert said(client.publish(resource(SDS, "s", "1"))) == ["SDS s@1"]


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
    client = Client(resource(LDS, "l", "1", (SDS, "s")))
    assert not client.stream.settled
    client.ask(LDS)
    assert not client.stream.settled
    client.answer(LDS)
    assert not client.stream.settled
    client.ask(SDS, "s")
    client.answer(SDS)
    assert client.stream.settled


def settled(*resources: Resource) -> Client:
    """A client that has everything."""
    client = Client(*resources)
    for type_ in (CDS, EDS, LDS, RDS):
        names = [found.name for found in resources if found.type is type_]
        client.ask(type_, *(names if type_ in (EDS, RDS) else ()))
        client.answer(type_)
    assert client.stream.settled
    return client
