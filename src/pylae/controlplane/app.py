"""One running Pylae: everything is constructed here, started in order, and ended in the opposite order.

Envoy is started as soon as its control plane's socket is there, and is the last to go: it serves while all else is
made ready. A control plane that is killed leaves its Envoy serving; the next one finds it and takes it over.
"""

import asyncio
import logging
import signal
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial

from pylae import __version__
from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings, SettingsError
from pylae.controlplane import introspection
from pylae.controlplane.admission import admission
from pylae.controlplane.ads import Ads
from pylae.controlplane.configuration import Configuration
from pylae.controlplane.files import Files
from pylae.controlplane.household import furnish, pod_name
from pylae.controlplane.loop import Loop
from pylae.controlplane.metrics import Metrics
from pylae.controlplane.pod_log import PodLog
from pylae.controlplane.reporter import Reporter
from pylae.controlplane.settings import Instance, Settings, keep_ports, kept_ports
from pylae.controlplane.witness import Witness
from pylae.envoy.admin import Admin
from pylae.envoy.binary import find
from pylae.envoy.bootstrap import Bootstrap
from pylae.envoy.limits import limits
from pylae.kube.client import Client
from pylae.kube.directory import Directory
from pylae.kube.kubeconfig import load
from pylae.kube.ownership import Held
from pylae.kube.reflector import Reflector
from pylae.kube.store import PLACES, Store
from pylae.model.workload import GatewayWorkload
from pylae.node import collector, telemetry
from pylae.node.dataplane import DataPlane
from pylae.node.directories import DirectoryError
from pylae.node.journal import open_journal
from pylae.node.lock import InstanceLock

logger = logging.getLogger(__name__)

ENDS = (signal.SIGINT, signal.SIGTERM)


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises `AlreadyRunning`, `DirectoryError`, and the world's errors of a failed
    start."""
    settings.data.prepare()
    lock = InstanceLock(settings.data.lock)
    try:
        lock.acquire()
        open_journal(settings.data.log, foreground=settings.foreground)
        asyncio.run(_serve(settings))
    except OSError as error:
        where = error.filename or settings.data.path
        raise DirectoryError(
            f"{where}: {error.strerror or error}. See that there is room and that it is yours."
        ) from error
    finally:
        lock.release()


async def _serve(settings: Settings) -> None:
    collector.settle()
    ending = asyncio.Event()
    for number in ENDS:
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    async with AsyncExitStack() as opened:
        start = _Start(settings, opened)
        running = await start.all()
        start.is_over = True
        await _until(ending, running)
        logger.info("Ending: requests under way may finish")


async def _until(ending: asyncio.Event, running: list[asyncio.Task[None]]) -> None:
    """Until somebody asks for the end; a part that ends by itself has crashed, and all ends with it."""
    asked = asyncio.create_task(ending.wait())
    done, _ = await asyncio.wait([asked, *running], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


class _Start:
    """The order of a start. `opened` takes what must be ended, in the opposite order."""

    def __init__(self, settings: Settings, opened: AsyncExitStack) -> None:
        self.settings = settings
        self.data = settings.data
        self.opened = opened
        self.ports = kept_ports(settings.data)
        self.workload = GatewayWorkload(bind_address=settings.bind)
        self.metrics = Metrics()
        self.running: list[asyncio.Task[None]] = []
        self.is_over = False
        self.listed = asyncio.Event()
        """All that was there at the start is in the store."""

    async def all(self) -> list[asyncio.Task[None]]:
        """Start everything; the tasks run until they are cancelled."""
        ads = Ads(self.data.xds_socket, lambda observation: loop.tell(observation.event))
        store = Store()
        report = lambda kind, key: reporter.touch(kind, key)  # noqa: E731, PLW0108 (there is no reporter yet)
        configuration = Configuration(self.workload, store.snapshot, _now, report, self.metrics.expiry)
        loop: Loop = Loop(configuration, store, self.metrics, ads.publish)
        await ads.start()
        self.opened.push_async_callback(ads.stop)
        data_plane = await self._data_plane()
        client, api = await self._api()
        files = Files(Directory(await self._client(), self.settings.files, held=partial(self._held, store)))
        witness = Witness(self.settings, api.port, loop, ads, data_plane, files, _now)
        reporter: Reporter = self._reporter(client, configuration)
        configuration.examination.finished = reporter.begin
        loop.observe = lambda: self._observe(witness, reporter)
        await self._open_doors(witness)
        self._run(loop.run(), reporter.run())
        self._run(*(Reflector(client, kind).run(loop.tell) for kind in PLACES))
        await furnish(client, self.workload, self.settings.ports)
        self._run(files.run())
        return self.running

    def _reporter(self, client: Client, configuration: Configuration) -> Reporter:
        translator = configuration.translator
        front = (self.workload.namespace, self.workload.name)
        snapshot = configuration.snapshot
        return Reporter(client, configuration.ledger, lambda: snapshot, translator.plans, self.metrics, _now, front)

    async def _data_plane(self) -> DataPlane:
        binary = await asyncio.to_thread(find, self.settings.envoy)
        if not binary.tested:
            logger.warning("Envoy %s is not a version that Pylae was tried with", binary.version)
        admin = await self.opened.enter_async_context(Admin(self.data.admin_socket))
        bootstrap = Bootstrap(
            self.data.xds_socket,
            self.data.admin_socket,
            pod_name(self.workload),
            labels=self.workload.labels,
            version=__version__,
            limits=limits(self.settings.max_heap, self.settings.max_connections),
        )
        data_plane = DataPlane(self.data, binary, bootstrap, admin, self.metrics.restarts.inc)
        self.opened.push_async_exit(partial(self._end, data_plane))
        self._run(data_plane.run(), data_plane.tend_log())
        return data_plane

    async def _end(self, data_plane: DataPlane, kind: type[BaseException] | None, *_: object) -> None:
        """Stop Envoy, unless we end by a mistake of ours while it serves: then it goes on, and the next start takes it
        over."""
        if kind is None or not (self.is_over or data_plane.adopted):
            await data_plane.stop()

    async def _api(self) -> tuple[Client, ApiServer]:
        logs = PodLog(self.data.envoy_log, pod_name(self.workload))
        api = ApiServer(self._api_settings(self.ports.api_port), admit=admission(_now), logs=logs)
        try:
            await api.start()
        except SettingsError:  # the port was taken by another process since the last start
            api = ApiServer(self._api_settings(0), admit=admission(_now), logs=logs)
            await api.start()
        self.opened.push_async_callback(api.stop)
        return await self._client(), api

    def _api_settings(self, port: int) -> ApiServerSettings:
        return ApiServerSettings(data=self.data.database, port=port, socket=self.data.api_socket)

    async def _client(self) -> Client:
        """Each has connections and warnings of its own."""
        connection = load(self.data.kubeconfig).through(self.data.api_socket)
        return await self.opened.enter_async_context(Client(connection))

    async def _open_doors(self, witness: Witness) -> None:
        inward = await introspection.serve(introspection.application(witness), self.data.control_socket)
        self.opened.push_async_callback(inward.cleanup)
        self.metrics.proxies.set_function(lambda: len(witness.ads.connected()))
        outward = telemetry.application(witness, self.metrics.registry)
        runner, port = await telemetry.serve(outward, self.ports.telemetry_port)
        self.opened.push_async_callback(runner.cleanup)
        witness.telemetry_port = port
        keep_ports(self.data, Instance(witness.api_port, port))

    async def _held(self, store: Store) -> Held:
        await self.listed.wait()
        return store.bodies

    def _observe(self, witness: Witness, reporter: Reporter) -> None:
        """After each batch: what Envoy said of it is told, and then reported. As long as not everything was listed
        there is nothing to say."""
        if not witness.loop.store.is_synced:
            return
        if not self.listed.is_set():
            self.listed.set()
            collector.settle()
        witness.tell()
        reporter.wake()

    def _run(self, *parts: Coroutine[object, object, None]) -> None:
        for part in parts:
            task = asyncio.create_task(part)
            self.running.append(task)
            self.opened.push_async_callback(_cancel, task)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _now() -> datetime:
    return datetime.now(UTC)
