"""Hosts served on demand while no control plane answers: those in use serve on, and the next control plane makes good
what happened meanwhile, without a word about the others.

`PYLAE_HOSTS` is how many hosts are in use, 200 if it is not set.
"""

import os
import signal
from collections.abc import Iterable, Iterator

import pytest
from admin import chains, counter, kill, secrets, status
from callers import Kept, ask_each
from kept import Http2
from load import Load, served_serial
from tenant import Tenant, change, change_while_away, objects, tenant, tenants
from upstream import Upstream
from world import World

pytestmark = pytest.mark.real

RATE = 1000
"""Requests a second, of all clients."""

UNDER_LOAD = 10
HOSTS = int(os.environ.get("PYLAE_HOSTS", "200"))

SILENCE = 5
"""Seconds that a handshake waits for a control plane."""

CLUSTERS = "cluster_manager.cluster_(added|modified|removed)"
"""Counters of what happened to clusters."""


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream("backend") as made:
        yield made


def hosts(tenants: Iterable[Tenant]) -> list[str]:
    return [each.host for each in tenants]


def answers(world: World, tenants: Iterable[Tenant]) -> set[str]:
    """All that these hosts answer to new connections."""
    return set(ask_each(world.https, hosts(tenants)).values())


def test_a_control_plane_is_killed_and_the_next_one_makes_good_what_changed(world: World, upstream: Upstream) -> None:
    used = tenants("t", HOSTS, upstream.port)
    rotated, moved, apart, removed, *still = used
    change(world, objects(used))
    world.until(lambda: answers(world, used) == {"backend"})
    envoy = status(world)["envoy"]["pid"]
    with Kept(world.https, apart.host, Http2) as kept, Load(world.https, *hosts(still[:UNDER_LOAD]), rate=RATE) as load:
        kill(world)
        rotated, added = rotated.rotated(), tenant("added", upstream.port)
        put = [rotated.secret(), *moved.but(says="moved").gateway(), *apart.but(serve="ahead").gateway()]
        change_while_away(world, [*put, *added.objects()], remove=removed.objects())
        assert answers(world, used) == {"backend"}
        assert (changes := counter(world, CLUSTERS)) >= HOSTS
        assert world.up().code == 0
        world.until(lambda: served_serial(world.https, rotated.host) == rotated.certificate.serial)
        world.until(lambda: answers(world, [moved]) == {"moved"})
        world.until(lambda: answers(world, [added]) == {"backend"})
        world.until(lambda: chains(world, apart.host) == 1)
        world.until(lambda: removed.host not in secrets(world))
        assert world.curl(f"https://{removed.host}/", "-k").code == 35
        assert answers(world, [*still, apart, rotated]) == {"backend"}
        kept.ask()
    load.assert_nothing_failed()
    assert status(world)["envoy"]["pid"] == envoy
    assert counter(world, CLUSTERS) - changes <= len((moved, apart, removed, added))


def test_a_silent_control_plane_costs_only_hosts_that_were_not_in_use(world: World, upstream: Upstream) -> None:
    used, cold = tenant("used", upstream.port), tenant("cold", upstream.port)
    change(world, objects((used, cold)))
    world.until(lambda: answers(world, [used]) == {"backend"})
    control_plane = status(world)["controlPlane"]["pid"]
    with Load(world.https, used.host, rate=RATE) as load:
        os.kill(control_plane, signal.SIGSTOP)
        try:
            told = world.curl(f"https://{cold.host}/", "-k", "-w", "%{time_total}")
        finally:
            os.kill(control_plane, signal.SIGCONT)
        assert told.code != 0
        assert SILENCE <= float(told.out) < 2 * SILENCE
        world.until(lambda: answers(world, [cold]) == {"backend"})
    load.assert_nothing_failed()
