"""Raw HTTPS to an API server, with what the battery asks again and again said shortly."""

import asyncio
import base64
import contextlib
import io
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

Json = dict[str, Any]
PATCH = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
ISTIO = "/apis/networking.istio.io/v1"
CUSTOM = {"gateways": "Gateway", "virtualservices": "VirtualService", "destinationrules": "DestinationRule"}


@dataclass(frozen=True)
class Reply:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return self.json["message"]

    @property
    def reason(self) -> str:
        return self.json["reason"]

    @property
    def causes(self) -> list[tuple[str, str]]:
        """(reason, field) of each cause."""
        return [(cause["reason"], cause.get("field", "")) for cause in self.json["details"].get("causes", [])]

    @property
    def cause_messages(self) -> dict[str, str]:
        return {cause.get("field", ""): cause["message"] for cause in self.json["details"].get("causes", [])}

    @property
    def names(self) -> list[str]:
        return [item["metadata"]["name"] for item in self.json["items"]]

    @property
    def version(self) -> str:
        return self.json["metadata"]["resourceVersion"]

    @property
    def warnings(self) -> list[str]:
        lines = self.headers.getall("Warning", []) if hasattr(self.headers, "getall") else []
        return [line.removeprefix('299 - "').removesuffix('"').replace('\\"', '"') for line in lines]


@dataclass(frozen=True)
class Rest:
    """A client of one API server. `namespace` is this test's own."""

    session: aiohttp.ClientSession
    url: str
    namespace: str = ""

    async def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """Header names are written with `_` for `-`; a body that is not bytes is sent as JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = None
        if body is not None:
            data = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
            named.setdefault("Content-Type", "application/json")
        async with self.session.request(method, self.url + path, data=data, headers=named) as response:
            return Reply(response.status, response.headers, await response.read())

    def path(self, plural: str = "configmaps", name: str = "", query: str = "", *, group: str = "/api/v1") -> str:
        """The path of a collection in this test's namespace, or of an object in it."""
        return f"{group}/namespaces/{self.namespace}/{plural}{'/' + name if name else ''}{'?' + query if query else ''}"

    async def create(self, name: str, plural: str = "configmaps", *, group: str = "/api/v1", **fields: object) -> Json:
        """An object that must be accepted; `labels`, `annotations`, `finalizers` go into its metadata. Of custom kinds
        a server wants to be told the kind."""
        metadata = {"name": name}
        if plural in CUSTOM:
            fields = {"apiVersion": group.removeprefix("/apis/"), "kind": CUSTOM[plural], **fields}
        for field in ("labels", "annotations", "finalizers", "ownerReferences"):
            if field in fields:
                metadata[field] = fields.pop(field)
        reply = await self("POST", self.path(plural, group=group), {"metadata": metadata, **fields})
        assert reply.status == 201, reply.body
        return reply.json

    async def patch(
        self, path: str, body: object, kind: str = "merge", query: str = "", accept: str = "application/json"
    ) -> Reply:
        return await self(
            "PATCH", f"{path}{'?' + query if query else ''}", body, Content_Type=PATCH[kind], Accept=accept
        )

    async def apply(self, path: str, body: object, manager: str = "tester", query: str = "") -> Reply:
        return await self.patch(path, body, "apply", f"fieldManager={manager}{'&' + query if query else ''}")

    @contextlib.asynccontextmanager
    async def watch(self, path: str, query: str = "", **headers: str) -> AsyncIterator["Events"]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.url}{path}?watch=true{'&' + query if query else ''}"
        async with self.session.get(url, headers=named) as response:
            yield Events(response)


@dataclass(frozen=True)
class Events:
    """A watch under way."""

    response: aiohttp.ClientResponse

    async def next(self) -> Json:
        async with asyncio.timeout(30):
            line = await self.response.content.readuntil(b"\n")
        return json.loads(line)

    async def take(self, count: int) -> list[Json]:
        return [await self.next() for _ in range(count)]

    async def until(self, holds: Callable[[Json], bool]) -> list[Json]:
        """The events up to one that holds, and that one."""
        seen = [await self.next()]
        while not holds(seen[-1]):
            seen.append(await self.next())
        return seen

    async def rest(self) -> list[Json]:
        """What comes until the server ends the watch."""
        async with asyncio.timeout(30):
            return [json.loads(line) for line in (await self.response.content.read()).splitlines()]


def told(events: list[Json]) -> list[tuple[str, str]]:
    """(type, name) of each."""
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


def session(kubeconfig: Path, token: str | None = None) -> aiohttp.ClientSession:
    """One that the kubeconfig's administrator, or another token, is let in by; `""` is nobody."""
    config = yaml.safe_load(kubeconfig.read_text())
    ca = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    token = config["users"][0]["user"]["token"] if token is None else token
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=ssl.create_default_context(cadata=ca), limit=0),
        headers={"Authorization": f"Bearer {token}"} if token else {},
        read_bufsize=2**22,
    )
