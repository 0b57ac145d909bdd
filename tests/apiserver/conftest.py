"""What the tests of this room share: objects to store, and an open store to put them in."""

import base64
import contextlib
import io
import json
import sqlite3
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import yaml
from kubectls import Kubectl, aimed, kubectls

from pylae.apimachinery.document import Json
from pylae.apiserver.cache import Cache, load
from pylae.apiserver.entry import Entry, Event, Key, Verb, record
from pylae.apiserver.journal import Journal
from pylae.apiserver.reader import LogRow
from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings, Limits
from pylae.apiserver.storage import Storage, open_storage
from pylae.apiserver.transaction import Transaction


def this_second() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@dataclass
class Clock:
    """A clock that moves when it is told to. It starts at the real time, since certificates are checked by real
    clients."""

    now: datetime = field(default_factory=this_second)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True)
class Disk:
    """What a database file holds, seen with other eyes than the server's."""

    path: Path

    def objects(self) -> list[Entry]:
        rows = self._rows("SELECT resource, namespace, name, revision, body FROM objects ORDER BY 1, 2, 3")
        return [Entry(Key(*key), revision, body) for *key, revision, body in rows]

    def log(self) -> list[LogRow]:
        """Newest first."""
        rows = self._rows("SELECT revision, verb, resource, namespace, name, replaced FROM log ORDER BY 1 DESC")
        return [LogRow(revision, verb, Key(*key), replaced) for revision, verb, *key, replaced in rows]

    def claims(self) -> dict[str, str]:
        """Who has what."""
        return dict(self._rows("SELECT claim, name FROM claims"))

    def _rows(self, sql: str) -> list[tuple]:
        with contextlib.closing(sqlite3.connect(self.path)) as database:
            return database.execute(sql).fetchall()


@pytest.fixture
def disk() -> type[Disk]:
    return Disk


@dataclass
class Store:
    """Storage, cache and journal over one file, as the server has them."""

    path: Path
    clock: Clock
    storage: Storage
    cache: Cache
    journal: Journal

    @classmethod
    def open(cls, path: Path, clock: Clock, limit_bytes: int = 0) -> "Store":
        storage = open_storage(path, now=clock(), limit_bytes=limit_bytes)
        cache = load(storage)
        return cls(path, clock, storage, cache, Journal(storage, cache, clock))

    async def reopen(self) -> "Store":
        await self.journal.close()
        return Store.open(self.path, self.clock)

    async def put(self, name: str, resource: str = "configmaps", **fields: object) -> Entry:
        key, obj = thing(name, resource, **fields)
        return await self.journal.write(lambda transaction: transaction.put(key, obj))

    async def remove(self, name: str, resource: str = "configmaps") -> None:
        key = Key(resource, "shop", name)

        def decide(transaction: Transaction) -> None:
            entry = transaction.get(key)
            assert entry is not None
            transaction.remove(entry)

        await self.journal.write(decide)

    def log(self) -> list[LogRow]:
        return Disk(self.path).log()

    def stored(self) -> list[str]:
        return [entry.key.name for entry in Disk(self.path).objects()]

    def names(self, resource: str = "configmaps") -> list[str]:
        return [entry.key.name for entry in self.cache.walk(resource)]


def thing(name: str, resource: str = "configmaps", **fields: object) -> tuple[Key, Json]:
    """An object of no particular kind; `fields` go beside its metadata, `labels` into it."""
    labels = fields.pop("labels", {})
    metadata = {"name": name, "namespace": "shop", "uid": f"uid-of-{name}", "labels": labels}
    return Key(resource, "shop", name), {"kind": "Thing", "apiVersion": "v1", "metadata": metadata, **fields}


def _added(revision: int, name: str, resource: str = "configmaps", **fields: object) -> Event:
    key, obj = thing(name, resource, **fields)
    return Event(Verb.ADDED, record(key, obj, revision), None)


def _modified(revision: int, before: Event, **fields: object) -> Event:
    key, obj = thing(before.entry.key.name, before.entry.key.resource, **fields)
    return Event(Verb.MODIFIED, record(key, obj, revision), before.entry)


def _deleted(revision: int, before: Event) -> Event:
    return Event(Verb.DELETED, record(before.entry.key, before.entry.object, revision), before.entry)


@dataclass(frozen=True)
class Events:
    """Makers of events."""

    added: Callable[..., Event] = _added
    modified: Callable[..., Event] = _modified
    deleted: Callable[..., Event] = _deleted


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    opened = Store.open(tmp_path / "api.db", clock)
    yield opened
    await opened.journal.close()


@dataclass
class Api:
    """A running server and an HTTP client that it lets in."""

    server: ApiServer
    session: aiohttp.ClientSession
    clock: Clock

    async def __call__(self, method: str, path: str, body: object = None, **headers: str) -> "Reply":
        """Asks; a body that is not bytes is sent as JSON. Header names are written with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Content-Type", "application/json")
        data = None if body is None else io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        async with self.session.request(method, f"{self.server.url}{path}", data=data, headers=named) as response:
            return Reply(response.status, response.headers, await response.read())

    async def create(self, path: str, kind: str, name: str, **fields: object) -> Json:
        """POSTs an object that must be accepted."""
        labels = fields.pop("labels", None)
        metadata = {"name": name, **({"labels": labels} if labels else {})}
        reply = await self("POST", path, {"kind": kind, "metadata": metadata, **fields})
        assert reply.status == 201, reply.json
        return reply.json

    def watch(self, path: str, **headers: str) -> "aiohttp.client._RequestContextManager":
        return self.session.get(f"{self.server.url}{path}", headers=headers)


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
    def warnings(self) -> list[str]:
        return [text.removeprefix('299 - "').removesuffix('"') for text in self.headers.getall("Warning", [])]


def _connect(kubeconfig: Path) -> aiohttp.ClientSession:
    config = yaml.safe_load(kubeconfig.read_text())
    ca = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=ssl.create_default_context(cadata=ca), limit=0),
        headers={"Authorization": f"Bearer {config['users'][0]['user']['token']}"},
    )


Connect = Callable[[Path], aiohttp.ClientSession]


@pytest.fixture
def connect() -> Connect:
    """A session that a kubeconfig lets in, by its token."""
    return _connect


ServerMaker = Callable[..., Awaitable[Api]]


@pytest.fixture
async def serve(tmp_path: Path, clock: Clock, connect: Connect) -> AsyncIterator[ServerMaker]:
    """Starts servers; keyword arguments are ApiServer's, and `limits`. All of them are stopped at the end."""
    async with AsyncExitStack() as stack:

        async def start(**options: object) -> Api:
            limits = options.pop("limits", Limits())
            data = options.pop("data", tmp_path / "data" / "api.db")
            server = ApiServer(ApiServerSettings(data=data, limits=limits), clock=clock, **options)
            await server.start()
            stack.push_async_callback(server.stop)
            session = await stack.enter_async_context(connect(server.settings.kubeconfig))
            return Api(server, session, clock)

        yield start


@pytest.fixture
async def api(serve: ServerMaker) -> Api:
    """A server with default settings, in which the namespace `shop` is."""
    started = await serve()
    await started.create("/api/v1/namespaces", "Namespace", "shop")
    return started


@pytest.fixture(params=kubectls() or [pytest.param("", marks=pytest.mark.skip("there is no kubectl here"))])
async def kubectl(request, serve, tmp_path) -> Kubectl:
    async def logs(query):
        yield f"{query.pod}/{query.container}, last {query.tail_lines}\n".encode()

    api = await serve(logs=logs)
    return await aimed(request.param, api.server.settings.kubeconfig, tmp_path / "home", "shop")
