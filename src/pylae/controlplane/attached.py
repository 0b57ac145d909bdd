"""`pylae run`: the control plane alone, attached to a Kubernetes API. Its gateways are elsewhere.

Any number of them may run: each serves, and one of them, by a Lease, writes statuses and events. Nothing is asked of
the API that `kube/rights.py` does not list: Secrets are read in the namespaces of gateways that have joined, and of
ConfigMaps the one with the mesh configuration.
"""

import logging
import os
import secrets
import socket
from collections.abc import Iterable

from pylae.api.scheme import CONFIG_MAP, SECRET
from pylae.controlplane.attachment import Attachment
from pylae.controlplane.discovery.elsewhere import Elsewhere
from pylae.controlplane.fleet.roll import Roll
from pylae.controlplane.introspection.readiness import Readiness
from pylae.controlplane.introspection.witness import Api, Witness
from pylae.controlplane.plane import ControlPlane
from pylae.controlplane.report.concern import Concern
from pylae.controlplane.report.election import Election
from pylae.controlplane.report.reporter import Reporter
from pylae.kube.client import Client
from pylae.kube.connection import Connection
from pylae.kube.kubeconfig import choose
from pylae.kube.ours import selection
from pylae.kube.reflector import Reflector
from pylae.kube.store import PLACES, Store
from pylae.model.control_plane import MESH_CONFIG, ROLL, TELEMETRY_PORT
from pylae.model.workload import GatewayWorkload
from pylae.node import start
from pylae.node.start import Start, now

logger = logging.getLogger(__name__)


def run(settings: Attachment) -> None:
    """Serve until SIGINT or SIGTERM. Raises what `start.serve` raises, and `KubeconfigError`, `InClusterError`,
    `UnusableCredentials`, `NotBoundError`."""
    connection = choose(settings.kubeconfig, settings.context)
    begin = lambda begun: _Attached(settings, connection, begun).begin()  # noqa: E731
    start.serve(settings.data, begin, foreground=settings.foreground)


class _Attached:
    """The order of a start."""

    def __init__(self, settings: Attachment, connection: Connection, begun: Start) -> None:
        self.settings = settings
        self.connection = connection
        self.start = begun
        self.everywhere = tuple(kind for kind in PLACES if kind not in (SECRET, CONFIG_MAP))
        awaited = frozenset({(CONFIG_MAP, settings.namespace), *((kind, "") for kind in self.everywhere)})
        ours = selection(settings.revision, settings.class_)
        self.plane = ControlPlane(Store(awaited=awaited, ours=ours, mesh=settings.namespace))
        self.namespaces: set[str] = set()
        """Whose Secrets are followed."""

    async def begin(self) -> None:
        if not self.connection.verify:
            logger.warning(
                "%s is believed to be the API without proof (insecure-skip-tls-verify)", self.connection.place
            )
        plane, settings = self.plane, self.settings
        client = await self.start.opened.enter_async_context(Client(self.connection))
        self.start.opened.push_async_callback(plane.ads.stop)
        election = Election(client, settings.namespace, _identity(), now)
        elsewhere = Elsewhere(
            plane.ads, client, settings.namespace, settings.xds, settings.xds_tokens, set(settings.gateways)
        )
        known = Roll(client, settings.namespace, now, self._here, plane.loop.tell)
        ready = Readiness(plane.fleet, lambda: elsewhere.is_open and known.is_known)
        witness = self._witness(election, ready)
        await plane.open_doors(self.start, witness, settings.data.control_socket, settings.telemetry or TELEMETRY_PORT)
        reporter = self._reporter(client, election)
        election.turned = reporter.wake
        plane.begin(self.start, witness, reporter)
        self._follow(client, elsewhere, known)
        self.start.opened.push_async_callback(election.release)
        self.start.run(election.run(), elsewhere.run(), known.run())

    def _here(self) -> Iterable[GatewayWorkload]:
        return {stream.workload for stream in self.plane.ads.connected()}

    def _follow(self, client: Client, elsewhere: Elsewhere, known: Roll) -> None:
        def joined(workload: GatewayWorkload) -> None:
            elsewhere.joined(workload)
            known.wake()
            self._follow_secrets(client, workload.namespace)

        self.plane.fleet.joined = joined
        tell = self.plane.loop.tell
        mesh = Reflector(client, CONFIG_MAP, namespace=self.settings.namespace, fields=f"metadata.name={MESH_CONFIG}")
        others = Reflector(client, CONFIG_MAP, namespace=self.settings.namespace, fields=f"metadata.name={ROLL}")
        self.start.run(
            mesh.run(tell), others.run(known.hear), *(Reflector(client, kind).run(tell) for kind in self.everywhere)
        )

    def _follow_secrets(self, client: Client, namespace: str) -> None:
        if namespace not in self.namespaces:
            self.namespaces.add(namespace)
            self.start.run(Reflector(client, SECRET, namespace=namespace).run(self.plane.loop.tell))

    def _witness(self, election: Election, ready: Readiness) -> Witness:
        place = Api(self.connection.place, str(self.settings.kubeconfig or ""))
        return Witness(
            fleet=self.plane.fleet,
            ads=self.plane.ads,
            clock=now,
            api=place,
            leader=lambda: election.holder,
            may_be_asked=ready,
        )

    def _reporter(self, client: Client, election: Election) -> Reporter:
        fleet, snapshot = self.plane.fleet, self.plane.store.snapshot
        return Reporter(
            client,
            fleet.ledger,
            lambda: snapshot,
            fleet.plans,
            self.plane.metrics,
            now,
            front=None,
            kinds=self.settings.kinds,
            tact=self.settings.tact,
            concerns=Concern(snapshot, lambda: tuple(serving.workload.labels for serving in fleet)),
            leads=election.leads,
        )


def _identity() -> str:
    """Of this one process, whichever pod, machine and process id it has: after a restart it is another."""
    name = os.environ.get("POD_NAME") or socket.gethostname()
    return f"{name}_{os.getpid()}_{secrets.token_hex(4)}"
