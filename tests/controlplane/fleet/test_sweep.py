"""Rounds of the sweep: a host that is used is asked about again, one that is not rests, and is closed in the end."""

from datetime import timedelta

from demand import LISTENER, Stage, shop

from pylae.controlplane.fleet.sweep import Sweep
from pylae.xds.resource import Type

HOUR, MINUTE, NEVER = timedelta(hours=1), timedelta(minutes=1), timedelta(0)
SCOPE = f"{LISTENER}|a.io"


class Rounds:
    """One round after the other, an hour apart."""

    def __init__(self, connection_idle: timedelta = 2 * HOUR) -> None:
        self.stage = shop("a.io")
        self.stage.ask("a.io")
        self.sweep = Sweep(self.stage.on_demand)
        self.now, self.idle = 0.0, connection_idle

    def next(self) -> None:
        self.now += HOUR.total_seconds()
        self.sweep.work(self.now, HOUR, self.idle)

    def request(self) -> None:
        """Envoy asks for the routes, if it has not got them."""
        use = self.stage.use("a.io")
        self.stage.ask(*(use.routes_of(site.scope) for site in use.sites))

    @property
    def stages(self) -> tuple[bool, bool, bool]:
        """Whether there are a certificate, clusters and scopes."""
        return tuple(bool(self.stage.names(type_)) for type_ in (Type.SECRET, Type.CLUSTER, Type.SCOPE))  # type: ignore[return-value]


def test_a_host_that_is_used_is_asked_about_again_in_every_round() -> None:
    rounds = Rounds()
    seen = []
    for _ in range(3):
        rounds.next()
        rounds.request()
        seen += rounds.stage.names(Type.ROUTE)
        assert rounds.stages == (True, True, True)
    assert seen == [f"asked/{number}/{SCOPE}" for number in (1, 2, 3)]


def test_a_host_that_nobody_uses_rests_and_is_closed_when_no_connection_can_be_open() -> None:
    rounds = Rounds()
    rounds.next()
    assert rounds.stages == (True, True, True)
    rounds.next()
    assert rounds.stages == (False, False, True)
    rounds.next()
    assert rounds.stages == (False, False, True)
    rounds.next()
    assert rounds.stages == (False, False, False)
    assert not rounds.stage.on_demand.uses


def test_a_connection_that_goes_on_keeps_a_host_that_rests_for_as_long_as_it_does() -> None:
    rounds = Rounds()
    rounds.next()
    rounds.next()
    for _ in range(5):
        rounds.request()
        assert rounds.stages == (False, True, True)
        rounds.next()
    for _ in range(3):
        assert rounds.stages[2]
        rounds.next()
    assert rounds.stages == (False, False, False)


def test_a_host_that_is_used_no_more_lets_its_clusters_go_again() -> None:
    rounds = Rounds(NEVER)
    rounds.next()
    rounds.next()
    rounds.request()
    rounds.next()
    rounds.next()
    assert rounds.stages == (False, False, True)


def test_where_connections_may_idle_for_ever_scopes_are_kept_for_ever() -> None:
    rounds = Rounds(NEVER)
    for _ in range(10):
        rounds.next()
    assert rounds.stages == (False, False, True)


def test_where_hosts_may_idle_for_ever_nothing_is_let_go() -> None:
    rounds = Rounds()
    for _ in range(10):
        rounds.now += HOUR.total_seconds()
        rounds.sweep.work(rounds.now, NEVER, MINUTE)
    assert rounds.stages == (True, True, True)
    assert not rounds.stage.use("a.io").probe


def test_a_round_is_worked_off_in_pieces_and_the_next_begins_when_it_is_time() -> None:
    stage: Stage = shop("*.io")
    stage.ask(*(f"h{number}.io" for number in range(300)))
    sweep = Sweep(stage.on_demand)
    sweep.work(0.0, HOUR, HOUR)
    assert not sweep.is_over
    assert sum(bool(use.probe) for use in stage.on_demand.uses.values()) == 200
    sweep.work(1.0, HOUR, HOUR)
    assert sweep.is_over
    sweep.work(2.0, HOUR, HOUR)
    assert not any(use.rests for use in stage.on_demand.uses.values())


def test_a_host_that_is_asked_for_again_is_as_new() -> None:
    rounds = Rounds()
    rounds.next()
    rounds.next()
    rounds.stage.ask("a.io")
    assert rounds.stages == (True, True, True)
    rounds.next()
    assert rounds.stages == (True, True, True)


def test_a_host_whose_routes_an_envoy_has_by_the_name_of_this_round_is_in_use() -> None:
    rounds = Rounds()
    rounds.stage.ask(f"asked/1/{SCOPE}")
    rounds.next()
    assert rounds.stage.names(Type.ROUTE) == [f"asked/1/{SCOPE}"]
    rounds.next()
    assert rounds.stages == (True, True, True)
    assert rounds.stage.names(Type.ROUTE) == []
    rounds.next()
    assert rounds.stages == (False, False, True)
