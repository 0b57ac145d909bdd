"""Who knows the present state of a gateway: what the CLI, probes and Prometheus are told is read off its parts."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from pylae import __version__
from pylae.gateway.link import Link
from pylae.gateway.settings import Settings
from pylae.gateway.stored import Stored
from pylae.node.account import envoy, memory
from pylae.node.dataplane import DataPlane
from pylae.xds.resource import Type

Document = Mapping[str, object]

SOON, LATER = 0.1, 2.0
"""Seconds between two looks at an Envoy that does not serve yet, and at one that does."""

ELSEWHERE = "A gateway does not know that. Ask where its control plane runs.\n"


@dataclass
class Witness:
    """`ready` once Envoy has been told of its listeners and serves them."""

    settings: Settings
    link: Link
    stored: Stored
    data_plane: DataPlane
    telemetry: str = ""
    not_after: datetime | None = None
    ready: bool = False
    became_ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self) -> None:
        """Look at Envoy again and again. Runs until it is cancelled."""
        while True:
            self.ready = bool(self.data_plane.state.pid) and await self.data_plane.admin.ready()
            if self.ready:
                self.became_ready.set()
            await asyncio.sleep(LATER if self.ready else SOON)

    def status(self) -> Document:
        return {
            "version": __version__,
            "program": "gateway",
            "ready": self.ready,
            "gateway": {
                "name": self.settings.name,
                "namespace": self.settings.namespace,
                "labels": dict(self.settings.labels),
                "bind": self.settings.bind,
                "pid": os.getpid(),
                "memory": memory(os.getpid()),
            },
            "controlPlane": self._control_plane(),
            "stored": self._stored(),
            "certificate": {"notAfter": _moment(self.not_after)},
            "telemetry": {"address": self.telemetry},
            "envoy": envoy(self.data_plane.state),
        }

    async def envoy_metrics(self) -> str:
        return await self.data_plane.admin.stats_prometheus()

    def _control_plane(self) -> Document:
        return {
            "address": self.link.address,
            "seconds": round(self.link.seconds, 1),
            "known": list(self.settings.control_planes),
            "reasons": dict(self.link.reasons),
        }

    def _stored(self) -> Document:
        age, limit = self.stored.age(), self.settings.serve_stored_for
        return {
            "resources": {type_.short: len(self.stored.versions[type_]) for type_ in Type},
            "age": None if age is None else round(age, 1),
            "servedFor": None if limit is None else limit.total_seconds(),
        }


def application(witness: Witness) -> web.Application:
    """What the CLI asks on the gateway's socket; what only a control plane knows is 404."""

    async def status(_: web.Request) -> web.Response:
        return web.json_response(witness.status())

    async def readiness(_: web.Request) -> web.Response:
        ready = witness.ready
        return web.Response(status=200 if ready else 503, text="ready\n" if ready else "not ready\n")

    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=404, text=ELSEWHERE)

    app = web.Application()
    app.router.add_get("/status", status)
    app.router.add_get("/ready", readiness)
    app.router.add_get("/{path:.*}", elsewhere)
    return app


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
