"""The client: Kubernetes' verbs over HTTPS, on plain JSON.

It knows nothing of which server answers. Objects go in and come out as dictionaries, or as the bytes of one where many
pass through (lists and watches). Every refusal is an `ApiError`, every silence `Unreachable`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import msgspec

from pylae.api.scheme import Kind
from pylae.kube.answers import Groups, List, Page, Resources
from pylae.kube.connection import Connection
from pylae.kube.errors import Unreachable
from pylae.kube.outage import Sleep
from pylae.kube.session import WATCH_TIMEOUT, Query, Session
from pylae.kube.stream import Event, events

Json = dict[str, Any]
T = TypeVar("T")

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

FIELD_MANAGER = "pylae"
PAGE = 500
"""Objects to a page of a list: client-go's number."""


class Client:
    """Talks to one API server as one user. Open it with `async with`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._session = Session(connection)
        self._served: dict[Kind, Kind] = {}
        """Kinds that the server does not know in their preferred version, in the one in which it does."""

    async def __aenter__(self) -> Self:
        await self._session.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def pause(self, seconds: float, sleep: Sleep = asyncio.sleep) -> bool:
        """Wait that long before the next attempt; in an outage only until the server is back, and then it is true."""
        return await self._session.outage.pause(seconds, sleep)

    async def serves(self, kind: Kind) -> bool:
        """Whether the server knows the kind in one of its versions. It is asked for in that version from then on."""
        if not kind.group:
            return True
        groups = self._decoded(await self._session.ask("GET", "/apis"), Groups).groups
        served = [version.version for group in groups if group.name == kind.group for version in group.versions]
        for version in (version for version in kind.versions if version in served):
            found = await self._session.ask("GET", f"/apis/{kind.group_version(version)}")
            if any(resource.name == kind.plural for resource in self._decoded(found, Resources).resources):
                self._served[kind] = replace(kind, versions=(version,))
                return True
        return False

    def _path(self, kind: Kind, namespace: str = "", name: str = "") -> str:
        return path(self._served.get(kind, kind), namespace, name)

    def take_warnings(self) -> tuple[str, ...]:
        """What the server warned of since the last call (`Warning:` headers), each sentence once."""
        taken = tuple(dict.fromkeys(self._session.warnings))
        self._session.warnings.clear()
        return taken

    async def get(self, kind: Kind, namespace: str, name: str) -> Json:
        return self._object(await self._session.ask("GET", self._path(kind, namespace, name)))

    async def list(self, kind: Kind, namespace: str = "", **query: str) -> tuple[Json, ...]:
        """All objects of a kind, in one namespace or ("") in all. `query` is the API's, such as `labelSelector`."""
        return tuple([self._object(item) async for page in self.pages(kind, namespace, **query) for item in page.items])

    async def pages(self, kind: Kind, namespace: str = "", **query: str) -> AsyncIterator[Page]:
        """The same, page by page. Raises `Gone` if the list grew too old before its end."""
        token = ""
        while True:
            page = await self.page(kind, namespace, token, **query)
            yield page
            if not (token := page.continue_token):
                return

    async def page(self, kind: Kind, namespace: str = "", continue_token: str = "", **query: str) -> Page:
        """One page of a list; `continue_token` is that of the page before it."""
        asked = {"limit": str(PAGE), **({"continue": continue_token} if continue_token else {}), **query}
        found = self._decoded(await self._session.ask("GET", self._path(kind, namespace), asked), List)
        items = tuple(bytes(item) for item in found.items or ())
        return Page(items, found.metadata.resource_version, found.metadata.continue_token)

    async def watch(self, kind: Kind, namespace: str = "", **query: str) -> AsyncGenerator[Event]:
        """What changes from `resourceVersion` on, until the server ends the stream.

        Raises `Gone` where that version is no longer known, and what any other error in the stream means.
        """
        asked = {"watch": "true", "allowWatchBookmarks": "true", **query}
        async with self._session.answer("GET", self._path(kind, namespace), asked, timeout=WATCH_TIMEOUT) as response:
            async for event in events(response.content):
                yield event

    async def create(self, kind: Kind, namespace: str, document: Json, *, strict: bool = False) -> Json:
        """With `strict`, unknown and repeated fields are refused rather than dropped."""
        return self._object(await self._session.ask("POST", self._path(kind, namespace), _writing(strict), document))

    async def replace(self, kind: Kind, namespace: str, name: str, document: Json, *, strict: bool = False) -> Json:
        return self._object(
            await self._session.ask("PUT", self._path(kind, namespace, name), _writing(strict), document)
        )

    async def patch(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        change: Any,
        *,
        content_type: str = MERGE_PATCH,
        strict: bool = False,
    ) -> Json:
        where = self._path(kind, namespace, name)
        return self._object(
            await self._session.ask("PATCH", where, _writing(strict), change, content_type=content_type)
        )

    async def patch_status(self, kind: Kind, namespace: str, name: str, change: Json) -> Json:
        """A merge patch on the subresource: `change` is `{"status": {…}}`."""
        where = self._path(kind, namespace, name) + "/status"
        return self._object(
            await self._session.ask("PATCH", where, _writing(strict=False), change, content_type=MERGE_PATCH)
        )

    async def delete(self, kind: Kind, namespace: str, name: str, *, uid: str = "") -> None:
        """With `uid`, only that very object: one made since under the same name stays, and `Conflict` is raised."""
        options: Json = {"propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        await self._session.ask("DELETE", self._path(kind, namespace, name), {}, options)

    async def get_raw(self, where: str) -> bytes:
        """Any path of the server, such as `/readyz`."""
        return await self._session.ask("GET", where)

    def _object(self, body: bytes) -> Json:
        return self._decoded(body, dict[str, Any])

    def _decoded(self, body: bytes, type_: type[T]) -> T:
        """A login page, say, may come with status 200 as well."""
        try:
            return msgspec.json.decode(body, type=type_)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unreachable(self.connection.place, f"what answers is no Kubernetes API ({error})") from None


def path(kind: Kind, namespace: str = "", name: str = "") -> str:
    """Where a kind, or one object of it, lies: `/apis/networking.istio.io/v1/namespaces/shop/gateways/front`."""
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    place = f"/namespaces/{quote(namespace)}" if namespace and kind.namespaced else ""
    return f"{root}{place}/{kind.plural}" + (f"/{quote(name, safe='')}" if name else "")


def _writing(strict: bool) -> Query:
    return {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"} if strict else {"fieldManager": FIELD_MANAGER}
