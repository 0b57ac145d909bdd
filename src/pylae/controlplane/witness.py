"""Who knows the present state: what the CLI, probes and Prometheus are told is read off the running parts here."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pylae.controlplane import document, refusals
from pylae.controlplane.ads import Ads, TypeState
from pylae.controlplane.files import Files
from pylae.controlplane.loop import Loop
from pylae.controlplane.refusals import UnboundPort
from pylae.controlplane.settings import Settings
from pylae.envoy.sockets import holder
from pylae.model.ir.listener import SocketAddress
from pylae.node.dataplane import DataPlane
from pylae.xds.delta import Sync
from pylae.xds.resource import Type

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
    _told: tuple[object, object] = ((), None)

    @property
    def ready(self) -> bool:
        started = self.loop.store.is_synced and self.files.looked.is_set() and self.data_plane.state.pid
        return bool(started) and any(stream.settled for stream in self.ads.connected())

    def tell(self) -> None:
        """Tell the ledger what Envoy refused and what could not be made for it."""
        configuration, uses = self.loop.configuration, self.loop.configuration.on_demand.uses.values()
        refused = self.loop.last_good.refusals()
        if (refused, configuration.translation) != self._told:
            self._told = (refused, configuration.translation)
            found = refusals.findings(refused, self.unbound(), configuration.translation, uses)
            configuration.ledger.tell("refusals", found)
        broken = refusals.crashes(configuration.broken, configuration.translation, uses)
        configuration.ledger.tell("crashes", broken)
        configuration.ledger.tell("malformed", self.loop.store.malformed())

    def unbound(self) -> tuple[UnboundPort, ...]:
        return refusals.unbound_ports(self.loop.unbound, self.loop.configuration.translation, _holder)

    def status(self) -> Document:
        told = document.status(self.loop.configuration, self.unbound(), self.files.standing())
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
                "types": {
                    type_.short: _type(state, now) for type_, state in stream.types.items() if _is_told(type_, state)
                },
            }
            for stream in self.ads.connected()
        ]

    def host(self, name: str) -> Document:
        """What a host that is served on demand is given when a client asks for it, and whether one has."""
        return document.host(self.loop.configuration, name.lower())

    async def envoy_metrics(self) -> str:
        return await self.data_plane.admin.stats_prometheus()

    def _accepted(self) -> Document:
        settled = any(stream.settled for stream in self.ads.connected())
        refused = [f"{refusal.type.short} {refusal.name}" for refusal in self.loop.last_good.refusals()]
        at = self.loop.accepted_at
        age = None if at is None else round(time.monotonic() - at, 1)
        return {"everything": settled and not refused, "refused": refused, "secondsAgo": age}


def _is_told(type_: Type, state: TypeState) -> bool:
    """Scopes only of an Envoy that serves on demand: others never ask for them."""
    return type_ is not Type.SCOPE or state.sync is not Sync.NOT_SENT


def _type(state: TypeState, now: datetime) -> Document:
    """How far Envoy is with one type, and since when it has been there."""
    if state.seconds is None:
        return {"state": str(state.sync)}
    since = (now - timedelta(seconds=state.seconds)).isoformat(timespec="seconds")
    return {"state": str(state.sync), "since": since.replace("+00:00", "Z")}


def _holder(address: SocketAddress) -> str:
    found = holder(address.host, address.port)
    return str(found) if found else ""
