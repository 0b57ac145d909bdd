"""Who knows the present state: what the CLI, probes and Prometheus are told is read off the running parts here."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pylae.controlplane import document, refusals
from pylae.controlplane.ads import Ads, TypeState
from pylae.controlplane.dataplane import DataPlane
from pylae.controlplane.files import Files
from pylae.controlplane.loop import Loop
from pylae.controlplane.refusals import UnboundPort
from pylae.controlplane.settings import Settings
from pylae.envoy.sockets import holder
from pylae.model.finding import Finding
from pylae.model.ir.listener import SocketAddress

Document = Mapping[str, object]


@dataclass
class Witness:
    """`ready` once everything that was there at the start was answered by a running Envoy."""

    settings: Settings
    api_port: int
    loop: Loop
    ads: Ads
    data_plane: DataPlane
    files: Files
    clock: Callable[[], datetime]
    telemetry_port: int = 0

    @property
    def ready(self) -> bool:
        started = self.loop.store.is_synced and self.files.looked.is_set() and self.data_plane.state.pid
        return bool(started) and any(stream.settled for stream in self.ads.connected())

    def findings(self, now: datetime) -> tuple[Finding, ...]:
        """Everything that is wrong at this moment, wherever it was noticed."""
        configuration = self.loop.configuration
        refused = self.loop.last_good.refusals()
        told = refusals.findings(refused, self.unbound(), configuration.translation)
        crashed = refusals.crashes(configuration.broken, configuration.translation)
        return tuple(dict.fromkeys((*configuration.findings(now), *self.loop.store.malformed(), *told, *crashed)))

    def unbound(self) -> tuple[UnboundPort, ...]:
        return refusals.unbound_ports(self.loop.unbound, self.loop.configuration.translation, _holder)

    def status(self) -> Document:
        found = self.findings(self.clock())
        told = document.status(self.loop.configuration, found, self.unbound(), self.files.standing())
        return {
            **told,
            "ready": self.ready,
            "api": {"address": f"https://127.0.0.1:{self.api_port}", "kubeconfig": str(self.settings.data.kubeconfig)},
            "telemetry": {"address": f"http://127.0.0.1:{self.telemetry_port}"},
            "envoy": document.envoy(self.data_plane.state),
            "controlPlane": {"pid": os.getpid(), "memory": document.memory(os.getpid())},
            "accepted": self._accepted(),
        }

    def proxies(self) -> list[Document]:
        now = self.clock()
        return [
            {
                "name": stream.node.id.split("~")[2] if "~" in stream.node.id else stream.node.id,
                "cluster": "Kubernetes",
                "controlPlane": f"pylae-{os.getpid()}",
                "version": stream.node.version or self.data_plane.state.version,
                "types": {type_.short: _type(state, now) for type_, state in stream.types.items()},
            }
            for stream in self.ads.connected()
        ]

    async def envoy_metrics(self) -> str:
        return await self.data_plane.admin.stats_prometheus()

    def _accepted(self) -> Document:
        settled = any(stream.settled for stream in self.ads.connected())
        refused = [f"{refusal.type.short} {refusal.name}" for refusal in self.loop.last_good.refusals()]
        at = self.loop.accepted_at
        age = None if at is None else round(time.monotonic() - at, 1)
        return {"everything": settled and not refused, "refused": refused, "secondsAgo": age}


def _type(state: TypeState, now: datetime) -> Document:
    """How far Envoy is with one type, and since when it has been there."""
    if state.seconds is None:
        return {"state": str(state.sync)}
    since = (now - timedelta(seconds=state.seconds)).isoformat(timespec="seconds")
    return {"state": str(state.sync), "since": since.replace("+00:00", "Z")}


def _holder(address: SocketAddress) -> str:
    found = holder(address.host, address.port)
    return str(found) if found else ""
