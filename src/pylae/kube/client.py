"""The client: Kubernetes' verbs over HTTPS, on plain JSON.

It knows nothing of which server answers. Objects go in and come out as dictionaries, or as the bytes of one where many
pass through (lists and watches). Every refusal is an `ApiError`, every silence `Unreachable`.
"""

import os
import ssl
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from pylae import __version__
from pylae.api.scheme import Kind
from pylae.kube.connection import Connection
from pylae.kube.errors import KubeError, Unreachable, api_error
from pylae.kube.stream import Event, events
from pylae.kube.warnings import warnings_of

Json = dict[str, Any]
Query = Mapping[str, str]
T = TypeVar("T")

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

FIELD_MANAGER = "pylae"
PAGE = 500
"""Objects to a page of a list: client-go's number."""

TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=10)
"""Seconds. The server's own limit for a write is about as long."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Servers on this machine: nothing is gained by compressing for them, at many times the cost of sending as it is."""

READ_AHEAD = 2**20
"""Bytes of an answer that are taken in before they are asked for: about a page of a list."""

WATCH_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10)
WARNINGS_KEPT = 100


class Page(msgspec.Struct, frozen=True):
    """Part of a list: objects as they came, the version of the whole, and where the next page begins ("": nowhere)."""

    items: tuple[bytes, ...]
    resource_version: str
    continue_token: str = ""

    def __repr__(self) -> str:
        return f"Page({len(self.items)} objects, version {self.resource_version})"  # they may be Secrets


class _ListMeta(msgspec.Struct, rename={"resource_version": "resourceVersion", "continue_token": "continue"}):
    resource_version: str = ""
    continue_token: str = ""


class _List(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


class Client:
    """Talks to one API server as one user. Open it with `async with`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._session: aiohttp.ClientSession | None = None
        self._warnings: deque[str] = deque(maxlen=WARNINGS_KEPT)

    async def __aenter__(self) -> Self:
        headers = {"User-Agent": f"pylae/{__version__}", "Accept": "application/json"}
        if URL(self.connection.server).host in LOOPBACK:
            headers["Accept-Encoding"] = "identity"
        self._session = aiohttp.ClientSession(
            connector=_connector(self.connection), headers=headers, timeout=TIMEOUT, read_bufsize=READ_AHEAD
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    def take_warnings(self) -> tuple[str, ...]:
        """What the server warned of since the last call (`Warning:` headers), each sentence once."""
        taken = tuple(dict.fromkeys(self._warnings))
        self._warnings.clear()
        return taken

    async def get(self, kind: Kind, namespace: str, name: str) -> Json:
        return self._object(await self._ask("GET", path(kind, namespace, name)))

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
        found = self._decoded(await self._ask("GET", path(kind, namespace), asked), _List)
        items = tuple(bytes(item) for item in found.items or ())
        return Page(items, found.metadata.resource_version, found.metadata.continue_token)

    async def watch(self, kind: Kind, namespace: str = "", **query: str) -> AsyncGenerator[Event]:
        """What changes from `resourceVersion` on, until the server ends the stream.

        Raises `Gone` where that version is no longer known, and what any other error in the stream means.
        """
        asked = {"watch": "true", "allowWatchBookmarks": "true", **query}
        async with self._answer("GET", path(kind, namespace), asked, timeout=WATCH_TIMEOUT) as response:
            async for event in events(response.content):
                yield event

    async def create(self, kind: Kind, namespace: str, document: Json, *, strict: bool = False) -> Json:
        """With `strict`, unknown and repeated fields are refused rather than dropped."""
        return self._object(await self._ask("POST", path(kind, namespace), _writing(strict), document))

    async def replace(self, kind: Kind, namespace: str, name: str, document: Json, *, strict: bool = False) -> Json:
        return self._object(await self._ask("PUT", path(kind, namespace, name), _writing(strict), document))

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
        where = path(kind, namespace, name)
        return self._object(await self._ask("PATCH", where, _writing(strict), change, content_type=content_type))

    async def patch_status(self, kind: Kind, namespace: str, name: str, change: Json) -> Json:
        """A merge patch on the subresource: `change` is `{"status": {…}}`."""
        where = path(kind, namespace, name) + "/status"
        return self._object(await self._ask("PATCH", where, _writing(strict=False), change, content_type=MERGE_PATCH))

    async def delete(self, kind: Kind, namespace: str, name: str, *, uid: str = "") -> None:
        """With `uid`, only that very object: one made since under the same name stays, and `Conflict` is raised."""
        options: Json = {"propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        await self._ask("DELETE", path(kind, namespace, name), {}, options)

    async def get_raw(self, where: str) -> bytes:
        """Any path of the server, such as `/readyz`."""
        return await self._ask("GET", where)

    def _object(self, body: bytes) -> Json:
        return self._decoded(body, dict[str, Any])

    def _decoded(self, body: bytes, type_: type[T]) -> T:
        """A login page, say, may come with status 200 as well."""
        try:
            return msgspec.json.decode(body, type=type_)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unreachable(self.connection.place, f"what answers is no Kubernetes API ({error})") from None

    async def _ask(
        self,
        method: str,
        where: str,
        query: Query | None = None,
        document: Any = None,
        content_type: str = "application/json",
    ) -> bytes:
        body = None if document is None else msgspec.json.encode(document)
        headers = {"Content-Type": content_type} if body is not None else {}
        async with self._answer(method, where, query, data=body, headers=headers) as response:
            return await response.read()

    @asynccontextmanager
    async def _answer(
        self, method: str, where: str, query: Query | None = None, **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The one place where a request is made, and where what may go wrong with it gets its name."""
        assert self._session is not None, "open the client with `async with`"
        options["headers"] = {**options.get("headers", {}), **self.connection.headers()}
        url = URL(self.connection.server + where).update_query(query or {})
        name = self.connection.server_name or None
        try:
            async with self._session.request(
                method, url, server_hostname=name, allow_redirects=False, **options
            ) as response:
                self._warnings.extend(warnings_of(response.headers.getall("Warning", [])))
                if response.status >= 300:
                    raise api_error(response.status, await response.read())
                yield response
        except KubeError:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(self.connection.place, _why(error)) from error


def _connector(connection: Connection) -> aiohttp.BaseConnector:
    if connection.socket is not None:
        return aiohttp.UnixConnector(str(connection.socket), limit=0)
    context = connection.ssl_context()
    return aiohttp.TCPConnector(ssl=context if context is not None else True, limit=0)


def path(kind: Kind, namespace: str = "", name: str = "") -> str:
    """Where a kind, or one object of it, lies: `/apis/networking.istio.io/v1/namespaces/shop/gateways/front`."""
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    place = f"/namespaces/{quote(namespace)}" if namespace and kind.namespaced else ""
    return f"{root}{place}/{kind.plural}" + (f"/{quote(name, safe='')}" if name else "")


def _writing(strict: bool) -> Query:
    return {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"} if strict else {"fieldManager": FIELD_MANAGER}


def _why(error: Exception) -> str:
    """In words that a user can act on; `asyncio` and `aiohttp` leave some of their errors without any."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"its certificate is not trusted ({error.certificate_error})"
        case aiohttp.ClientConnectorError():
            return os.strerror(error.os_error.errno) if error.os_error.errno else str(error.os_error)
        case TimeoutError():
            return "it does not answer"
        case ssl.SSLError():
            return error.reason or str(error)
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError():
            return "it closed the connection"
        case _:
            return str(error) or type(error).__name__
