"""Hosts in use: made when they are asked for, kept by every change, gone when nobody uses them."""

from collections.abc import Callable
from datetime import timedelta

import edits
import pytest
from demand import GOOD, LISTENER, RENEWED, Stage, gateway, routes, secret, service, shop
from edits import NAMES, Edit
from hypothesis import given, settings
from hypothesis import strategies as st

from pylae.controlplane.fleet.on_demand import SPELLINGS, Use
from pylae.controlplane.fleet.sweep import Sweep
from pylae.model.ir.scope import NO_SNI
from pylae.xds.resource import Key, Type

SCOPE = f"{LISTENER}|a.io"
CLUSTER = "outbound|80||x.shop.svc.cluster.local"

Step = Callable[["Conversation"], None]


class Conversation(Stage):
    """A configuration with Envoys that ask, leave, let what is gone be gone, and are swept."""

    def __init__(self) -> None:
        super().__init__()
        self.sweep, self.moment = Sweep(self.on_demand), 0.0
        self.tell(*edits.at_work(), secret("c", GOOD))

    def edit(self, edit: Edit) -> None:
        (self.tell if edit.here else self.take_away)(edit.object_)

    def go_on(self) -> None:
        self.moment += 10
        self.sweep.work(self.moment, timedelta(seconds=10), timedelta(seconds=15))

    def ask_routes(self, host: str) -> None:
        if (use := self.on_demand.uses.get(host)) and use.probe:
            self.ask(*(use.routes_of(site.scope) for site in use.sites))

    def leave_host(self, host: str) -> None:
        if use := self.on_demand.uses.get(host):
            self.leave(*use.spellings)

    def leave_what_is_gone(self) -> None:
        for use in tuple(self.on_demand.uses.values()):
            self.leave(*(name for name in tuple(use.spellings) if not self.get(Type.SECRET, name)))
        needed = {use.routes_of(site.scope) for use in self.on_demand.uses.values() for site in use.sites}
        self.leave(*(name for name in self.names(Type.ROUTE) if name.startswith("asked/") and name not in needed))

    def close_what_went_ahead(self) -> None:
        """Of hosts that are kept for old connections only, one that comes anew knows nothing."""
        for use in tuple(self.on_demand.uses.values()):
            if use.sites != self.configuration.translator.ask(use.host)[1]:
                self.on_demand.close(use)


def anew(stage: Stage) -> Stage:
    """The same objects and uses, for a configuration that is new to them."""
    made = Stage(stage.cluster)
    made.know_all()
    for use in stage.on_demand.uses.values():
        retrace(use, stage, made)
    return made


def retrace(use: Use, stage: Stage, made: Stage) -> None:
    made.ask(*sorted(use.spellings))
    if not use.spellings:
        names = [f"asked/0/{site.scope.name}" for site in use.sites]
        made.ask(*names)
        made.leave(*names)
    if use.probe:
        made.on_demand.probe(made.use(use.host), use.probe)
    if use.rests:
        made.on_demand.rest(made.use(use.host))
    asked = [use.routes_of(site.scope) for site in use.sites if use.probe]
    made.ask(*(name for name in asked if stage.get(Type.ROUTE, name)))


def served(stage: Stage) -> dict[Key, tuple[str, tuple[Key, ...]]]:
    world = stage.configuration.world
    return {found.key: (found.version, found.needs) for type_ in Type for found in world[type_].values()}


def steps() -> st.SearchStrategy[Step]:
    hosts = st.sampled_from((*NAMES, "A.io"))
    secrets = st.builds(secret, st.sampled_from("cd"), st.sampled_from((GOOD, RENEWED)))
    return st.one_of(
        edits.edits().map(lambda edit: lambda stage: stage.edit(edit)),
        edits.edits().map(lambda edit: lambda stage: stage.edit(edit)),
        secrets.map(lambda made: lambda stage: stage.tell(made)),
        secrets.map(lambda made: lambda stage: stage.take_away(made)),
        hosts.map(lambda host: lambda stage: stage.ask(host)),
        hosts.map(lambda host: lambda stage: stage.ask(host)),
        hosts.map(lambda host: lambda stage: stage.ask_routes(host)),
        hosts.map(lambda host: lambda stage: stage.ask_routes(host)),
        hosts.map(lambda host: lambda stage: stage.leave_host(host)),
        st.just(lambda stage: stage.go_on()),
        st.just(lambda stage: stage.go_on()),
    )


@settings(max_examples=100)
@given(st.lists(steps(), min_size=10, max_size=30))
def test_after_anything_the_world_is_what_the_same_questions_would_make_of_it_anew(script: list[Step]) -> None:
    stage = Conversation()
    stage.ask(*NAMES)
    assert len(stage.on_demand.uses) == 4
    for step in script:
        step(stage)
        stage.leave_what_is_gone()
    stage.close_what_went_ahead()
    assert served(stage) == served(anew(stage))
    for use in tuple(stage.on_demand.uses.values()):
        stage.leave(*use.spellings)
        if use.host in stage.on_demand.uses:
            stage.on_demand.close(use)
    assert nothing_is_left(stage)
    assert served(stage) == served(anew(stage))


def nothing_is_left(stage: Stage) -> bool:
    return not any((stage.on_demand.uses, stage.on_demand._below, stage.on_demand._reading))


def test_a_host_that_is_asked_for_has_its_backends_routes_and_certificate() -> None:
    stage = shop()
    assert stage.names(Type.SCOPE) == stage.names(Type.CLUSTER) == stage.names(Type.SECRET) == []
    stage.ask("a.io")
    assert (stage.names(Type.SCOPE), stage.names(Type.CLUSTER), stage.names(Type.ENDPOINT)) == (
        [SCOPE],
        [CLUSTER],
        [CLUSTER],
    )
    made = stage.get(Type.SECRET, "a.io")
    assert made is not None
    assert made.needs == ((Type.SCOPE, SCOPE),)


@pytest.mark.parametrize("name", ["nobody.io", "b.a.io", "io", ".", "", "*.io", "*", "a.io.", "asked/1/x|a.io"])
def test_a_name_nobody_owns_is_answered_as_absent_and_leaves_nothing(name: str) -> None:
    stage = shop()
    before = served(stage)
    stage.ask(name)
    assert any(key[1] == name for key in stage.touched())
    assert served(stage) == before
    assert nothing_is_left(stage)


def test_a_host_without_a_certificate_is_answered_as_absent_and_leaves_nothing() -> None:
    stage = Stage()
    stage.tell(gateway("g", "a.io"), routes("v", "a.io"), service("x"))
    before = served(stage)
    stage.ask("a.io")
    assert (Type.SECRET, "a.io") in stage.touched()
    assert served(stage) == before
    assert nothing_is_left(stage)


def test_of_a_host_a_few_spellings_are_answered_and_no_more_until_one_is_left() -> None:
    stage = shop()
    spellings = [f"{'A.IO'[:upper]}{'a.io'[upper:]}" for upper in (0, 1, 3, 4)] + ["a.Io"]
    stage.ask(*spellings)
    assert stage.names(Type.SECRET) == sorted(spellings[:SPELLINGS])
    stage.leave(spellings[0])
    stage.ask(spellings[4])
    assert stage.names(Type.SECRET) == sorted(spellings[1:])


def test_odd_spellings_never_keep_a_host_from_those_who_spell_it_in_lower_case() -> None:
    stage = shop()
    odd = ["A.io", "a.Io", "a.iO", "A.Io", "A.IO"]
    stage.ask(*odd, "a.io")
    assert stage.names(Type.SECRET) == sorted([*odd[:SPELLINGS], "a.io"])


def test_of_a_wildcard_so_many_names_are_answered_and_no_more_until_one_is_left() -> None:
    stage = shop("*.io")
    stage.on_demand.room_below = 2
    stage.ask("a.io", "b.io", "c.io")
    assert stage.names(Type.SECRET) == ["a.io", "b.io"]
    stage.leave("a.io")
    stage.ask("c.io")
    assert stage.names(Type.SECRET) == ["b.io", "c.io"]


def test_clients_that_name_no_host_have_one_of_their_own() -> None:
    stage = shop("*")
    stage.ask(NO_SNI)
    assert stage.names(Type.SCOPE) == [f"{LISTENER}|-"]


def test_a_host_that_is_sent_ahead_by_now_keeps_its_scope_for_open_connections() -> None:
    stage = shop()
    stage.ask("a.io")
    stage.tell(gateway("g", "a.io", serve="ahead"))
    assert stage.names(Type.SCOPE) == [SCOPE]
    stage.tell(gateway("g", "a.io", serve="ahead", minProtocolVersion="TLSV1_3"))
    assert stage.names(Type.SCOPE) == [SCOPE]


def test_a_host_that_asks_its_clients_for_a_certificate_by_now_takes_its_scope_away() -> None:
    stage = shop()
    stage.ask("a.io")
    stage.tell(gateway("g", "a.io", mode="MUTUAL"))
    assert stage.names(Type.SCOPE) == []
    assert nothing_is_left(stage)


def test_a_host_that_another_gateway_has_by_now_is_served_as_that_one_says() -> None:
    stage = shop()
    stage.tell(routes("w", "a.io", to="y", gateways=("h",)), service("y"), secret("d", RENEWED))
    stage.ask("a.io")
    before = stage.get(Type.SECRET, "a.io")
    stage.take_away(gateway("g"))
    assert stage.names(Type.SCOPE) == []
    stage.tell(gateway("h", "a.io", credential="d"))
    stage.ask("a.io")
    assert stage.get(Type.SECRET, "a.io") != before
    assert stage.names(Type.CLUSTER) == [CLUSTER.replace("x.shop", "y.shop")]


def test_a_name_moves_below_a_wildcard_when_its_own_host_goes() -> None:
    stage = shop("a.io")
    stage.tell(gateway("h", "*.io"), routes("w", "*.io", gateways=("h",)))
    stage.ask("a.io")
    assert stage.use("a.io").pattern == "a.io"
    stage.take_away(gateway("g"))
    assert stage.use("a.io").pattern == "*.io"
    stage.leave("a.io")
    assert nothing_is_left(stage)


def test_of_hosts_on_two_ports_the_most_exact_one_says_what_the_certificate_is() -> None:
    stage = shop("*")
    second = gateway("h", "a.io", server=edits.SERVERS[10], credential="d")
    stage.tell(*edits.at_work()[5:6], second, routes("w", "a.io", gateways=("h",)), secret("d", RENEWED))
    stage.ask("a.io")
    assert stage.names(Type.SCOPE) == [SCOPE, SCOPE.replace("443", "444")]
    use = stage.use("a.io")
    assert use.pattern == "a.io"
    assert [site.scope.listener for site in use.sites] == [LISTENER.replace("443", "444"), LISTENER]
    assert "d" in use.sites[0].certificate.name


def test_a_backend_that_is_another_kind_of_service_by_now_gets_its_endpoints() -> None:
    stage = shop()
    entry = {"hosts": ["x.shop.svc.cluster.local"], "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}]}
    stage.take_away(service("x"))
    of_dns = edits.of(edits.SERVICE_ENTRY, "e", "shop", edits.AGES[0], {"spec": {**entry, "resolution": "DNS"}})
    stage.tell(of_dns)
    stage.ask("a.io")
    assert (stage.names(Type.CLUSTER), stage.names(Type.ENDPOINT)) == ([CLUSTER], [])
    stage.tell(service("x"))
    assert stage.names(Type.ENDPOINT) == [CLUSTER]
    stage.take_away(service("x"))
    assert stage.names(Type.ENDPOINT) == []


def a_use(stage: Stage) -> Use:
    stage.ask("a.io")
    return stage.use("a.io")


def test_a_host_at_rest_has_its_scope_and_nothing_else_and_wakes_when_a_client_comes() -> None:
    stage = shop()
    use = a_use(stage)
    before = served(stage)
    stage.on_demand.probe(use, "asked/1/")
    stage.on_demand.rest(use)
    assert (stage.names(Type.SECRET), stage.names(Type.CLUSTER)) == ([], [])
    stage.leave("a.io")
    assert stage.names(Type.SCOPE) == [SCOPE]
    stage.ask("a.io")
    assert served(stage) == before


def test_a_host_at_rest_that_cannot_be_woken_keeps_its_scope() -> None:
    stage = shop()
    use = a_use(stage)
    stage.on_demand.rest(use)
    stage.take_away(secret("c", GOOD))
    stage.ask("a.io")
    assert use.rests
    assert stage.names(Type.SCOPE) == [SCOPE]


def test_routes_that_are_asked_for_come_with_the_backends_that_had_been_let_go() -> None:
    stage = shop()
    use = a_use(stage)
    stage.on_demand.probe(use, "asked/1/")
    stage.on_demand.rest(use)
    stage.ask(f"asked/1/{SCOPE}")
    assert stage.names(Type.ROUTE) == [f"asked/1/{SCOPE}"]
    assert stage.names(Type.CLUSTER) == [CLUSTER]
    stage.tell(routes("v", "a.io", to="y"), service("y"))
    assert stage.names(Type.CLUSTER) == [CLUSTER.replace("x.shop", "y.shop")]


def test_routes_that_an_envoy_has_of_an_earlier_control_plane_are_there_until_it_leaves_them() -> None:
    stage = shop()
    stage.ask(f"asked/7/{SCOPE}")
    assert (stage.names(Type.SCOPE), stage.names(Type.ROUTE)) == ([SCOPE], [f"asked/7/{SCOPE}"])
    stage.ask("a.io")
    stage.leave(f"asked/7/{SCOPE}", "a.io")
    assert stage.names(Type.ROUTE) == []
    assert nothing_is_left(stage)


def test_the_scope_of_an_envoy_from_before_is_there_though_new_clients_are_served_elsewhere() -> None:
    stage = shop(serve="ahead")
    stage.ask("a.io")
    assert stage.names(Type.SCOPE) == []
    stage.on_demand.ask((Type.SCOPE, SCOPE))
    stage.leave("a.io")
    assert stage.names(Type.SCOPE) == [SCOPE]
    stage.on_demand.leave((Type.SCOPE, SCOPE))
    assert nothing_is_left(stage)


def test_the_scope_of_an_envoy_from_before_is_there_beside_that_of_another_port_which_is_in_use() -> None:
    stage = shop(serve="ahead")
    second = gateway("h", "a.io", server=edits.SERVERS[10])
    stage.tell(*edits.at_work()[5:6], second, routes("w", "a.io", gateways=("h",)))
    stage.ask("a.io")
    assert stage.names(Type.SCOPE) == [SCOPE.replace("443", "444")]
    stage.on_demand.ask((Type.SCOPE, SCOPE))
    assert stage.names(Type.SCOPE) == [SCOPE, SCOPE.replace("443", "444")]
    stage.leave("a.io")
    assert nothing_is_left(stage)


def test_a_certificate_that_is_taken_away_ends_no_connection() -> None:
    stage = shop()
    stage.ask("a.io")
    stage.take_away(secret("c", GOOD))
    stage.leave("a.io")
    assert (stage.names(Type.SECRET), stage.names(Type.CLUSTER), stage.names(Type.SCOPE)) == ([], [CLUSTER], [SCOPE])
    stage.tell(secret("c", GOOD))
    stage.ask("a.io")
    stage.leave("a.io")
    assert nothing_is_left(stage)


def test_the_scope_of_an_envoy_from_before_is_there_while_it_stays_with_or_without_a_certificate() -> None:
    stage = shop()
    key = (Type.SCOPE, SCOPE)
    stage.take_away(secret("c", GOOD))
    stage.on_demand.ask(key)
    stage.ask("a.io")
    assert stage.names(Type.SCOPE) == [SCOPE]
    stage.on_demand.leave(key)
    assert nothing_is_left(stage)
