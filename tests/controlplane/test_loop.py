"""Changes in, resources out, verdicts back: the whole loop without a socket."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Iterable

import pytest
from world import pair

from pylae.api.scheme import ENDPOINT_SLICE, GATEWAY, SECRET, SERVICE, VIRTUAL_SERVICE, Kind
from pylae.controlplane.discovery.observation import Observation
from pylae.controlplane.fleet.fleet import Fleet
from pylae.controlplane.fleet.questions import AT_ONCE
from pylae.controlplane.loop import Loop
from pylae.controlplane.metrics import Metrics
from pylae.kube.resume import Delete, Synced, Upsert
from pylae.kube.store import PLACES, Store
from pylae.model import codes
from pylae.model.workload import GatewayWorkload
from pylae.xds.event import Accepted, Asked, Left, Refused
from pylae.xds.message import Node
from pylae.xds.resource import Key, Type
from pylae.xds.world import Served

HOME = GatewayWorkload()
HOST = "shop.example"
LISTENER = "0.0.0.0_8443"
ROUTES = "https.443.https.shop.default"
SDS = "kubernetes://shop"


class Stage:
    """A loop, and what it published: how often, what is served now, and what of it was touched last."""

    def __init__(self) -> None:
        self.published = 0
        self.touched: frozenset[Key] = frozenset()
        self.batch = asyncio.Event()
        store = Store()
        self.fleet = Fleet(store, Metrics(), self, HOME)
        self.loop = Loop(self.fleet, self.batch.set)
        [self.serving] = self.fleet
        self.configuration = self.serving.configuration
        self.task = asyncio.create_task(self.loop.run())

    def publish(self, _: GatewayWorkload, served: Served, touched: Iterable[Key]) -> None:
        self.world, self.touched = served, frozenset(touched)
        self.published += 1

    def forget(self, _: GatewayWorkload) -> None:
        """Of one who is always there nothing is forgotten."""

    async def tell(self, *items: object) -> None:
        """Hand over items as one batch and wait until it was worked off."""
        self.batch.clear()
        for item in items:
            is_said = isinstance(item, Accepted | Refused | Asked | Left)
            self.loop.tell(Observation(HOME, Node(), item) if is_said else item)  # type: ignore[arg-type]
        worked = asyncio.create_task(self.batch.wait())
        await asyncio.wait([worked, self.task], return_when=asyncio.FIRST_COMPLETED)
        if self.task.done():
            self.task.result()

    async def finds(self, code: codes.Code) -> None:
        """Wait for a finding; what is examined is examined soon."""
        await eventually(lambda: code in found(self), f"{code.reason} to be found")

    async def finds_no(self, code: codes.Code) -> None:
        await eventually(lambda: code not in found(self), f"{code.reason} to be found no more")


async def eventually(holds: Callable[[], bool], what: str) -> None:
    for _ in range(10_000):
        if holds():
            return
        await asyncio.sleep(0)
    raise AssertionError(f"waited in vain for {what}")


def found(stage: Stage) -> set[codes.Code]:
    return {finding.code for finding in stage.fleet.ledger.all()}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    await made.tell(upsert(SERVICE, SERVICE_BODY), *(Synced(kind) for kind in PLACES))
    yield made
    made.task.cancel()


def upsert(kind: Kind, body: dict[str, object]) -> Upsert:
    return Upsert.of(kind, json.dumps({"apiVersion": kind.api_version, "kind": kind.kind, **body}).encode())


def named(name: str, namespace: str = "default", version: int = 1) -> dict[str, str]:
    return {"name": name, "namespace": namespace, "uid": f"{namespace}/{name}", "resourceVersion": str(version)}


SERVICE_BODY: dict[str, object] = {
    "metadata": {**named("istio-ingressgateway", "istio-system"), "labels": {}},
    "spec": {
        "type": "NodePort",
        "selector": {"istio": "ingressgateway"},
        "ports": [{"name": "https", "port": 443, "targetPort": 8443, "nodePort": 30005, "protocol": "TCP"}],
    },
}


def gateway(name: str = "shop", host: str = HOST, credential: str = "shop", serve: str = "ahead") -> Upsert:
    server = {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "hosts": [host],
        "tls": {"mode": "SIMPLE", "credentialName": credential},
    }
    spec = {"selector": {"istio": "ingressgateway"}, "servers": [server]}
    metadata = {**named(name), "annotations": {"pylae.dev/serve": serve}}
    return upsert(GATEWAY, {"metadata": metadata, "spec": spec})


def routes(answer: str, version: int = 1) -> Upsert:
    http = [{"directResponse": {"status": 200, "body": {"string": answer}}}]
    spec = {"hosts": [HOST], "gateways": ["shop"], "http": http}
    return upsert(VIRTUAL_SERVICE, {"metadata": named("shop", version=version), "spec": spec})


def secret(chain: str, key: str, version: int = 1) -> Upsert:
    data = {"tls.crt": base64.b64encode(chain.encode()).decode(), "tls.key": base64.b64encode(key.encode()).decode()}
    return upsert(SECRET, {"metadata": named("shop", "istio-system", version), "data": data})


MADE, RENEWED = pair(HOST), pair(HOST)


async def test_nothing_is_published_before_every_kind_is_known() -> None:
    stage = Stage()
    await stage.tell(gateway())
    assert stage.published == 0
    stage.task.cancel()


async def test_a_gateway_becomes_a_listener_and_a_route_configuration(stage: Stage) -> None:
    await stage.tell(gateway(), routes("hello"), secret(MADE.chain, MADE.key))
    assert list(stage.world[Type.LISTENER]) == [LISTENER]
    assert list(stage.world[Type.ROUTE]) == [ROUTES]
    assert list(stage.world[Type.SECRET]) == [SDS]


async def test_a_rotation_changes_one_secret_and_nothing_else(stage: Stage) -> None:
    await stage.tell(gateway(), routes("hello"), secret(MADE.chain, MADE.key))
    before = stage.world[Type.SECRET][SDS]
    await stage.tell(secret(RENEWED.chain, RENEWED.key, 2))
    assert stage.world[Type.SECRET][SDS].version != before.version
    assert stage.touched == {(Type.SECRET, SDS)}


async def test_a_secret_that_turns_bad_leaves_the_last_good_one_and_a_finding(stage: Stage) -> None:
    await stage.tell(gateway(), secret(MADE.chain, MADE.key))
    before = stage.world[Type.SECRET][SDS]
    await stage.tell(secret(MADE.chain, RENEWED.key, 2))
    assert stage.world[Type.SECRET][SDS] == before
    await stage.finds(codes.CERTIFICATE_INVALID)


async def test_a_secret_that_is_deleted_is_not_kept(stage: Stage) -> None:
    await stage.tell(gateway(), secret(MADE.chain, MADE.key))
    await stage.tell(Delete(SECRET, ("istio-system", "shop")))
    assert SDS not in stage.world[Type.SECRET]
    await stage.finds(codes.CERTIFICATE_MISSING)


async def test_a_secret_that_nobody_names_is_never_sent(stage: Stage) -> None:
    await stage.tell(secret(MADE.chain, MADE.key))
    assert not stage.world[Type.SECRET]


async def test_a_change_of_a_route_carries_the_listener_over(stage: Stage) -> None:
    await stage.tell(gateway(), routes("hello"))
    before = stage.world[Type.LISTENER][LISTENER], stage.world[Type.ROUTE][ROUTES]
    await stage.tell(routes("good-bye", 2))
    assert stage.world[Type.LISTENER][LISTENER] is before[0]
    assert stage.world[Type.ROUTE][ROUTES].version != before[1].version
    assert stage.touched == {(Type.ROUTE, ROUTES)}


async def test_what_envoy_refused_is_replaced_by_what_it_accepted(stage: Stage) -> None:
    await stage.tell(gateway(), routes("hello"))
    good = stage.world[Type.ROUTE][ROUTES]
    await stage.tell(Accepted(Type.ROUTE, "1", (good,)))
    await stage.tell(routes("good-bye", 2))
    bad = stage.world[Type.ROUTE][ROUTES]
    await stage.tell(Refused("2", bad, "no such thing"))
    assert stage.world[Type.ROUTE][ROUTES] == good


async def test_a_service_without_endpoints_is_told_and_settled_by_a_slice(stage: Stage) -> None:
    web = {"metadata": named("web"), "spec": {"ports": [{"name": "http", "port": 80, "targetPort": 8080}]}}
    http = [{"route": [{"destination": {"host": "web"}}]}]
    spec = {"hosts": [HOST], "gateways": ["shop"], "http": http}
    await stage.tell(
        gateway(), upsert(SERVICE, web), upsert(VIRTUAL_SERVICE, {"metadata": named("shop"), "spec": spec})
    )
    await stage.finds(codes.NO_ENDPOINTS)
    endpoint_slice = {
        "metadata": {**named("web-1"), "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080}],
        "endpoints": [{"addresses": ["127.0.0.1"]}],
    }
    await stage.tell(upsert(ENDPOINT_SLICE, endpoint_slice))
    await stage.finds_no(codes.NO_ENDPOINTS)
    assert stage.touched == {(Type.ENDPOINT, "outbound|80||web.default.svc.cluster.local")}


async def test_a_mistake_of_ours_over_one_change_does_not_end_the_loop(stage: Stage) -> None:
    await stage.tell(object())
    await stage.tell(gateway())
    assert list(stage.world[Type.LISTENER]) == [LISTENER]


async def test_a_mistake_of_ours_over_one_change_takes_none_beside_it_along(stage: Stage) -> None:
    await stage.tell(gateway(), object(), secret(MADE.chain, MADE.key))
    assert list(stage.world[Type.LISTENER]) == [LISTENER]
    assert list(stage.world[Type.SECRET]) == [SDS]


async def test_an_invalid_object_is_left_out_and_the_others_go_on(stage: Stage) -> None:
    await stage.tell(gateway(), routes("hello"))
    broken = upsert(GATEWAY, {"metadata": named("broken"), "spec": {"servers": []}})
    await stage.tell(broken)
    assert list(stage.world[Type.LISTENER]) == [LISTENER]
    await stage.finds(codes.INVALID)


async def test_an_object_that_is_none_of_its_kind_is_a_finding(stage: Stage) -> None:
    await stage.tell(upsert(GATEWAY, {"metadata": named("odd"), "spec": {"servers": "none"}}))
    assert [finding.about.name for finding in stage.fleet.store.malformed()] == ["odd"]


NAME = (Type.SECRET, HOST)


async def on_demand(stage: Stage) -> None:
    await stage.tell(gateway(serve="on-demand"), routes("hello"), secret(MADE.chain, MADE.key))


async def test_a_host_on_demand_is_served_once_an_envoy_asks_and_until_it_leaves(stage: Stage) -> None:
    await on_demand(stage)
    assert not stage.world[Type.SECRET]
    await stage.tell(Asked((NAME,)))
    assert list(stage.world[Type.SECRET]) == [HOST]
    assert list(stage.world[Type.SCOPE]) == [f"{LISTENER}|{HOST}"]
    await stage.tell(Left((NAME,)))
    assert not stage.world[Type.SECRET]
    assert not stage.world[Type.SCOPE]


async def test_a_name_that_nobody_owns_is_answered_and_nothing_else_is_touched(stage: Stage) -> None:
    await on_demand(stage)
    await stage.tell(Asked(((Type.SECRET, "nobody.example"),)))
    assert stage.touched == {(Type.SECRET, "nobody.example")}
    assert not stage.configuration.on_demand.uses


async def test_what_is_asked_before_every_kind_is_known_is_answered_then() -> None:
    stage = Stage()
    await stage.tell(upsert(SERVICE, SERVICE_BODY), gateway(serve="on-demand"), Asked((NAME,), resumed=True))
    await stage.tell(secret(MADE.chain, MADE.key), *(Synced(kind) for kind in PLACES))
    assert list(stage.world[Type.SECRET]) == [HOST]
    stage.task.cancel()


async def test_more_names_than_can_be_answered_are_absent_at_once_but_none_that_an_envoy_came_with(
    stage: Stage,
) -> None:
    await on_demand(stage)
    many = tuple((Type.SECRET, f"{number}.example") for number in range(AT_ONCE))
    await stage.tell(Asked((NAME,), resumed=True), Asked(many), Asked(((Type.SECRET, "one.more"),)))
    assert (Type.SECRET, "one.more") in stage.touched
    await eventually(lambda: HOST in stage.world[Type.SECRET], "the name that was in use")


async def test_nobody_is_answered_who_has_left_meanwhile(stage: Stage) -> None:
    await on_demand(stage)
    await stage.tell(Asked((NAME,)), Left((NAME,)))
    assert not stage.configuration.on_demand.uses
