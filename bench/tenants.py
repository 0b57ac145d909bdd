"""A great many hosts, each with objects of its own, in a data directory that is filled once through the API and kept.

A run works on a copy, so that what it changes is not there in the next.
"""

import asyncio
import contextlib
import json
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from certificates import Leaf, kept
from shapes import Json
from stage import Stage, free_port

from pylae.api.scheme import ENDPOINT_SLICE, GATEWAY, SECRET, SERVICE, VIRTUAL_SERVICE, Kind
from pylae.api.scheme import NAMESPACE as NAMESPACES
from pylae.kube.client import Client
from pylae.kube.errors import AlreadyExists
from pylae.kube.kubeconfig import load

NAMESPACE, SECRETS = "tenants", "istio-system"
DOMAIN = "tenants.example"
WRITERS = 32
"""Requests to the API at a time."""

BACKEND_PORTS = range(18080, 18180)
"""The upstream's address is in the stored objects, so it is the same in each run; these are no client's ports."""


@dataclass(frozen=True)
class Tenants:
    """Which hosts there are: how many, how they are served, and whether each has a Service and an EndpointSlice of its
    own or all share one."""

    count: int
    serve: str
    shared: bool = False

    def __str__(self) -> str:
        return f"{self.count}-{self.serve}{'-shared' if self.shared else ''}"

    def names(self) -> list[str]:
        return [name_of(number) for number in range(self.count)]

    def objects(self, name: str, leaf: Leaf, backend: int) -> Iterator[tuple[Kind, Json]]:
        """Of one host, what others refer to first; the Gateway, which makes it served, last."""
        service = "backend" if self.shared else name
        yield SECRET, secret(name, leaf)
        if not self.shared:
            yield from backend_objects(name, backend)
        yield VIRTUAL_SERVICE, virtual_service(name, service)
        yield GATEWAY, gateway(name, self.serve)


def name_of(number: int, letter: str = "h") -> str:
    return f"{letter}{number:06}"


def host_of(name: str) -> str:
    return f"{name}.{DOMAIN}"


def secret(name: str, leaf: Leaf) -> Json:
    metadata = {"name": name, "namespace": SECRETS}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": metadata,
        "data": leaf.data(),
    }


def backend_objects(name: str, port: int) -> Iterator[tuple[Kind, Json]]:
    metadata = {"name": name, "namespace": NAMESPACE}
    ports = [{"name": "http", "port": 80, "targetPort": port}]
    yield SERVICE, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports}}
    yield (
        ENDPOINT_SLICE,
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {**metadata, "labels": {"kubernetes.io/service-name": name}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["127.0.0.1"]}],
            "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        },
    )


def virtual_service(name: str, service: str) -> Json:
    to = {"destination": {"host": service, "port": {"number": 80}}}
    spec = {"hosts": [host_of(name)], "gateways": [name], "http": [{"route": [to]}]}
    return _istio("VirtualService", name, spec)


def gateway(name: str, serve: str) -> Json:
    server = {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "tls": {"mode": "SIMPLE", "credentialName": name},
        "hosts": [host_of(name)],
    }
    spec = {"selector": {"istio": "ingressgateway"}, "servers": [server]}
    return _istio("Gateway", name, spec, {"annotations": {"pylae.dev/serve": serve}})


def _istio(kind: str, name: str, spec: Json, metadata: Json | None = None) -> Json:
    meta = {"name": name, "namespace": NAMESPACE, **(metadata or {})}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": meta, "spec": spec}


@dataclass(frozen=True)
class Store:
    """Where filled data directories and certificates lie."""

    root: Path
    tenants: Tenants

    @property
    def home(self) -> Path:
        return self.root / str(self.tenants)

    def leaves(self) -> Iterator[Leaf]:
        hosts = [host_of(name) for name in self.tenants.names()]
        return kept(self.root / f"certificates-{len(hosts)}.jsonl", hosts)

    @property
    def backend(self) -> int:
        return int(json.loads((self.home / "backend.json").read_text())["port"])

    @contextmanager
    def stage(self) -> Iterator[Stage]:
        """A stage on a copy, which is filled first if need be."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.home / "filled").exists():
            self._fill()
        room = Path(tempfile.mkdtemp(prefix="pylae-bench-"))
        made = Stage(room / "data", free_port(), free_port())
        try:
            shutil.copytree(self.home / "data", made.data, ignore=shutil.ignore_patterns("run"))
            yield made
        finally:
            made.pylae("down")
            shutil.rmtree(room, ignore_errors=True)

    def _fill(self) -> None:
        """A socket's path is limited, so it is filled elsewhere and moved."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(mode=0o700)
        (self.home / "backend.json").write_text(json.dumps({"port": _backend_port()}))
        leaves = self.leaves()
        room = Path(tempfile.mkdtemp(prefix="pylae-bench-"))
        made = Stage(room / "data", free_port(), free_port())
        try:
            made.up()
            asyncio.run(self._write(made, leaves))
            made.pylae("down")
            shutil.move(made.data, self.home / "data")
        finally:
            made.pylae("down")
            shutil.rmtree(room, ignore_errors=True)
        (self.home / "filled").touch()

    async def _write(self, made: Stage, leaves: Iterator[Leaf]) -> None:
        async with api(made) as client:
            await put(
                client, [(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})]
            )
            if self.tenants.shared:
                await put(client, list(backend_objects("backend", self.backend)))
            work = zip(self.tenants.names(), leaves, strict=True)
            began = time.perf_counter()
            written = sum(await asyncio.gather(*(self._writer(client, work) for _ in range(WRITERS))))
            took = time.perf_counter() - began
        print(
            f"filled with {self.tenants.count} hosts, {written} objects, in {took:.1f} s: {written / took:.0f} a second"
        )

    async def _writer(self, client: Client, work: Iterator[tuple[str, Leaf]]) -> int:
        written = 0
        for name, leaf in work:
            objects = list(self.tenants.objects(name, leaf, self.backend))
            await put(client, objects)
            written += len(objects)
        return written


async def put(client: Client, objects: list[tuple[Kind, Json]]) -> None:
    for kind, document in objects:
        with contextlib.suppress(AlreadyExists):  # it is there
            await client.create(kind, document["metadata"].get("namespace", ""), document)


@contextlib.asynccontextmanager
async def api(made: Stage, patience: float = 60) -> AsyncIterator[Client]:
    """A client of the stage's API, once that answers."""
    end = time.monotonic() + patience
    while True:
        with contextlib.suppress(Exception):
            async with Client(load(made.data / "kubeconfig")) as client:
                await client.get_raw("/readyz")
                break
        if time.monotonic() > end:
            raise TimeoutError(f"the API does not answer within {patience} s")
        await asyncio.sleep(0.02)
    async with Client(load(made.data / "kubeconfig")) as client:
        yield client


def _backend_port() -> int:
    for port in BACKEND_PORTS:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise SystemExit(f"no port of {BACKEND_PORTS} is free for the upstream")
