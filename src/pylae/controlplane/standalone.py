"""`pylae up`: an API, a control plane and one Envoy on this machine, started in order and ended in the opposite order.

Envoy is started as soon as its control plane's socket is there, and is the last to go: it serves while all else is
made ready. A control plane that is killed leaves its Envoy serving; the next one finds it and takes it over.
"""

import logging

from pylae import __version__
from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings, SettingsError
from pylae.controlplane.discovery.elsewhere import Elsewhere
from pylae.controlplane.home.admission import admission
from pylae.controlplane.home.files import Files
from pylae.controlplane.home.home import Home
from pylae.controlplane.home.household import furnish, pod_name
from pylae.controlplane.home.pod_log import PodLog
from pylae.controlplane.introspection.witness import Api, Witness
from pylae.controlplane.plane import ControlPlane
from pylae.controlplane.report.reporter import Reporter
from pylae.controlplane.settings import Instance, Settings, keep_ports, kept_ports
from pylae.envoy.bootstrap import Bootstrap
from pylae.envoy.limits import limits
from pylae.kube.client import Client
from pylae.kube.directory import Directory
from pylae.kube.kubeconfig import load
from pylae.kube.ownership import Held
from pylae.kube.reflector import Reflector
from pylae.kube.store import PLACES, Store
from pylae.model import control_plane
from pylae.model.workload import GatewayWorkload
from pylae.node import dataplane, start
from pylae.node.dataplane import DataPlane
from pylae.node.start import Start, now

logger = logging.getLogger(__name__)

MOVED = "Port %d is taken: the API listens on %d from now on. Kubeconfigs made before need it: pylae kubeconfig --merge"


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises what `start.serve` raises."""
    start.serve(settings.data, lambda begun: _Standalone(settings, begun).begin(), foreground=settings.foreground)


class _Standalone:
    """The order of a start."""

    def __init__(self, settings: Settings, begun: Start) -> None:
        self.settings = settings
        self.data = settings.data
        self.start = begun
        self.ports = kept_ports(settings.data)
        self.workload = GatewayWorkload(bind_address=settings.bind)
        self.plane = ControlPlane(Store(mesh=self.workload.namespace), self.workload)

    async def begin(self) -> None:
        plane = self.plane
        await plane.ads.listen_locally(self.data.xds_socket, self.workload)
        self.start.opened.push_async_callback(plane.ads.stop)
        data_plane = await self._data_plane()
        client, api = await self._api()
        files = Files(Directory(await self._client(), self.settings.files, held=self._held))
        witness = self._witness(api, Home(data_plane, files))
        port = await plane.open_doors(self.start, witness, self.data.control_socket, self.ports.telemetry_port)
        keep_ports(self.data, Instance(api.port, port))
        plane.begin(self.start, witness, self._reporter(client))
        self.start.run(*(Reflector(client, kind).run(plane.loop.tell) for kind in PLACES))
        await furnish(client, self.workload, self.settings.ports)
        self.start.run(files.run())
        if self.settings.xds:
            self.start.run(Elsewhere(plane.ads, client, control_plane.NAMESPACE, self.settings.xds).run())

    async def _data_plane(self) -> DataPlane:
        settings = self.settings
        bootstrap = Bootstrap(
            self.data.xds_socket,
            self.data.admin_socket,
            pod_name(self.workload),
            labels=self.workload.labels,
            version=__version__,
            limits=limits(settings.max_heap, settings.max_connections),
        )
        restarted = self.plane.metrics.restarts.inc
        return await dataplane.begin(self.start, self.data, bootstrap, envoy=settings.envoy, restarted=restarted)

    async def _api(self) -> tuple[Client, ApiServer]:
        logs = PodLog(self.data.envoy_log, pod_name(self.workload))
        api = ApiServer(self._api_settings(self.ports.api_port), admit=admission(now), logs=logs)
        try:
            await api.start()
        except SettingsError:  # the port was taken by another process since the last start
            api = ApiServer(self._api_settings(0), admit=admission(now), logs=logs)
            await api.start()
            if self.data.instance.exists():  # there are kubeconfigs that name the old one
                logger.warning(MOVED, self.ports.api_port, api.port)
        self.start.opened.push_async_callback(api.stop)
        return await self._client(), api

    def _api_settings(self, port: int) -> ApiServerSettings:
        return ApiServerSettings(data=self.data.database, port=port, socket=self.data.api_socket)

    async def _client(self) -> Client:
        """Each has connections and warnings of its own."""
        connection = load(self.data.kubeconfig).through(self.data.api_socket)
        return await self.start.opened.enter_async_context(Client(connection))

    def _witness(self, api: ApiServer, home: Home) -> Witness:
        place = Api(f"https://127.0.0.1:{api.port}", str(self.data.kubeconfig))
        return Witness(fleet=self.plane.fleet, ads=self.plane.ads, clock=now, api=place, home=home)

    def _reporter(self, client: Client) -> Reporter:
        fleet, snapshot = self.plane.fleet, self.plane.store.snapshot
        front = (self.workload.namespace, self.workload.name)
        return Reporter(client, fleet.ledger, lambda: snapshot, fleet.plans, self.plane.metrics, now, front)

    async def _held(self) -> Held:
        await self.plane.listed.wait()
        return self.plane.store.bodies
