"""`pylae up --xds` is killed and started again, while clients ask its own gateway and two elsewhere."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from killing import kill
from load import Load, shown_serial
from world import GOOD, World, a_world, documents, free_port, good_host, pair, secret, until

pytestmark = pytest.mark.real

RATE = 50
WITHIN = 15
"""Seconds. The aim is 5."""

ADDRESSES = ("127.0.0.2", "127.0.0.3")


@pytest.fixture
def xds() -> int:
    return free_port()


@pytest.fixture
def home(xds: int) -> Iterator[World]:
    with a_world("--xds", f"127.0.0.1:{xds}") as made:
        made.apply(good_host())
        yield made


@pytest.fixture
def elsewhere(home: World, xds: int) -> Iterator[list[World]]:
    """Gateways of the same kind, on other addresses and the same ports."""
    files = home.data.parent / "id"
    enrolled = home.pylae("enroll", "-n", "istio-system", "--out", str(files))
    assert enrolled.code == 0, enrolled.err
    identity = ("--ca", f"{files}/ca.crt", "--certificate", f"{files}/tls.crt", "--key", f"{files}/tls.key")
    ports = ("-p", f"{home.http}:80", "-p", f"{home.https}:443")
    with ExitStack() as ends:
        made = [World(home.data.parent / address, home.http, home.https) for address in ADDRESSES]
        for world, address in zip(made, ADDRESSES, strict=True):
            ends.callback(world.pylae, "down")
            started = world.pylae(
                "gateway", "-d", "--control-plane", f"127.0.0.1:{xds}", "--bind", address, *ports, *identity
            )
            assert started.code == 0, started.out + started.err
        yield made


def test_no_gateway_loses_a_request_and_each_serves_what_is_new_soon_after(
    home: World, elsewhere: list[World], xds: int
) -> None:
    everywhere = ("127.0.0.1", *ADDRESSES)
    until(lambda: all(shown_serial(home.https, GOOD, address) for address in everywhere))
    with ExitStack() as running:
        loads = [running.enter_context(Load(home.https, GOOD, rate=RATE, address=address)) for address in everywhere]
        kill(int((home.data / "pylae.lock").read_text()))
        assert home.up("--xds", f"127.0.0.1:{xds}").code == 0
        began, made = time.monotonic(), pair(GOOD)
        applied = home.apply(documents(secret("good", tls_crt=made.chain, tls_key=made.key)))
        assert applied.code == 0, applied.err
        until(lambda: all(shown_serial(home.https, GOOD, address) == made.serial for address in everywhere), WITHIN)
        seconds = time.monotonic() - began
    for load in loads:
        load.assert_nothing_failed()
    print(f"{sum(load.requests for load in loads)} requests, none failed; {seconds:.1f} s")
