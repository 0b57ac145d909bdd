"""Hosts that are served on demand: Envoy knows nothing of them before a client asks, and all that a client sees is
Istio's."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from admin import holds
from load import served_serial
from world import World, a_world, answer, documents, gateway, pair, secret

pytestmark = pytest.mark.real


def on_demand(name: str, host: str, *names: str, **more: Any) -> str:
    """A host with a certificate of its own, served on demand."""
    made = pair(host, *names)
    pem = secret(name, tls_crt=made.chain, tls_key=made.key)
    return documents(pem, gateway(name, host, name, serve="on-demand", **more))


@pytest.fixture(scope="module")
def shop() -> Iterator[World]:
    with a_world() as made:
        made.apply(on_demand("one", "one.example"))
        made.apply(on_demand("two", "two.example"))
        made.until(lambda: made.curl("https://one.example/", "-k").code == 0)
        yield made


def says(world: World, host: str, *arguments: str) -> str:
    """What a host answers, "" if nothing."""
    told = world.curl(f"https://{host}/", "-k", *arguments)
    return told.body if told.code == 0 else ""


def test_a_host_is_served_at_its_first_handshake_and_nothing_of_another_is_held(shop: World) -> None:
    assert says(shop, "one.example") == "hello from one"
    assert holds(shop, "dynamic_scoped_route_configs", "one.example")
    assert not holds(shop, "dynamic_scoped_route_configs", "two.example")
    assert says(shop, "two.example") == "hello from two"


def test_each_host_has_its_own_certificate(shop: World) -> None:
    shop.until(lambda: says(shop, "two.example"))
    assert served_serial(shop.https, "one.example") != served_serial(shop.https, "two.example")


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_request_for_another_host_on_a_connection_is_misdirected(shop: World, version: str) -> None:
    told = shop.curl("https://one.example/", "-k", version, "-H", "Host: two.example")
    assert told.out.split()[1] == "421"


def test_a_client_cannot_choose_a_host_by_a_header_of_ours(shop: World) -> None:
    told = shop.curl(
        "https://one.example/", "-k", "-H", "x-pylae-scope: 0.0.0.0_8443|two.example", "-H", "Host: two.example"
    )
    assert told.out.split()[1] == "421"


def test_a_name_that_nobody_owns_is_refused_in_the_handshake(shop: World) -> None:
    assert shop.curl("https://nobody.example/", "-k").code == 35


def test_a_client_without_a_name_is_refused_where_no_host_takes_every_name(shop: World) -> None:
    told = shop.run("openssl", "s_client", "-connect", f"127.0.0.1:{shop.https}", "-noservername", stdin="")
    assert "no peer certificate available" in told.out


def test_names_are_compared_without_regard_to_case(shop: World) -> None:
    assert says(shop, "One.Example") == "hello from one"


def test_a_host_that_is_added_is_served_and_one_that_is_removed_is_refused(shop: World) -> None:
    shop.apply(on_demand("new", "new.example"))
    shop.until(lambda: says(shop, "new.example") == "hello from new")
    shop.kubectl("delete", "gateways.networking.istio.io,virtualservices", "new")
    shop.until(lambda: shop.curl("https://new.example/", "-k").code == 35)


def test_a_rotated_secret_is_served_at_the_next_handshake(shop: World) -> None:
    made = pair("one.example")
    shop.kubectl("replace", "-f", "-", stdin=secret("one", tls_crt=made.chain, tls_key=made.key))
    shop.until(lambda: served_serial(shop.https, "one.example") == made.serial)


def test_a_changed_route_is_followed(shop: World) -> None:
    shop.apply(on_demand("moving", "moving.example"))
    shop.until(lambda: says(shop, "moving.example") == "hello from moving")
    shop.apply(answer("moving", "moving.example").replace("hello from", "greetings from"))
    shop.until(lambda: says(shop, "moving.example") == "greetings from moving")


def test_a_wildcard_answers_any_name_below_it_and_an_exact_host_goes_first(shop: World) -> None:
    shop.apply(on_demand("wild", "*.wild.example"))
    shop.apply(on_demand("tame", "tame.wild.example"))
    shop.until(lambda: says(shop, "a.wild.example") == "hello from wild")
    assert says(shop, "b.c.wild.example") == "hello from wild"
    shop.until(lambda: says(shop, "tame.wild.example") == "hello from tame")
    told = shop.curl("https://a.wild.example/", "-k", "-H", "Host: b.wild.example")
    assert told.out.split()[1] == "421"


def test_hosts_sent_ahead_live_on_the_same_port(shop: World) -> None:
    made = pair("ahead.example")
    shop.apply(secret("ahead", tls_crt=made.chain, tls_key=made.key))
    shop.apply(gateway("ahead", "ahead.example", "ahead"))
    shop.until(lambda: says(shop, "ahead.example") == "hello from ahead")
    assert says(shop, "one.example") == "hello from one"
    assert shop.curl("https://one.example/", "-k", "-H", "Host: ahead.example").out.split()[1] == "421"


def test_a_host_that_demands_client_certificates_is_never_reached_through_the_shared_chain(shop: World) -> None:
    made = pair("mutual.example")
    shop.apply(secret("mutual", tls_crt=made.chain, tls_key=made.key, ca_crt=made.chain))
    shop.apply(gateway("mutual", "mutual.example", "mutual", serve="on-demand", mode="MUTUAL"))
    shop.until(lambda: shop.curl("https://mutual.example/", "-k").code in (16, 55, 56))
    assert shop.curl("https://one.example/", "-k", "-H", "Host: mutual.example").out.split()[1] == "421"


def test_a_missing_secret_is_told_before_anybody_asks_and_serves_as_soon_as_it_is_there(shop: World) -> None:
    shop.apply(gateway("late", "late.example", "late", serve="on-demand"))
    shop.until(lambda: "late.example" in shop.pylae("status").out)
    assert shop.curl("https://late.example/", "-k").code == 35
    made = pair("late.example")
    shop.apply(secret("late", tls_crt=made.chain, tls_key=made.key))
    shop.until(lambda: says(shop, "late.example") == "hello from late")
    shop.until(lambda: "late.example" not in shop.pylae("status").out)


def test_a_port_on_which_all_is_redirected_answers_every_name_by_one_virtual_host(shop: World) -> None:
    redirecting = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "plain", "namespace": "default", "annotations": {"pylae.dev/serve": "on-demand"}},
        "spec": {
            "selector": {"istio": "ingressgateway"},
            "servers": [
                {
                    "port": {"number": 80, "name": "http", "protocol": "HTTP"},
                    "hosts": ["one.example", "two.example"],
                    "tls": {"httpsRedirect": True},
                }
            ],
        },
    }
    shop.apply(json.dumps(redirecting))
    shop.until(lambda: shop.curl("http://one.example/").code == 0)
    for host in ("one.example", "two.example", "nobody.example"):
        told = shop.curl(f"http://{host}/path")
        assert (told.out.split()[1], told.headers["location"]) == ("301", f"https://{host}/path")
