"""What bounds the cost of serving on demand: hosts out of use are let go of, and names that nobody owns leave nothing.
No request of anybody else is lost by it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from admin import counter, holds, kill, secrets, status
from callers import Kept, ask_each, knock
from kept import Http1, Http2
from load import Load
from tenant import Tenant, change, mesh, objects, tenants
from upstream import Upstream
from world import World, a_world

pytestmark = pytest.mark.real

RATE = 1000
"""Requests a second, of all clients."""

STRANGERS, KNOCKS = 2000, 250
"""Names that nobody owns, and how many of them a second."""

ROUNDS = 4
"""Sweeps that hosts under load must live through."""


@dataclass(frozen=True)
class Street:
    world: World
    busy: tuple[Tenant, ...]
    quiet: tuple[Tenant, ...]

    def ask(self, tenants: tuple[Tenant, ...]) -> set[str]:
        """All that these hosts answer to new connections."""
        return set(ask_each(self.world.https, [each.host for each in tenants]).values())

    def load(self) -> Load:
        return Load(self.world.https, *(each.host for each in self.busy), rate=RATE)


@pytest.fixture
def street() -> Iterator[Street]:
    with ExitStack() as running:
        world, upstream = running.enter_context(a_world()), running.enter_context(Upstream("backend"))
        made = Street(world, tuple(tenants("busy", 3, upstream.port)), tuple(tenants("quiet", 30, upstream.port)))
        change(world, objects((*made.busy, *made.quiet)))
        world.until(lambda: made.ask((*made.busy, *made.quiet)) == {"backend"})
        yield made


def ask(*connections: Kept) -> None:
    for connection in connections:
        connection.ask()


def test_hosts_out_of_use_are_let_go_of_and_come_back_and_nobody_notices(street: Street) -> None:
    world, quiet = street.world, {each.host for each in street.quiet}
    visited, revisited = (each.host for each in street.quiet[:2])
    with (
        Kept(world.https, visited, Http1) as http1,
        Kept(world.https, revisited, Http2) as http2,
        street.load() as load,
    ):
        ask(http1, http2)
        change(world, [mesh("pylae.dev/idleAfter: 1s")])
        world.until(lambda: not quiet & secrets(world))
        clusters = counter(world, "cluster_manager.active_clusters")
        ask(http1, http2)
        assert street.ask(street.quiet) == {"backend"}
        assert counter(world, "cluster_manager.active_clusters") > clusters
        world.until(lambda: not quiet & secrets(world))
        ask(http1, http2)
        world.until(lambda: holds(world, "dynamic_scoped_route_configs", f"asked/{ROUNDS}/"))
    load.assert_nothing_failed()


def test_a_host_whose_secret_is_taken_away_goes_on_for_open_connections(street: Street) -> None:
    world, visited = street.world, street.quiet[0]
    with Kept(world.https, visited.host, Http1) as http1, Kept(world.https, visited.host, Http2) as http2:
        ask(http1, http2)
        change(world, remove=[visited.secret()])
        world.until(lambda: visited.host not in secrets(world))
        world.until(lambda: world.curl(f"https://{visited.host}/", "-k").code == 35)
        ask(http1, http2)
        change(world, [visited.secret()])
        world.until(lambda: street.ask((visited,)) == {"backend"})
        ask(http1, http2)


def test_names_that_nobody_owns_are_refused_and_leave_nothing(street: Street) -> None:
    world, before = street.world, status(street.world)["onDemand"]
    with street.load() as load:
        refused = knock(world.https, (f"stranger{number}.example" for number in range(STRANGERS)), KNOCKS)
    load.assert_nothing_failed()
    assert refused[""] == 0
    assert refused.total() == STRANGERS
    world.until(lambda: not any(name.startswith("stranger") for name in secrets(world)))
    assert status(world)["onDemand"] == before
    assert "stranger" not in world.pylae("status", "-o", "json").out


def test_a_control_plane_that_is_killed_while_it_sweeps_harms_no_connection(street: Street) -> None:
    world, quiet = street.world, {each.host for each in street.quiet}
    visited, revisited = (each.host for each in street.quiet[:2])
    with (
        Kept(world.https, visited, Http1) as http1,
        Kept(world.https, revisited, Http2) as http2,
        street.load() as load,
    ):
        change(world, [mesh("pylae.dev/idleAfter: 1s")])
        world.until(lambda: not quiet & secrets(world))
        kill(world)
        assert world.up().code == 0
        ask(http1, http2)
        assert street.ask(street.quiet) == {"backend"}
    load.assert_nothing_failed()
