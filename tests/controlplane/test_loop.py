"""Changes in, resources out, verdicts back: the whole loop without a socket."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import pytest
from world import pair

from pylae.api.scheme import ENDPOINT_SLICE, GATEWAY, SECRET, SERVICE, VIRTUAL_SERVICE, Kind
from pylae.controlplane.configuration import Configuration
from pylae.controlplane.loop import Loop
from pylae.controlplane.metrics import Metrics
from pylae.kube.resume import Delete, Synced, Upsert
from pylae.kube.store import PLACES
from pylae.model import codes
from pylae.model.workload import GatewayWorkload
from pylae.xds.delta import Accepted, Refused
from pylae.xds.resource import ResourceSet, Type

HOST = "shop.example"
LISTENER = "0.0.0.0_8443"
ROUTES = "https.443.https.shop.default"
SDS = "kubernetes://shop"


class Stage:
    """A loop, and every world that it published."""

    def __init__(self) -> None:
        self.worlds: list[ResourceSet] = []
        self.batch = asyncio.Event()
        self.loop = Loop(Configuration(GatewayWorkload()), Metrics(), self.worlds.append, self.batch.set)
        self.task = asyncio.create_task(self.loop.run())

    @property
    def world(self) -> ResourceSet:
        return self.worlds[-1]

    async def tell(self, *items: object) -> None:
        """Hand over items as one batch and wait until it was worked off."""
        self.batch.clear()
        for item in items:
            self.loop.tell(item)  # type: ignore[arg-type]
        worked = asyncio.create_task(self.batch.wait())
        await asyncio.wait([worked, self.task], return_when=asyncio.FIRST_COMPLETED)
        if self.task.done():
            self.task.result()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    await made.tell(upsert(SERVICE, SERVICE_BODY), *(Synced(kind) for kind in PLACES))
    yield made
    made.task.cancel()


def upsert(kind: Kind, body: dict[str, object]) -> Upsert:
    return Upsert(kind, json.dumps({"apiVersion": kind.api_version, "kind": kind.kind, **body}).encode())


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


def gateway(name: str = "shop", host: str = HOST, credential: str = "shop") -> Upsert:
    server = {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "hosts": [host],
        "tls": {"mode": "SIMPLE", "credentialName": credential},
    }
    spec = {"selector": {"istio": "ingressgateway"}, "servers": [server]}
    return upsert(GATEWAY, {"metadata": named(name), "spec": spec})


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
    assert stage.worlds == []
    stage.task.cancel()


async def test_a_gateway_becomes_a_listener_and_a_route_configuration(stage: Stage) -> None:
    await stage.tell(gateway(), routes("hello"), secret(MADE.chain, MADE.key))
    assert list(stage.world[Type.LISTENER]) == [LISTENER]
    assert list(stage.world[Type.ROUTE]) == [ROUTES]
    assert list(stage.world[Type.SECRET]) == [SDS]


async def test_a_rotation_changes_one_secret_and_nothing_else(stage: Stage) -> None:
    await stage.tell(gateway(), routes("hello"), secret(MADE.chain, MADE.key))
    before = stage.world
    await stage.tell(secret(RENEWED.chain, RENEWED.key, 2))
    assert stage.world[Type.SECRET][SDS].version != before[Type.SECRET][SDS].version
    for type_ in (Type.LISTENER, Type.ROUTE, Type.CLUSTER):
        assert stage.world[type_] is before[type_]


async def test_a_secret_that_turns_bad_leaves_the_last_good_one_and_a_finding(stage: Stage) -> None:
    await stage.tell(gateway(), secret(MADE.chain, MADE.key))
    before = stage.world[Type.SECRET][SDS]
    await stage.tell(secret(MADE.chain, RENEWED.key, 2))
    assert stage.world[Type.SECRET][SDS] == before
    assert codes.CERTIFICATE_INVALID in found(stage)


async def test_a_secret_that_is_deleted_is_not_kept(stage: Stage) -> None:
    await stage.tell(gateway(), secret(MADE.chain, MADE.key))
    await stage.tell(Delete(SECRET, ("istio-system", "shop")))
    assert SDS not in stage.world[Type.SECRET]
    assert codes.CERTIFICATE_MISSING in found(stage)


async def test_a_secret_that_nobody_names_is_never_sent(stage: Stage) -> None:
    await stage.tell(secret(MADE.chain, MADE.key))
    assert not stage.world[Type.SECRET]


async def test_a_change_of_a_route_carries_the_listener_over(stage: Stage) -> None:
    await stage.tell(gateway(), routes("hello"))
    before = stage.world
    await stage.tell(routes("good-bye", 2))
    assert stage.world[Type.LISTENER] is before[Type.LISTENER]
    assert stage.world[Type.ROUTE][ROUTES].version != before[Type.ROUTE][ROUTES].version


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
    assert codes.NO_ENDPOINTS in found(stage)
    endpoint_slice = {
        "metadata": {**named("web-1"), "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080}],
        "endpoints": [{"addresses": ["127.0.0.1"]}],
    }
    before = stage.world
    await stage.tell(upsert(ENDPOINT_SLICE, endpoint_slice))
    assert codes.NO_ENDPOINTS not in found(stage)
    assert stage.world[Type.CLUSTER] is before[Type.CLUSTER]
    assert stage.world[Type.ENDPOINT] != before[Type.ENDPOINT]


async def test_a_mistake_of_ours_over_one_change_does_not_end_the_loop(stage: Stage) -> None:
    await stage.tell(object())
    await stage.tell(gateway())
    assert list(stage.world[Type.LISTENER]) == [LISTENER]


async def test_an_invalid_object_is_left_out_and_the_others_go_on(stage: Stage) -> None:
    await stage.tell(gateway(), routes("hello"))
    broken = upsert(GATEWAY, {"metadata": named("broken"), "spec": {"servers": []}})
    await stage.tell(broken)
    assert list(stage.world[Type.LISTENER]) == [LISTENER]
    assert codes.INVALID in found(stage)


async def test_an_object_that_is_none_of_its_kind_is_a_finding(stage: Stage) -> None:
    await stage.tell(upsert(GATEWAY, {"metadata": named("odd"), "spec": {"servers": "none"}}))
    assert [finding.about.name for finding in stage.loop.store.malformed()] == ["odd"]


def found(stage: Stage) -> set[codes.Code]:
    from datetime import UTC, datetime

    return {finding.code for finding in stage.loop.configuration.findings(datetime.now(UTC))}
