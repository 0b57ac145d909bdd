"""`pylae gateway`: one Envoy on this machine, and the relay between it and a control plane elsewhere.

Envoy is started as soon as the relay's socket is there, and is the last to go. A gateway program that is killed leaves
its Envoy serving; the next one finds it and takes it over.
"""

import asyncio
import logging
from datetime import UTC, datetime
from random import SystemRandom

from pylae import __version__
from pylae.envoy.bootstrap import Bootstrap
from pylae.envoy.limits import limits
from pylae.gateway.conversation import Surroundings
from pylae.gateway.credentials import CredentialsError, ends_soon
from pylae.gateway.discovery import Discovery
from pylae.gateway.link import Link
from pylae.gateway.metrics import Metrics
from pylae.gateway.search import Search
from pylae.gateway.settings import Settings
from pylae.gateway.stored import Stored
from pylae.gateway.witness import Witness, application
from pylae.model.control_plane import TELEMETRY_PORT
from pylae.node import dataplane, notify, start, telemetry, unix_socket
from pylae.node.address import Address
from pylae.node.start import Start

STORED = "configuration.db"
EXPIRY_EVERY = 60.0
AGREED_EVERY = 10.0

logger = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises what `start.serve` raises, and `CredentialsError`: what cannot be read at
    the start was never right."""
    settings.files.read()
    start.serve(settings.data, lambda begun: _Gateway(settings, begun).begin(), foreground=settings.foreground)


class _Gateway:
    """The order of a start."""

    def __init__(self, settings: Settings, begun: Start) -> None:
        self.settings = settings
        self.start = begun
        self.link = Link()
        self.stored = Stored(settings.data.path / STORED, settings.workload)
        self.metrics = Metrics(self.link, self.stored)
        self.warned_of: datetime | None = None

    async def begin(self) -> None:
        self.start.opened.push_async_callback(self.stored.write)
        search = Search(self.settings.control_planes, SystemRandom())
        around = Surroundings(search, self.settings.files, self.stored, self.link, self.settings.serve_stored_for)
        discovery = Discovery(self.settings.data.xds_socket, around)
        await discovery.start()
        self.start.opened.push_async_callback(discovery.stop)
        witness = Witness(self.settings, self.link, self.stored, await self._data_plane())
        await self._open_doors(witness)
        self.start.run(self.stored.keep(), self._agree(), self._mind_expiry(witness), witness.watch())
        self.start.run(notify.stay_alive(), self._tell_of_readiness(witness))

    async def _data_plane(self) -> dataplane.DataPlane:
        data, settings = self.settings.data, self.settings
        bootstrap = Bootstrap(
            data.xds_socket,
            data.admin_socket,
            settings.name,
            settings.namespace,
            labels=settings.labels,
            metadata={"PYLAE_GATEWAY": settings.place},
            version=__version__,
            limits=limits(settings.max_heap, settings.max_connections),
        )
        return await dataplane.begin(
            self.start, data, bootstrap, envoy=settings.envoy, restarted=self.metrics.restarts.inc
        )

    async def _open_doors(self, witness: Witness) -> None:
        inward = await unix_socket.serve(application(witness), self.settings.data.control_socket)
        self.start.opened.push_async_callback(inward.cleanup)
        address = self.settings.telemetry
        outward = telemetry.application(witness, self.metrics.registry, address)
        if address is None:
            runner, port = await telemetry.serve(outward, TELEMETRY_PORT)
            address = Address("127.0.0.1", port)
        else:
            runner = await telemetry.serve_at(outward, address)
        self.start.opened.push_async_callback(runner.cleanup)
        witness.telemetry = f"http://{address}"

    async def _agree(self) -> None:
        """As long as a control plane has us, what is stored is of today."""
        while True:
            await asyncio.sleep(AGREED_EVERY)
            if self.link.address is not None:
                self.stored.agree()

    async def _mind_expiry(self, witness: Witness) -> None:
        """Tell when the certificate ends, and warn in good time."""
        while True:
            try:
                validity = self.settings.files.read().validity
            except CredentialsError as error:
                logger.warning("The next connection to a control plane will fail: %s", error)
            else:
                if validity is not None:
                    self._tell_of_expiry(witness, validity)
            await asyncio.sleep(EXPIRY_EVERY)

    def _tell_of_expiry(self, witness: Witness, validity: tuple[datetime, datetime]) -> None:
        _, end = validity
        witness.not_after = end
        self.metrics.not_after.set(end.timestamp())
        if ends_soon(validity, datetime.now(UTC)) and self.warned_of != end:
            self.warned_of = end
            where = self.settings.files.certificate
            logger.warning(
                "The certificate in %s ends on %s. Renew it: pylae enroll", where, f"{end:%Y-%m-%d %H:%M} UTC"
            )

    async def _tell_of_readiness(self, witness: Witness) -> None:
        """systemd's "started" is that Envoy serves."""
        await witness.became_ready.wait()
        logger.info("Envoy serves")
        notify.notify(notify.READY)
        await asyncio.Event().wait()
