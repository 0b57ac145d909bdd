"""Ports: which socket of this machine a Gateway's port is, and how that changes while it runs."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from backends import tcp_backend
from world import GOOD, World, a_world, documents, free_port, good_host

pytestmark = pytest.mark.real

SERVICE = ("service", "istio-ingressgateway", "-n", "istio-system")


@pytest.fixture
def serving(world: World) -> World:
    serve(world)
    return world


def serve(world: World) -> None:
    applied = world.apply(good_host())
    assert applied.code == 0, applied.err
    world.until(lambda: answers(world, world.https))


def answers(world: World, port: int, address: str = "127.0.0.1") -> bool:
    connect = ("--connect-to", f"{GOOD}:443:{address}:{port}")
    return world.run("curl", "-sSk", *connect, f"https://{GOOD}/").out == "hello from good"


def listens(port: int, address: str = "127.0.0.1") -> bool:
    try:
        socket.create_connection((address, port), timeout=5).close()
    except OSError:
        return False
    return True


def patch(world: World, *operations: dict[str, object]) -> None:
    patched = world.kubectl("patch", *SERVICE, "--type=json", "-p", json.dumps(operations))
    assert patched.code == 0, patched.err


def move(world: World, port: int) -> None:
    """Publish the gateway's 443 there."""
    patch(world, {"op": "replace", "path": "/spec/ports/1/nodePort", "value": port})


def published(world: World) -> dict[int, int]:
    """Node ports by the gateway's port, as kubectl shows them."""
    told = world.kubectl("get", *SERVICE, "-o", "json")
    return {port["port"]: port["nodePort"] for port in json.loads(told.out)["spec"]["ports"]}


def bound(world: World) -> set[str]:
    return {port["address"] for port in json.loads(world.pylae("status", "-o", "json").out)["ports"]}


def test_a_port_is_where_p_says_and_kubectl_shows_it(serving: World) -> None:
    assert published(serving) == {80: serving.http, 443: serving.https}
    assert bound(serving) == {f"127.0.0.1:{serving.https}"}
    assert not listens(serving.http), "no Gateway has a server on 80"


def test_a_patched_node_port_moves_the_listener_and_down_and_up_keep_it(serving: World) -> None:
    port = free_port()
    move(serving, port)
    serving.until(lambda: answers(serving, port))
    serving.until(lambda: not listens(serving.https))
    assert serving.pylae("down").code == 0
    assert not listens(port)
    assert serving.pylae("up", "-d").code == 0
    assert answers(serving, port), "`up` returns when everything that there was is served"
    assert published(serving) == {80: serving.http, 443: port}


def test_a_later_p_wins_over_what_was_patched(serving: World) -> None:
    move(serving, free_port())
    assert serving.pylae("down").code == 0
    assert serving.up().code == 0
    assert answers(serving, serving.https)
    assert published(serving) == {80: serving.http, 443: serving.https}


def an_echo(port: int) -> str:
    server = {"port": {"number": port, "name": "echo", "protocol": "TCP"}, "hosts": ["*"]}
    gateway = {"selector": {"istio": "ingressgateway"}, "servers": [server]}
    route = {"match": [{"port": port}], "route": [{"destination": {"host": "echo"}}]}
    virtual_service = {"hosts": ["*"], "gateways": ["echo"], "tcp": [route]}
    return documents(
        *(
            json.dumps(
                {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": {"name": "echo"}} | {"spec": spec}
            )
            for kind, spec in (("Gateway", gateway), ("VirtualService", virtual_service))
        )
    )


def echoes(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"hello\n")
            return connection.makefile("rb").readline() == b"echo: hello\n"
    except OSError:
        return False


def test_a_port_that_is_added_to_the_service_is_bound_and_one_that_is_removed_falls_back(serving: World) -> None:
    number, node_port = free_port(), free_port()
    with tcp_backend("echo") as address:
        assert serving.pylae("expose", "echo", address).code == 0
        assert serving.apply(an_echo(number)).code == 0
        serving.until(lambda: echoes(number))
        serving.until(lambda: "IST0162" in serving.pylae("status").out)
        port = {"name": "tcp-echo", "port": number, "targetPort": number, "nodePort": node_port}
        patch(serving, {"op": "add", "path": "/spec/ports/-", "value": port})
        serving.until(lambda: echoes(node_port))
        serving.until(lambda: not listens(number))
        serving.until(lambda: "IST0162" not in serving.pylae("status").out)
        patch(serving, {"op": "remove", "path": "/spec/ports/2"})
        serving.until(lambda: echoes(number))
        serving.until(lambda: not listens(node_port))
    assert answers(serving, serving.https)


def test_p_adds_a_port_that_the_service_lacks(world: World) -> None:
    assert world.pylae("down").code == 0
    number, host_port = free_port(), free_port()
    assert world.up("-p", f"{host_port}:{number}").code == 0
    assert published(world)[number] == host_port


@contextmanager
def bound_to(address: str) -> Iterator[World]:
    with a_world("--bind", address) as world:
        applied = world.apply(good_host())
        assert applied.code == 0, applied.err
        world.until(lambda: answers(world, world.https, f"[{address}]" if ":" in address else address))
        yield world


def test_bind_takes_another_address_and_no_other() -> None:
    with bound_to("127.0.0.2") as world:
        assert bound(world) == {f"127.0.0.2:{world.https}"}
        assert not listens(world.https)


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_bind_takes_an_ipv6_address() -> None:
    with bound_to("::1") as world:
        assert bound(world) == {f"[::1]:{world.https}"}
        assert not listens(world.https)


def test_bind_to_all_addresses_leaves_the_api_on_loopback() -> None:
    with a_world("--bind", "0.0.0.0") as world:
        serve(world)
        assert answers(world, world.https, "127.0.0.3")
        told = json.loads(world.pylae("status", "-o", "json").out)
        api = int(told["api"]["address"].rpartition(":")[2])
        assert listens(api)
        assert not listens(api, "127.0.0.3")
