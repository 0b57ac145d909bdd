"""Hosts on demand with a real Envoy and the real conversation: asked for, changed, let go, and taken over."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from data_plane import Upstream, eventually, free_port
from lab import Lab
from on_demand import LISTENER, secret, served, shared, virtual_host
from picture import ORIGIN, answering, listener, plain, world

from pylae.envoy.process import EnvoyProcess
from pylae.model.ir.scope import Scope
from pylae.xds.resource import ResourceSet, Type
from pylae.xds.scope import emit_scope

pytestmark = pytest.mark.real

HOSTS = ("a.test", "b.test", "c.test")


@pytest.fixture
async def web() -> AsyncIterator[Upstream]:
    async with Upstream("web") as made:
        yield made


class Impatient(Lab):
    """A listener that is gone is drained after a second."""

    def start_envoy(self) -> EnvoyProcess:
        self.command = replace(self.command, drain=timedelta(seconds=1))
        return super().start_envoy()


@pytest.fixture
async def lab(web: Upstream) -> AsyncIterator[Lab]:
    async with Impatient() as made:
        for host in HOSTS:
            made.sites[host] = served(host, web.port)
        yield made


def on_demand(port: int, clear: int) -> ResourceSet:
    """What is sent ahead: the shared chain, and a plain port."""
    return world(
        listener(LISTENER, port, shared()), listener("0.0.0.0_8080", clear, plain("http")), answering("http", "ahead")
    )


async def statuses(lab: Lab, port: int) -> list[int]:
    return [(await lab.curl(f"https://{host}:{port}/")).status for host in HOSTS]


async def sent(lab: Lab) -> dict[str, int]:
    """How often Envoy was given anything of any type."""
    return await lab.admin.stats(r"(lds|cds|scoped_rds\..*|.*sds.*|cluster\..*)\.(update_success|update_rejected)$")


async def test_hosts_are_served_when_they_are_asked_for_and_others_are_refused(lab: Lab) -> None:
    port = free_port()
    await lab.settle(on_demand(port, free_port()))
    assert await statuses(lab, port) == [200, 200, 200]
    assert (await lab.curl(f"https://nobody.test:{port}/")).code == 35
    await lab.settle()
    assert lab.in_use == set(HOSTS)


async def test_an_envoy_in_use_is_taken_over_and_what_did_not_change_is_not_sent(lab: Lab) -> None:
    port = free_port()
    ahead = on_demand(port, free_port())
    await lab.settle(ahead)
    assert await statuses(lab, port) == [200, 200, 200]
    await lab.settle()
    before = await sent(lab)
    await lab.ads.stop()
    await lab.start_control_plane()
    await lab.settle(ahead)
    assert lab.in_use == set(HOSTS)
    assert await sent(lab) == before
    assert await statuses(lab, port) == [200, 200, 200]


async def test_what_is_gone_when_the_next_control_plane_comes_is_taken_away(lab: Lab) -> None:
    port = free_port()
    ahead = on_demand(port, free_port())
    await lab.settle(ahead)
    assert await statuses(lab, port) == [200, 200, 200]
    await lab.ads.stop()
    del lab.sites["c.test"]
    await lab.start_control_plane()
    await lab.settle(ahead)

    async def gone() -> bool:
        [stream] = lab.ads.connected()
        return all(len(stream.types[type_].versions) == 2 for type_ in (Type.CLUSTER, Type.SCOPE, Type.SECRET))

    await eventually(gone, "the secret, the scope and the cluster to be gone")
    assert await statuses(lab, port) == [200, 200, 0]


async def test_a_bad_scope_harms_no_other(lab: Lab, web: Upstream) -> None:
    port = free_port()
    await lab.settle(on_demand(port, free_port()))
    twice = Scope(LISTENER, "b.test", (virtual_host("b.test", "x"), virtual_host("b.test", "x")), ORIGIN)
    lab.sites["b.test"] = (emit_scope(twice), secret("b.test", twice))
    assert await statuses(lab, port) == [200, 404, 200]
    assert list(lab.refused()) == [twice.name]


async def test_a_listener_that_serves_on_demand_again_has_its_hosts(lab: Lab) -> None:
    port, clear = free_port(), free_port()
    await lab.settle(on_demand(port, clear))
    assert await statuses(lab, port) == [200, 200, 200]
    await lab.settle(world(listener("0.0.0.0_8080", clear, plain("http")), answering("http", "ahead")))

    async def drained() -> bool:
        return not lab.in_use

    await eventually(drained, "the names to be left when the listener is drained")
    await lab.settle(on_demand(port, clear))
    assert await statuses(lab, port) == [200, 200, 200]
