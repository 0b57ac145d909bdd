"""`pylae gateway` as a process of its own, and control planes for it to join, over real TLS."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from data_plane import PATIENCE, free_port

from pylae.certs.authority import Authority
from pylae.certs.pem import certificate_pem, key_pem
from pylae.certs.trust import authority, gateway, spiffe
from pylae.controlplane.discovery.ads import Ads, Identify
from pylae.controlplane.discovery.identity import Certificates
from pylae.controlplane.discovery.observation import Joined, Observation
from pylae.controlplane.discovery.trust import Trust, draw
from pylae.model.workload import GatewayWorkload
from pylae.xds.event import Accepted
from pylae.xds.last_good import LastGood
from pylae.xds.resource import Resource, ResourceSet, Type
from pylae.xds.world import World

NAMESPACE = "edge"


def now() -> datetime:
    return datetime.now(UTC)


def new_authority() -> Authority:
    return authority(draw(), now())


@dataclass
class ControlPlane:
    """One that serves what it is told to every kind of gateway, on a port that stays over its restarts."""

    issuer: Authority
    wanted: ResourceSet | None = None
    port: int = field(default_factory=free_port)
    sent: list[Resource] = field(default_factory=list)
    kinds: set[GatewayWorkload] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self, identify: Identify | None = None) -> None:
        """`identify` in place of client certificates."""
        self.world, self.last_good = World(), LastGood()
        self.ads = Ads(self._observe)
        trust = Trust(self.issuer, certificate_pem(self.issuer.certificate), "pylae-system", now)
        credentials = trust.server_credentials(require_client_certificate=identify is None)
        await self.ads.listen(self.address, credentials, identify or Certificates().identify)
        self._serve()

    async def stop(self) -> None:
        await self.ads.stop()
        self.kinds.clear()

    def publish(self, wanted: ResourceSet) -> None:
        self.wanted = wanted
        self._serve()

    def _observe(self, observation: Observation) -> None:
        match observation.event:
            case Joined():
                self.kinds.add(observation.workload)
                asyncio.get_running_loop().call_soon(self._serve)
            case Accepted(resources=accepted, nonce=nonce):
                self.last_good.accepted(accepted)
                self.sent.extend(accepted if nonce else ())

    def _serve(self) -> None:
        if self.wanted is None:
            return
        found = {resource.key: resource for resource in self.wanted.resources()}
        for resource in found.values():
            self.world.put(resource)
        for key in [(type_, name) for type_ in Type for name in self.world[type_] if (type_, name) not in found]:
            self.world.drop(key)
        served = self.last_good.serve(self.world, self.world.touched())
        for kind in self.kinds:
            self.ads.publish(kind, self.last_good, served)


@dataclass
class Program:
    """One `pylae gateway`. With a `token` it shows that in place of its certificate."""

    control_planes: Iterable[str]
    issuer: Authority

    token: bytes = b""

    def __post_init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        self.data = self.home / "data"
        self.enroll(self.issuer)

    def enroll(self, issuer: Authority, *, namespace: str = NAMESPACE, life: timedelta = timedelta(days=1)) -> None:
        """What `pylae enroll` writes."""
        drawn = draw()
        certificate = gateway(drawn, issuer, spiffe(namespace, "gateway"), now=now(), life=life)
        content = {"ca.crt": certificate_pem(self.issuer.certificate), "tls.crt": certificate_pem(certificate)}
        for name, text in {**content, "tls.key": bytes(key_pem(drawn.key))}.items():
            (self.home / name).write_bytes(text)

    async def start(self, *more: str) -> None:
        """Begin in the foreground; what it prints is `said`."""
        proof = ("--certificate", f"{self.home}/tls.crt", "--key", f"{self.home}/tls.key")
        if self.token:
            proof = ("--token-file", f"{self.home}/token")
            (self.home / "token").write_bytes(self.token)
        planes = [word for address in self.control_planes for word in ("--control-plane", address)]
        with (self.home / "output").open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "pylae", "gateway", *planes, "--ca", f"{self.home}/ca.crt", *proof),
                *("-n", NAMESPACE, "--bind", "127.0.0.1", "--data-dir", str(self.data), *more),
                stdout=output,
                stderr=output,
                env={**os.environ, "NO_COLOR": "1"},
            )

    @property
    def said(self) -> str:
        return (self.home / "output").read_text()

    async def status(self) -> dict[str, Any]:
        """The document of `pylae status`, {} while it does not answer."""
        code, out = await self.pylae("status", "-o", "json")
        return dict(json.loads(out)) if code == 0 else {}

    async def pylae(self, *words: str) -> tuple[int, str]:
        asked = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pylae", *words, "--data-dir", str(self.data)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asked.communicate()
        return asked.returncode or 0, out.decode()

    async def is_ready(self) -> bool:
        return bool((await self.status()).get("ready"))

    async def joined(self) -> bool:
        return bool((await self.status()).get("controlPlane", {}).get("address"))

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    async def remove(self) -> None:
        if self.process.returncode is None:
            await self.end()
        await self.pylae("down")
        shutil.rmtree(self.home)
