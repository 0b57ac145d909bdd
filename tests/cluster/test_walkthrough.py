"""The walkthrough on a real cluster: two control planes, and every row of it seen on each of three gateways, of two
kinds, which joined by certificate and by token."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from attached import Json, gateway, pause, virtual_service
from backends import http_backend
from everywhere import Everywhere
from installation import FAR, KINDS, SHOP, Installation, an_installation, body, service_entry
from joining import JoinedGateway
from load import shown_serial
from world import pair, secret, until

from pylae.demo.certificates import Hierarchy, draw_keys
from pylae.demo.coolstore import HOSTS
from pylae.demo.performance import Performance
from pylae.demo.shop import Service, open_shop
from pylae.demo.walkthrough import Walkthrough, overture

pytestmark = [pytest.mark.real, pytest.mark.cluster]

ROTATIONS = 3


@pytest.fixture(scope="module")
def made() -> Iterator[Installation]:
    with an_installation() as installation:
        yield installation


@pytest.fixture(scope="module")
def services() -> Iterator[tuple[Service, ...]]:
    with ExitStack() as ends:
        opened = open_shop()
        for service in opened:
            ends.callback(service.stop)
        yield opened


@pytest.fixture(scope="module")
def begun() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory, begun: datetime) -> Path:
    """With the certificates, which take a while to draw."""
    found = tmp_path_factory.mktemp("walkthrough")
    with ThreadPoolExecutor(max_workers=2) as executor:
        drawn = {folder: draw_keys(executor) for folder in HOSTS}
        for folder, host in HOSTS.items():
            Hierarchy(found / "ch4" / folder, host, begun).write(drawn[folder]())
    return found


@pytest.mark.parametrize(("namespace", "shop"), [("istio-system", "istioinaction"), ("edge", "shop-of-edge")])
def test_each_row_is_seen_on_every_gateway(
    made: Installation,
    services: tuple[Service, ...],
    begun: datetime,
    directory: Path,
    namespace: str,
    shop: str,
) -> None:
    chosen = tuple(one for one in made.gateways if one.place.namespace == namespace)
    everywhere = Everywhere(directory, made.kubectl, chosen, shop)
    everywhere.lay_out()
    performance = Performance(everywhere.run)
    for step in overture(everywhere.ports, {}).steps[1:]:  # the first one starts what runs already
        performance.take(step)
    everywhere.expose(*services)
    for number, section in enumerate(Walkthrough(everywhere.ports, begun).sections(), 1):
        performance.play(number, everywhere.section(section))
    assert [seen for seen in performance.seen if not seen.holds] == []
    assert len(performance.seen) > 20 * len(chosen)


def test_a_certificate_is_replaced_without_a_lost_request(made: Installation) -> None:
    with made.load() as loads:
        for _ in range(ROTATIONS):
            shown = pair(SHOP, FAR)
            for namespace in KINDS:
                written = secret("shop", namespace=namespace, tls_crt=shown.chain, tls_key=shown.key)
                made.kubectl("replace", "-f", "-", stdin=json.loads(written))
            until(lambda serial=shown.serial: all(_serial(one, SHOP) == serial for one in made.gateways))
    for load in loads:
        load.assert_nothing_failed()


def test_a_host_is_passed_through_to_the_server_that_ends_tls_itself(made: Installation, directory: Path) -> None:
    own = pair("own.example")
    (directory / "own.pem").write_text(own.chain + own.key)
    with http_backend("own", directory / "own.pem") as address:
        for namespace, selector in KINDS.items():
            made.kubectl.apply(*_passed_through(namespace, selector, int(address.rpartition(":")[2])))
        until(lambda: all(_serial(one, "own.example") == own.serial for one in made.gateways))
        assert {body("own.example", one.https, one.place.address)[:16] for one in made.gateways} == {'{"backend": "own'}


def test_what_is_wrong_is_told_once_by_the_leader_where_kubectl_describe_shows_it(made: Installation) -> None:
    leader = made.leader()
    asked = [len(proxy.asked) for proxy in made.proxies]
    lost = pair("lost.example")
    astray = secret("lost", namespace="edge", tls_crt=lost.chain, tls_key=lost.key)
    route = virtual_service("lost", "lost.example", "never")
    made.kubectl.apply(json.loads(astray), gateway("lost", "lost.example", credential="lost"), route)
    until(lambda: "Warning" in _described(made, "lost"), 30)
    described = _described(made, "lost")
    assert "Type:                  Programmed" in described
    assert "it was found in namespace edge, but this gateway reads those of istio-system" in described
    pause(3)  # for whoever else might write
    events = made.kubectl.json("get", "events", "-n", "edge")["items"]
    told = [one for one in events if one["involvedObject"]["name"] == "lost"]
    assert len({(one["reason"], one["message"]) for one in told}) == len(told) > 0
    assert {one.get("count") or 1 for one in told} == {1}
    for replica, proxy, before in zip(made.replicas, made.proxies, asked, strict=True):
        assert any(one.is_report for one in proxy.asked[before:]) is (replica is leader)


def _passed_through(namespace: str, selector: str, port: int) -> list[Json]:
    entry = service_entry("own", "own.internal", port, namespace=namespace)
    entry["spec"]["ports"][0] |= {"number": 443, "name": "tls", "protocol": "TLS"}
    front = gateway("own", "own.example", namespace=namespace, credential="none")
    front["spec"]["selector"] = {"istio": selector}
    front["spec"]["servers"][0]["port"]["protocol"] = "TLS"
    front["spec"]["servers"][0]["tls"] = {"mode": "PASSTHROUGH"}
    route = virtual_service("own", "own.example", "", namespace=namespace)
    match = {"port": 443, "sniHosts": ["own.example"]}
    way = {"destination": {"host": "own.internal", "port": {"number": 443}}}
    del route["spec"]["http"]
    route["spec"]["tls"] = [{"match": [match], "route": [way]}]
    return [entry, front, route]


def _described(made: Installation, name: str) -> str:
    return made.kubectl("describe", "gateways.networking.istio.io", "-n", "edge", name)


def _serial(one: JoinedGateway, host: str) -> int:
    return shown_serial(one.https, host, one.place.address)
