"""Clients at a constant rate while things change: not one request is lost."""

import pytest
from admin import counter
from load import Load, served_serial
from world import GOOD, World, gateway, pair, secret

pytestmark = pytest.mark.real

ROTATIONS = 100


def test_a_hundred_rotations_lose_no_request_drain_no_listener_and_each_serial_is_served(shop: World) -> None:
    drained = counter(shop, "total_filter_chains_draining"), counter(shop, "listener_manager.listener_modified")
    with Load(shop.https, GOOD) as load:
        for _ in range(ROTATIONS):
            made = pair(GOOD)
            replaced = shop.kubectl("replace", "-f", "-", stdin=secret("good", tls_crt=made.chain, tls_key=made.key))
            assert replaced.code == 0, replaced.err
            shop.until(lambda serial=made.serial: served_serial(shop.https, GOOD) == serial)
    load.assert_nothing_failed()
    assert (
        counter(shop, "total_filter_chains_draining"),
        counter(shop, "listener_manager.listener_modified"),
    ) == drained


def test_hosts_that_come_and_go_leave_the_others_connections_open(shop: World) -> None:
    with Load(shop.https, GOOD) as load:
        for number in range(10):
            host = f"host{number}.example"
            made = pair(host)
            shop.apply(secret(f"host{number}", tls_crt=made.chain, tls_key=made.key))
            shop.apply(gateway(f"host{number}", host, f"host{number}"))
            shop.until(lambda host=host: shop.curl(f"https://{host}/", "-k").code == 0)
        for number in range(10):
            shop.kubectl("delete", "gateways.networking.istio.io,virtualservices", f"host{number}")
            host = f"host{number}.example"
            shop.until(lambda host=host: shop.curl(f"https://{host}/", "-k").code != 0)
    load.assert_nothing_failed()


def test_a_secret_that_turns_bad_leaves_the_last_good_one_serving(shop: World) -> None:
    serial = served_serial(shop.https, GOOD)
    other = pair(GOOD)
    with Load(shop.https, GOOD) as load:
        shop.kubectl("replace", "-f", "-", stdin=secret("good", tls_crt=other.chain, tls_key=pair(GOOD).key))
        shop.until(lambda: "PYL0103" in shop.pylae("status").out)
        assert served_serial(shop.https, GOOD) == serial
        shop.kubectl("replace", "-f", "-", stdin=secret("good", tls_crt=other.chain, tls_key=other.key))
        shop.until(lambda: served_serial(shop.https, GOOD) == other.serial)
    load.assert_nothing_failed()
