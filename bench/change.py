"""What one change costs the control plane by itself, at 1, 100 and 1,000 hosts: sent ahead, and on demand with all of
them in use.

No API server, no Envoy and no socket: a loop with a client that acknowledges everything at once. Each host has a
Gateway, a VirtualService, a Service, an EndpointSlice and a Secret of its own.
"""

import asyncio
import base64
import cProfile
import json
import logging
import pstats
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from stage import certificate, quantile

from pylae.api.scheme import ENDPOINT_SLICE, GATEWAY, SECRET, SERVICE, VIRTUAL_SERVICE, Kind
from pylae.controlplane.discovery.observation import Observation
from pylae.controlplane.fleet.fleet import Fleet
from pylae.controlplane.loop import Loop
from pylae.controlplane.metrics import Metrics
from pylae.kube.resume import Synced, Upsert
from pylae.kube.store import PLACES, Store
from pylae.model.workload import GatewayWorkload
from pylae.translate.translate import translate
from pylae.xds.delta import DeltaStream
from pylae.xds.event import Asked, Turn
from pylae.xds.message import Node, Request, encode_response
from pylae.xds.resource import Key, Type
from pylae.xds.world import Served

HOME = GatewayWorkload()
HOSTS = (1, 100, 1000)
CHANGES = 30
NAMESPACE = "default"
ROUTED = {Type.ENDPOINT, Type.ROUTE, Type.SECRET}


@dataclass
class Accepting:
    """An Envoy that takes whatever comes, and asks by name for what it needs."""

    stream: DeltaStream = field(default_factory=DeltaStream)
    asked: set[tuple[Type, str]] = field(default_factory=set)
    inbox: list[Request] = field(default_factory=list)
    tell: Callable[[Any], None] = lambda _: None
    sent: int = 0

    def begin(self) -> None:
        self.inbox += [Request(Type.CLUSTER), Request(Type.LISTENER), Request(Type.SCOPE)]

    def ask(self, hosts: Iterable[str]) -> None:
        self.inbox.append(Request(Type.SECRET, tuple(hosts)))

    def publish(self, served: Served, touched: frozenset[Key]) -> None:
        self._hear(self.stream.publish(served, touched))

    def answer(self) -> None:
        """Answer everything, until nothing is left to say."""
        while self.inbox:
            asked, self.inbox = self.inbox, []
            for request in asked:
                self._hear(self.stream.receive(request))

    def _hear(self, turn: Turn) -> None:
        for event in turn.events:
            self.tell(event)
        if turn.asked:
            self.tell(Asked(turn.asked))
        for response in turn.responses:
            self.sent += len(encode_response(response))
            needs = {need for resource in response.resources for need in resource.needs if need[0] in ROUTED}
            new, self.asked = needs - self.asked, self.asked | needs
            for type_ in ROUTED:
                if names := tuple(sorted(name for of, name in new if of is type_)):
                    self.inbox.append(Request(type_, names))
            self.inbox.append(Request(response.type, nonce=response.nonce))


class World:
    """A loop at work for some number of hosts."""

    def __init__(self) -> None:
        self.batch = asyncio.Event()
        self.envoy = Accepting()
        store = Store()
        fleet = Fleet(store, Metrics(), self, HOME)
        [self.serving] = fleet
        self.loop = Loop(fleet, self.batch.set)
        self.envoy.tell = lambda event: self.loop.tell(Observation(HOME, Node(), event))
        self.running = asyncio.create_task(self.loop.run())

    def publish(self, _: GatewayWorkload, served: Served, touched: Iterable[Key]) -> None:
        self.envoy.publish(served, frozenset(touched))

    def forget(self, _: GatewayWorkload) -> None:
        """Of one who is always there nothing is forgotten."""

    async def tell(self, *items: Any) -> float:
        """Milliseconds until a batch of changes was worked off, down to the bytes for Envoy."""
        self.batch.clear()
        began = time.perf_counter()
        for item in items:
            self.loop.tell(item)
        await asyncio.wait([asyncio.create_task(self.batch.wait()), self.running], return_when=asyncio.FIRST_COMPLETED)
        return (time.perf_counter() - began) * 1000

    async def settle(self) -> float:
        """Milliseconds for everything that follows: answers, and the loop's work with them."""
        began = time.perf_counter()
        while self.envoy.inbox or self.loop._queue or self.serving.questions:
            self.envoy.answer()
            await asyncio.sleep(0)
        return (time.perf_counter() - began) * 1000

    async def rest(self) -> float:
        """Milliseconds for what is looked into after it, when nothing else is to do."""
        examination = self.serving.configuration.examination
        began = time.perf_counter()
        while examination.examine():
            pass
        return (time.perf_counter() - began) * 1000


def upsert(kind: Kind, name: str, version: int = 1, namespace: str = NAMESPACE, **body: Any) -> Upsert:
    metadata = {"name": name, "namespace": namespace, "uid": name, "resourceVersion": str(version)}
    metadata |= body.pop("metadata", {})
    document = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **body}
    return Upsert.of(kind, json.dumps(document).encode())


def front() -> Upsert:
    ports = [{"name": "https", "port": 443, "targetPort": 8443, "nodePort": 30005, "protocol": "TCP"}]
    spec = {"type": "NodePort", "selector": {"istio": "ingressgateway"}, "ports": ports}
    return upsert(SERVICE, "istio-ingressgateway", namespace="istio-system", spec=spec)


SERVE = {"now": "ahead"}


def gateway(number: int, version: int = 1) -> Upsert:
    server = {
        "port": {"number": 443, "name": f"https-{version}", "protocol": "HTTPS"},
        "hosts": [f"host-{number}.example"],
        "tls": {"mode": "SIMPLE", "credentialName": f"host-{number}"},
    }
    spec = {"selector": {"istio": "ingressgateway"}, "servers": [server]}
    metadata = {"annotations": {"pylae.dev/serve": SERVE["now"]}}
    return upsert(GATEWAY, f"host-{number}", version, metadata=metadata, spec=spec)


def virtual_service(number: int, version: int = 1) -> Upsert:
    name = f"host-{number}"
    to = {"destination": {"host": name, "port": {"number": 80}}}
    http = [
        {"match": [{"uri": {"prefix": f"/v{version}"}}], "route": [to], "timeout": "5s"},
        {"match": [{"uri": {"exact": "/old"}}], "redirect": {"uri": "/new"}},
        {"route": [to]},
    ]
    spec = {"hosts": [f"{name}.example"], "gateways": [name], "http": http}
    return upsert(VIRTUAL_SERVICE, name, version, spec=spec)


def service(number: int, version: int = 1) -> Upsert:
    protocol = "kubernetes.io/h2c" if version % 2 else "http"
    ports: list[dict[str, Any]] = [{"name": "http", "port": 80, "targetPort": 8080, "appProtocol": protocol}]
    ports.append({"name": "other", "port": 9000 + version})
    return upsert(SERVICE, f"host-{number}", version, spec={"ports": ports})


def endpoint_slice(number: int, version: int = 1) -> Upsert:
    name = f"host-{number}"
    metadata = {"labels": {"kubernetes.io/service-name": name}}
    body = {"addressType": "IPv4", "ports": [{"name": "http", "port": 8080}]}
    endpoints = [{"addresses": [f"10.{version % 250}.{number // 250}.{number % 250}"]}]
    return upsert(ENDPOINT_SLICE, f"{name}-1", version, metadata=metadata, endpoints=endpoints, **body)


PAIRS = [certificate("*.example") for _ in range(CHANGES + 2)]


def secret(number: int, version: int = 1) -> Upsert:
    chain, key = (base64.b64encode(part.encode()).decode() for part in PAIRS[version % len(PAIRS)])
    return upsert(SECRET, f"host-{number}", version, "istio-system", data={"tls.crt": chain, "tls.key": key})


CHANGED = {
    "VirtualService": virtual_service,
    "Service": service,
    "Gateway": gateway,
    "EndpointSlice": endpoint_slice,
    "Secret": secret,
}


async def furnished(hosts: int) -> World:
    world = World()
    world.envoy.begin()
    objects = [make(number) for number in range(hosts) for make in CHANGED.values()]
    await world.tell(front(), *objects, *(Synced(kind) for kind in PLACES))
    await world.settle()
    if SERVE["now"] == "on-demand":
        world.envoy.ask(f"host-{number}.example" for number in range(hosts))
        await world.settle()
    await world.rest()
    return world


async def measure(hosts: int) -> None:
    world = await furnished(hosts)
    began = time.perf_counter()
    translate(world.loop.fleet.store.snapshot, HOME)
    took = (time.perf_counter() - began) * 1000
    print(f"\n{hosts} hosts, {SERVE['now']}; all that is sent ahead translated from scratch: {took:.2f} ms")
    for name, change in CHANGED.items():
        taken: dict[str, list[float]] = {"loop": [], "answers": [], "examination": []}
        for version in range(2, CHANGES + 2):
            taken["loop"].append(await world.tell(change(version * 7 % hosts, version)))
            taken["answers"].append(await world.settle())
            taken["examination"].append(await world.rest())
        print(f"  {name:<15}" + "   ".join(f"{what} {quantile(took, 0.5):7.2f} ms" for what, took in taken.items()))
    world.running.cancel()


async def profile(name: str, hosts: int) -> None:
    """Where the time goes, for one kind of change."""
    world = await furnished(hosts)
    profiler = cProfile.Profile()
    for version in range(2, CHANGES + 2):
        item = CHANGED[name](version * 7 % hosts, version)
        profiler.enable()
        await world.tell(item)
        await world.settle()
        await world.rest()
        profiler.disable()
    world.running.cancel()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main() -> None:
    logging.disable()
    if sys.argv[1:]:
        asyncio.run(profile(sys.argv[1], HOSTS[-1]))
        return
    print(f"One change, median of {CHANGES}")
    for serve in ("ahead", "on-demand"):
        SERVE["now"] = serve
        for hosts in HOSTS:
            asyncio.run(measure(hosts))


if __name__ == "__main__":
    main()
