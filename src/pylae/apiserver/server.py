"""The API server as a whole: opens what it needs in order, serves, tends, and closes in the opposite order."""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.http import HttpProcessingError

from pylae.apimachinery.registry import REGISTRY
from pylae.apimachinery.resource import Registry
from pylae.apiserver.backend import Admit, Backend, Logs, Places, admit_all
from pylae.apiserver.cache import Cache, load
from pylae.apiserver.catalogue import Catalogue
from pylae.apiserver.door import Door
from pylae.apiserver.identity import Identity
from pylae.apiserver.journal import Journal
from pylae.apiserver.namespaces import ensure_permanent
from pylae.apiserver.settings import ApiServerSettings, SettingsError
from pylae.apiserver.storage import Storage, open_storage
from pylae.apiserver.upkeep import tend

TEND_EVERY: Final = 60.0
"""Seconds."""
BACKLOG: Final = 128
GRACE: Final = 2.0
"""Seconds that requests under way get at the end. Watches are ended at once: their clients resume."""

logger = logging.getLogger(__name__)
http_logger = logging.getLogger(f"{__name__}.http")


@http_logger.addFilter
def is_worth_a_line(record: logging.LogRecord) -> bool:
    """What is not HTTP at all is its sender's mistake, and the complaint about it would quote it, credentials and
    all."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def utc_now() -> datetime:
    return datetime.now(UTC)


class ApiServer:
    """The embedded Kubernetes API on a loopback address, and on a Unix socket if the settings name one.

    `admit` judges objects before they are stored, `logs` gives what `kubectl logs` prints, `registry` says which
    kinds there are. After `start`, the kubeconfig of the settings lets kubectl in.
    """

    def __init__(
        self,
        settings: ApiServerSettings,
        *,
        admit: Admit = admit_all,
        logs: Logs | None = None,
        registry: Registry = REGISTRY,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self.port = settings.port
        self._admit = admit
        self._logs = logs
        self._registry = registry
        self._clock = clock
        self._open = AsyncExitStack()
        self._cache: Cache | None = None
        self._journal: Journal | None = None
        self._identity: Identity | None = None

    @property
    def url(self) -> str:
        """Where it listens, such as `https://127.0.0.1:16443`; valid after `start`."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"https://{host}:{self.port}"

    async def start(self) -> None:
        """Opens the database and serves. Raises `StorageError`, `SettingsError` (the port is taken), OSError."""
        async with AsyncExitStack() as opened:
            backend = await self._open_backend(opened)
            listener = opened.enter_context(_bind(self.settings))
            inner = opened.enter_context(_private(self.settings.socket)) if self.settings.socket else None
            self.port = listener.getsockname()[1]
            self._identity = await asyncio.to_thread(Identity.ensure, self.settings, self.url, self._clock())
            runner = self._runner(Door(backend, self._identity.doorkeeper()))
            await runner.setup()
            opened.push_async_callback(runner.cleanup)
            opened.callback(backend.cache.end_watches)
            await web.SockSite(runner, listener, ssl_context=self._identity.tls).start()
            if inner is not None:
                await web.SockSite(runner, inner).start()
            opened.push_async_callback(_cancel, asyncio.create_task(self._tend_for_ever()))
            self._open = opened.pop_all()

    async def stop(self) -> None:
        """Ends watches, lets requests finish, writes what is decided and closes the database."""
        await self._open.aclose()

    async def tend(self) -> None:
        """Drops old Events, compacts and renews certificates, now rather than within the minute."""
        if self._journal and self._cache and self._identity:
            await tend(self._journal, self._cache, self._clock())
            await asyncio.to_thread(self._identity.renew, self._clock())

    async def _open_backend(self, opened: AsyncExitStack) -> Backend:
        limits = self.settings.limits
        storage, cache = await asyncio.to_thread(_open_store, self.settings, self._clock())
        self._cache, self._journal = cache, Journal(storage, cache, self._clock)
        journal = self._journal
        opened.push_async_callback(journal.close)
        backend = Backend(
            catalogue=Catalogue.over(self._registry, cache),
            cache=cache,
            journal=journal,
            clock=self._clock,
            limits=limits,
            places=Places(limits.watches),
            admit=self._admit,
            logs=self._logs,
        )
        await journal.write(lambda transaction: ensure_permanent(self._registry, transaction, backend.birth))
        return backend

    def _runner(self, door: Door) -> web.AppRunner:
        app = web.Application(client_max_size=self.settings.limits.body_bytes)
        app.router.add_route("*", "/{path:.*}", door.handle)
        return web.AppRunner(
            app,
            handler_cancellation=True,
            shutdown_timeout=GRACE,
            access_log=None,
            auto_decompress=False,
            logger=http_logger,
        )

    async def _tend_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TEND_EVERY)
            try:
                await self.tend()
            except Exception:
                logger.exception("tending the API's data failed; it will be tried again")


def _open_store(settings: ApiServerSettings, now: datetime) -> tuple[Storage, Cache]:
    storage = open_storage(settings.data, now=now, limit_bytes=settings.limits.storage_bytes)
    try:
        return storage, load(storage)
    except BaseException:
        storage.close()
        raise


def _bind(settings: ApiServerSettings) -> socket.socket:
    host = "127.0.0.1" if settings.host.lower() == "localhost" else settings.host
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, settings.port))
        listener.listen(BACKLOG)  # two may bind a port, and only one may listen: the other is to be told now
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"The API server cannot listen on {settings.host}:{settings.port} ({error.strerror}). "
            "Stop what uses that port, or choose another."
        ) from error
    return listener


@contextmanager
def _private(path: Path) -> Iterator[socket.socket]:
    """A Unix socket in place of what a dead process left there. Nobody can connect before it is its owner's alone."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(BACKLOG)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
