"""A customer's domain as a whole: certificate, Gateway, routes, and a Service with a backend of loopback. Many of them
are changed at once by a client of the API, for kubectl is a process for each change."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from callers import in_turns
from world import Pair, World, gateway, pair, secret

from pylae.api.scheme import Kind, kind_of
from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings
from pylae.kube.client import Client
from pylae.kube.errors import NotFound
from pylae.kube.kubeconfig import load

Json = dict[str, Any]

CONFIG = "istio"
"""The ConfigMap of the mesh configuration."""


@dataclass(frozen=True)
class Tenant:
    """`port` is its backend's; `says` has the gateway answer by itself instead. `tls` are further settings of its
    server."""

    name: str
    port: int
    certificate: Pair
    serve: str = "on-demand"
    says: str = ""
    tls: Json = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"{self.name}.example"

    def but(self, **changes: Any) -> "Tenant":
        return replace(self, **changes)

    def rotated(self) -> "Tenant":
        return self.but(certificate=pair(self.host))

    def objects(self) -> tuple[Json, ...]:
        return (self.secret(), *_backend(self.name, self.port), *self.gateway())

    def secret(self) -> Json:
        return _read(secret(self.name, tls_crt=self.certificate.chain, tls_key=self.certificate.key))[0]

    def gateway(self) -> tuple[Json, Json]:
        """Its Gateway and its VirtualService."""
        made, routes = _read(gateway(self.name, self.host, self.name, serve=self.serve, **self.tls))
        routes["spec"]["http"] = [self._rule()]
        return made, routes

    def slice(self) -> Json:
        return _backend(self.name, self.port)[1]

    def _rule(self) -> Json:
        if self.says:
            return {"directResponse": {"status": 200, "body": {"string": self.says}}}
        return {"route": [{"destination": {"host": f"{self.name}.default.svc.cluster.local"}}]}


def tenant(name: str, port: int) -> Tenant:
    """One that is served on demand, with a certificate of its own."""
    return Tenant(name, port, pair(f"{name}.example"))


def tenants(name: str, count: int, port: int) -> list[Tenant]:
    """NAME0, NAME1 and so on."""
    return [tenant(f"{name}{number}", port) for number in range(count)]


def objects(made: Iterable[Tenant]) -> list[Json]:
    return [each for one in made for each in one.objects()]


def _backend(name: str, port: int) -> tuple[Json, Json]:
    service = {"ports": [{"name": "http", "port": 80, "targetPort": port}]}
    labels = {"kubernetes.io/service-name": name}
    return (
        {"apiVersion": "v1", "kind": "Service", "metadata": _meta(name), "spec": service},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {**_meta(name), "labels": labels},
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
            "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
        },
    )


def _meta(name: str) -> Json:
    return {"name": name, "namespace": "default"}


def _read(manifest: str) -> list[Json]:
    return [json.loads(line) for line in manifest.splitlines() if line != "---"]


def mesh(text: str) -> Json:
    """The mesh configuration."""
    meta = {"name": CONFIG, "namespace": "istio-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"mesh": text}}


def change(world: World, put: Iterable[Json] = (), remove: Iterable[Json] = ()) -> None:
    """Create or replace objects of a running gateway, and delete others."""

    async def through_its_api() -> None:
        async with Client(load(world.data / "kubeconfig")) as client:
            await _change(client, list(put), list(remove))

    asyncio.run(through_its_api())


def change_while_away(world: World, put: Iterable[Json] = (), remove: Iterable[Json] = ()) -> None:
    """The same while no control plane runs: by an API server of the test's own on the gateway's data."""

    async def through_our_own() -> None:
        async with _serving(world) as server, Client(load(server.settings.kubeconfig)) as client:
            await _change(client, list(put), list(remove))

    asyncio.run(through_our_own())


@asynccontextmanager
async def _serving(world: World) -> AsyncIterator[ApiServer]:
    server = ApiServer(ApiServerSettings(data=next(world.data.rglob("api.db"))))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def _change(client: Client, put: Sequence[Json], remove: Sequence[Json]) -> None:
    await in_turns(put, lambda document: _put(client, document))
    await in_turns(remove, lambda document: client.delete(*_place(document)))


async def _put(client: Client, document: Json) -> None:
    kind, namespace, name = _place(document)
    try:
        await client.replace(kind, namespace, name, document)
    except NotFound:
        await client.create(kind, namespace, document)


def _place(document: Json) -> tuple[Kind, str, str]:
    kind = kind_of(document["apiVersion"], document["kind"])
    assert kind is not None
    return kind, document["metadata"]["namespace"], document["metadata"]["name"]
