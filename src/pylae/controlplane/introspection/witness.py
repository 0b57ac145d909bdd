"""Who knows the present state: what the CLI, probes and Prometheus are told is read off the running parts here."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pylae.controlplane.discovery.ads import Ads
from pylae.controlplane.discovery.stream import StreamState, TypeState
from pylae.controlplane.fleet import refusals
from pylae.controlplane.fleet.fleet import Fleet
from pylae.controlplane.fleet.refusals import UnboundPort
from pylae.controlplane.fleet.serving import Serving
from pylae.controlplane.home.home import Home, holder_of
from pylae.controlplane.introspection import document
from pylae.model.ir.listener import SocketAddress
from pylae.model.workload import GatewayWorkload
from pylae.node import account
from pylae.xds.delta import Sync
from pylae.xds.resource import Type

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Api:
    """Where objects are, and the file by which kubectl finds it."""

    address: str
    kubeconfig: str


@dataclass(kw_only=True)
class Witness:
    """`ready` once everything that was there at the start was answered by the Envoy at `home`, or where there is none,
    `may_be_asked`. `leader` names who writes statuses, where that may be another."""

    fleet: Fleet
    ads: Ads
    clock: Callable[[], datetime]
    api: Api
    home: Home | None = None
    leader: Callable[[], str] = lambda: ""
    may_be_asked: Callable[[], bool] = lambda: True
    telemetry_port: int = 0
    _told: dict[GatewayWorkload, tuple[object, object]] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        if self.home is None:
            return self.may_be_asked()
        own = (stream for stream in self.ads.connected() if stream.workload == self.fleet.home)
        return self.fleet.store.is_synced and self.home.is_up and any(stream.settled for stream in own)

    def tell(self) -> None:
        """Tell the ledger what Envoys refused and what could not be made for them."""
        self._told = {serving.workload: self._tell_of(serving) for serving in self.fleet}
        self.fleet.ledger.tell("malformed", self.fleet.store.malformed())

    def _tell_of(self, serving: Serving) -> tuple[object, object]:
        """What was looked at: as long as it is the same there is nothing new to tell."""
        configuration, uses = serving.configuration, serving.configuration.on_demand.uses.values()
        refused = serving.last_good.refusals()
        looked_at = (refused, configuration.translation)
        if looked_at != self._told.get(serving.workload, ((), None)):
            found = refusals.findings(refused, self.unbound(serving), configuration.translation, uses)
            configuration.voice.tell("refusals", found)
        configuration.voice.tell("crashes", refusals.crashes(configuration.broken, configuration.translation, uses))
        return looked_at

    def unbound(self, serving: Serving) -> tuple[UnboundPort, ...]:
        """The ports that its Envoys could not have."""
        is_here = self.home is not None and serving.workload == self.fleet.home
        translation = serving.configuration.translation
        return refusals.unbound_ports(serving.unbound, translation, holder_of if is_here else _nobody)

    def status(self) -> Document:
        unbound = [(serving.workload, self.unbound(serving)) for serving in self.fleet]
        return {
            **document.status(self.fleet, unbound, self.home.standing() if self.home else ()),
            "ready": self.ready,
            "gateways": self._gateways(),
            "api": {"address": self.api.address, "kubeconfig": self.api.kubeconfig},
            "telemetry": {"address": f"http://127.0.0.1:{self.telemetry_port}"},
            **({"envoy": self.home.envoy()} if self.home else {}),
            "controlPlane": {"pid": os.getpid(), "memory": account.memory(os.getpid()), **self._leader()},
            "accepted": self._accepted(),
        }

    def proxies(self) -> list[Document]:
        now = self.clock()
        return [self._proxy(stream, now) for stream in self.ads.connected()]

    def host(self, name: str) -> Document:
        """What a host that is served on demand is given when a client asks for it, and whether one has: by the first
        kind of gateway that serves it."""
        told = [document.host(serving.configuration, name.lower()) for serving in self.fleet]
        nobody: Document = {"host": name.lower(), "inUse": False, "served": []}
        return next((found for found in told if found["served"]), told[0] if told else nobody)

    async def envoy_metrics(self) -> str:
        """Of the Envoy on this machine; nothing where there is none."""
        return await self.home.metrics() if self.home else ""

    def _leader(self) -> Document:
        leader = self.leader()
        return {"leader": leader} if leader else {}

    def _gateways(self) -> list[Document]:
        names = document.gateway_names(serving.workload for serving in self.fleet)
        streams = self.ads.connected()
        return [
            document.gateway(serving.workload, names[serving.workload], streams, ready=serving.began)
            for serving in self.fleet
        ]

    def _proxy(self, stream: StreamState, now: datetime) -> Document:
        types = {type_.short: _type(state, now) for type_, state in stream.types.items() if _is_told(type_, state)}
        return {
            "name": stream.node.id.split("~")[2] if "~" in stream.node.id else stream.node.id,
            "cluster": "Kubernetes",
            "controlPlane": f"pylae-{os.getpid()}",
            "version": stream.node.version or (self.home.envoy_version if self.home else ""),
            "types": types,
            **({"identity": str(stream.identity), "peer": stream.peer} if stream.identity else {}),
        }

    def _accepted(self) -> Document:
        settled = [stream.settled for stream in self.ads.connected()]
        refused = [
            f"{refusal.type.short} {refusal.name}" for serving in self.fleet for refusal in serving.last_good.refusals()
        ]
        moments = [serving.accepted_at for serving in self.fleet if serving.accepted_at is not None]
        age = round(time.monotonic() - max(moments), 1) if moments else None
        everything = bool(settled) and all(settled) and not refused
        return {"everything": everything, "refused": refused, "secondsAgo": age}


def _nobody(_: SocketAddress) -> str:
    """Who holds a port of another machine is not known."""
    return ""


def _is_told(type_: Type, state: TypeState) -> bool:
    """Scopes only of an Envoy that serves on demand: others never ask for them."""
    return type_ is not Type.SCOPE or state.sync is not Sync.NOT_SENT


def _type(state: TypeState, now: datetime) -> Document:
    """How far Envoy is with one type, and since when it has been there."""
    if state.seconds is None:
        return {"state": str(state.sync)}
    since = (now - timedelta(seconds=state.seconds)).isoformat(timespec="seconds")
    return {"state": str(state.sync), "since": since.replace("+00:00", "Z")}
