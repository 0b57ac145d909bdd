"""What a real Envoy refuses, and that it is traced to the one resource that it is about."""

import socket
from datetime import timedelta

import pytest
from lab import Lab, Upstream, free_port
from picture import ORIGIN, answering, cluster, endpoints, forwarding, listener, plain, site, world

from pylae.model.ir.cluster import Discovery, Endpoint, Endpoints
from pylae.model.ir.listener import Listener, SocketAddress
from pylae.model.ir.route import DirectResponse, Regex, Route, RouteConfiguration, RouteMatch, VirtualHost
from pylae.xds.attribution import unbound
from pylae.xds.resource import Type

pytestmark = pytest.mark.real


def taken() -> socket.socket:
    """A port that somebody else listens on."""
    foreign = socket.socket()
    foreign.bind(("127.0.0.1", 0))
    foreign.listen()
    return foreign


def looking_ahead(name: str) -> RouteConfiguration:
    """Its regular expression is good in Python, and none of RE2."""
    route = Route("r", RouteMatch(Regex("(?=x)")), DirectResponse(200), ORIGIN)
    return RouteConfiguration(name, (VirtualHost("any", ("*",), (route,), ORIGIN),))


async def test_a_port_that_is_taken_is_named_and_bound_when_it_is_free_and_forgiven(lab: Lab) -> None:
    foreign, port = taken(), free_port()
    held = foreign.getsockname()[1]
    wanted = world(
        listener("0.0.0.0_8080", held, plain("http")),
        listener("0.0.0.0_8081", port, plain("http")),
        answering("http", "here"),
    )
    await lab.settle(wanted)
    assert list(lab.refused()) == ["0.0.0.0_8080"]
    trouble = unbound(lab.refused()["0.0.0.0_8080"])
    assert trouble is not None
    assert (trouble.address, trouble.reason) == (f"127.0.0.1:{held}", "Address already in use")
    assert (await lab.curl(f"http://a.test:{port}/")).body == "here"

    foreign.close()
    lab.last_good.forgive([(Type.LISTENER, "0.0.0.0_8080")])
    await lab.settle(wanted)
    assert lab.refused() == {}
    assert (await lab.curl(f"http://a.test:{held}/")).body == "here"


async def test_one_taken_port_of_a_listener_does_not_close_its_others(lab: Lab) -> None:
    with taken() as foreign:
        held, port = foreign.getsockname()[1], free_port()
        await lab.settle(world(listener("0.0.0.0_8080", (port, held), plain("http")), answering("http", "here")))
        assert list(lab.refused()) == [f"0.0.0.0_8080@127.0.0.1:{held}"]
        assert (await lab.curl(f"http://a.test:{port}/")).body == "here"


async def test_a_listener_that_moves_to_a_taken_port_stays_where_it_was(lab: Lab) -> None:
    old = free_port()
    await lab.settle(world(listener("0.0.0.0_8080", old, plain("http")), answering("http", "here")))
    with taken() as foreign:
        held = foreign.getsockname()[1]
        await lab.settle(world(listener("0.0.0.0_8080", held, plain("http")), answering("http", "here")))
        assert list(lab.refused()) == ["0.0.0.0_8080"]
        assert (await lab.curl(f"http://a.test:{old}/")).body == "here"


async def test_an_address_that_another_listener_has_counts_as_one_that_cannot_be_bound(lab: Lab) -> None:
    port = free_port()
    both = (listener("0.0.0.0_8080", port, plain("http")), listener("0.0.0.0_8081", port, plain("http")))
    await lab.settle(world(*both, answering("http", "here")))
    assert list(lab.refused()) == ["0.0.0.0_8081"]
    trouble = unbound(lab.refused()["0.0.0.0_8081"])
    assert trouble is not None
    assert trouble.address == f"127.0.0.1:{port}"


async def test_each_of_several_bad_listeners_is_named_with_what_is_wrong_with_it(lab: Lab) -> None:
    same = (site("a.test", "kubernetes://a", "http"), site("a.test", "kubernetes://b", "http"))
    await lab.settle(
        world(
            listener("twice:1", free_port(), *same),
            listener("partial", free_port(), site("*a.test", "kubernetes://a", "http")),
            Listener("elsewhere", (SocketAddress("192.0.2.1", 80),), (plain("http"),)),
            listener("good", free_port(), plain("http")),
            answering("http", "here"),
        )
    )
    refused = lab.refused()
    assert sorted(refused) == ["elsewhere", "partial", "twice:1"]
    assert "same matching rules" in refused["twice:1"]
    assert "partial wildcards" in refused["partial"]
    assert "Cannot assign requested address" in refused["elsewhere"]


async def test_each_of_several_bad_clusters_is_named(lab: Lab) -> None:
    two = (Endpoint("a.test", 80), Endpoint("b.test", 80))
    await lab.settle(
        world(
            cluster("outbound|80||a", discovery=Discovery.LOGICAL_DNS, endpoints=two),
            cluster("outbound|80||a, outbound|80||b", discovery=Discovery.LOGICAL_DNS, endpoints=two),
            cluster("outbound|80||good"),
            endpoints("outbound|80||good", 80),
        )
    )
    assert sorted(lab.refused()) == ["outbound|80||a", "outbound|80||a, outbound|80||b"]
    assert all("LOGICAL_DNS clusters must have a single" in message for message in lab.refused().values())


async def test_a_bad_route_is_found_among_good_ones_and_the_old_one_serves(lab: Lab) -> None:
    ports = [free_port() for _ in range(3)]
    listeners = [listener(f"l{port}", port, plain(f"http.{port}")) for port in ports]
    good = [answering(f"http.{port}", "here") for port in ports]
    bad = [answering(f"http.{port}", "new") for port in ports]
    bad[1] = looking_ahead(bad[1].name)
    await lab.settle(world(*listeners, *good))
    await lab.settle(world(*listeners, *bad))
    assert lab.refused() == {bad[1].name: "invalid perl operator: (?="}
    assert [(await lab.curl(f"http://a.test:{port}/")).body for port in ports] == ["new", "here", "new"]


async def test_a_route_that_was_never_good_closes_nothing_but_itself(lab: Lab) -> None:
    port = free_port()
    await lab.settle(world(listener("0.0.0.0_8080", port, plain("http")), looking_ahead("http")))
    assert list(lab.refused()) == ["http"]
    assert (await lab.curl(f"http://a.test:{port}/")).status == 404


async def test_bad_endpoints_of_a_changed_cluster_leave_it_its_good_ones(lab: Lab) -> None:
    port = free_port()
    async with Upstream("here") as upstream:
        nodes = (listener("0.0.0.0_8080", port, plain("http")), forwarding("http", "web"))
        await lab.settle(world(*nodes, cluster("web"), endpoints("web", upstream.port)))
        changed = cluster("web", connect_timeout=timedelta(seconds=3))
        await lab.settle(world(*nodes, changed, Endpoints("web", (Endpoint("no-address", 80),))))
        assert list(lab.refused()) == ["web"]
        assert (await lab.curl(f"http://a.test:{port}/")).body == "here"
