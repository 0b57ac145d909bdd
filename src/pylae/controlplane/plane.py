"""The control plane itself, whatever API it follows and wherever its Envoys are: the store, the loop, the discovery
service and the reports, put together once.
"""

import asyncio
from functools import partial
from pathlib import Path

from aiohttp import web

from pylae.api.scheme import Kind
from pylae.controlplane.discovery.ads import Ads
from pylae.controlplane.discovery.observation import Observation
from pylae.controlplane.fleet.fleet import Fleet
from pylae.controlplane.introspection import door
from pylae.controlplane.introspection.witness import Witness
from pylae.controlplane.loop import Loop
from pylae.controlplane.metrics import Metrics
from pylae.controlplane.report.reporter import Reporter
from pylae.kube.store import Store
from pylae.model.snapshot import Key
from pylae.model.workload import GatewayWorkload
from pylae.node import collector, notify, telemetry, unix_socket
from pylae.node.address import Address
from pylae.node.start import Start, now

GLANCE = 0.1
"""Seconds between looks at whether all is ready, until it is."""


class ControlPlane:
    """Construct it, let `ads` listen, tell of it with `open_doors`, and `begin`; then hand `loop.tell` to reflectors.
    `home` is the kind of the gateway on this machine, if there is one."""

    def __init__(self, store: Store, home: GatewayWorkload | None = None) -> None:
        self.metrics = Metrics()
        self.store = store
        self.ads = Ads(self._learned)
        self.fleet = Fleet(store, self.metrics, self.ads, home, now, self._touched)
        self.loop = Loop(self.fleet)
        self.reporter: Reporter
        self.listed = asyncio.Event()
        """All that was there at the start is in the store."""

    def begin(self, start: Start, witness: Witness, reporter: Reporter) -> None:
        """Work and report until the end."""
        self.reporter = reporter
        self.fleet.examined = reporter.begin
        self.loop.observe = partial(self._observe, witness)
        start.run(self.loop.run(), reporter.run(), notify.stay_alive(), _tell_of_readiness(witness))

    async def open_doors(self, start: Start, witness: Witness, control: Path, telemetry_at: Address | int) -> int:
        """Tell the CLI on its socket, and probes and Prometheus at an address, or on a port of loopback, which may be
        another if it is taken. The port is given back."""
        inward = await unix_socket.serve(door.application(witness), control)
        start.opened.push_async_callback(inward.cleanup)
        self.metrics.proxies.set_function(lambda: len(self.ads.connected()))
        if isinstance(telemetry_at, Address):
            runner = await telemetry.serve_at(self._telemetry(witness, telemetry_at), telemetry_at)
            witness.telemetry_port = telemetry_at.port
        else:
            runner, witness.telemetry_port = await telemetry.serve(self._telemetry(witness), telemetry_at)
        start.opened.push_async_callback(runner.cleanup)
        return witness.telemetry_port

    def _telemetry(self, witness: Witness, address: Address | None = None) -> web.Application:
        return telemetry.application(witness, self.metrics.registry, address)

    def _learned(self, observation: Observation) -> None:
        self.loop.tell(observation)

    def _touched(self, kind: Kind, key: Key) -> None:
        self.reporter.touch(kind, key)

    def _observe(self, witness: Witness) -> None:
        """After each batch: what Envoy said of it is told, and then reported. As long as not everything was listed
        there is nothing to say."""
        if not self.store.is_synced:
            return
        if not self.listed.is_set():
            self.listed.set()
            collector.settle()
        witness.tell()
        self.reporter.wake()


async def _tell_of_readiness(witness: Witness) -> None:
    """Tell whoever started us, once; nobody waits for the end of this."""
    while not witness.ready:  # noqa: ASYNC110 (what it depends on is spread over many)
        await asyncio.sleep(GLANCE)
    notify.notify(notify.READY)
    await asyncio.Event().wait()
