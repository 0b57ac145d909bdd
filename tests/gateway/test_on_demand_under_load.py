"""Hosts served on demand that change under a thousand requests a second: not one is lost, neither on the hosts that
nothing happens to nor on the one that changes."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from admin import chains, counter, secrets
from load import Load, served_serial
from tenant import Tenant, change, objects, tenant, tenants
from upstream import Upstream
from world import World, a_world

pytestmark = pytest.mark.real

RATE = 1000
"""Requests a second, of all clients."""

BODY = ("-k", "-m", "5")


@dataclass(frozen=True)
class Street:
    """Some hosts that are let alone, and one that is about to change."""

    world: World
    port: int
    still: tuple[Tenant, ...]
    busy: Tenant

    def load(self, *more: Tenant) -> Load:
        return Load(self.world.https, *(each.host for each in (*self.still, *more)), rate=RATE)

    def says(self, host: str) -> str:
        """What it answers to a new connection, "" if nothing."""
        told = self.world.curl(f"https://{host}/", *BODY)
        return told.body if told.code == 0 else ""


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    with ExitStack() as running:
        world, upstream = running.enter_context(a_world()), running.enter_context(Upstream("backend"))
        made = Street(world, upstream.port, tuple(tenants("still", 4, upstream.port)), tenant("busy", upstream.port))
        change(world, objects((*made.still, made.busy)))
        for each in (*made.still, made.busy):
            world.until(lambda each=each: made.says(each.host) == "backend")
        yield made


def test_rotated_certificates_are_each_served(street: Street) -> None:
    with street.load(street.busy) as load:
        for _ in range(100):
            rotated = street.busy.rotated()
            change(street.world, [rotated.secret()])
            serial = rotated.certificate.serial
            street.world.until(lambda serial=serial: served_serial(street.world.https, street.busy.host) == serial)
    load.assert_nothing_failed()


def test_hosts_come_and_go(street: Street) -> None:
    updates = counter(street.world, "listener_manager.listener_modified")
    with street.load() as load:
        for number in range(20):
            coming = tenant(f"coming{number}", street.port)
            change(street.world, coming.objects())
            street.world.until(lambda host=coming.host: street.says(host) == "backend")
            change(street.world, remove=coming.objects())
            street.world.until(lambda host=coming.host: not street.says(host))
    load.assert_nothing_failed()
    assert counter(street.world, "listener_manager.listener_modified") == updates
    street.world.until(lambda: not any(name.startswith("coming") for name in secrets(street.world)))


def test_a_route_that_changes_is_followed(street: Street) -> None:
    with street.load(street.busy) as load:
        for number in range(25):
            change(street.world, street.busy.but(says=f"answer {number}").gateway())
            street.world.until(lambda number=number: street.says(street.busy.host) == f"answer {number}")
            change(street.world, street.busy.gateway())
            street.world.until(lambda: street.says(street.busy.host) == "backend")
    load.assert_nothing_failed()


def test_a_backend_is_replaced_by_another_and_closed(street: Street) -> None:
    with street.load(street.busy) as load:
        for number in range(20):
            with Upstream(f"number {number}") as other:
                change(street.world, [street.busy.but(port=other.port).slice()])
                street.world.until(lambda other=other: street.says(street.busy.host) == other.name)
                change(street.world, [street.busy.slice()])
                street.world.until(lambda: street.says(street.busy.host) == "backend")
                street.world.until(lambda other=other: not other.connections)
    load.assert_nothing_failed()


OWN: dict[str, Any] = {"tls": {"minProtocolVersion": "TLSV1_3"}}


@pytest.mark.parametrize("apart", [OWN, {"serve": "ahead"}], ids=["settings of its own", "sent ahead"])
def test_a_host_moves_to_a_filter_chain_of_its_own_and_back(street: Street, apart: dict[str, Any]) -> None:
    with street.load(street.busy) as load:
        for _ in range(20):
            change(street.world, street.busy.but(**apart).gateway())
            street.world.until(lambda: chains(street.world, street.busy.host) == 1)
            assert street.says(street.busy.host) == "backend"
            change(street.world, street.busy.gateway())
            street.world.until(lambda: chains(street.world, street.busy.host) == 0)
            assert street.says(street.busy.host) == "backend"
    load.assert_nothing_failed()
