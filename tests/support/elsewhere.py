"""A control plane that gateways elsewhere join over TLS, and gateways that say what they are told to."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from envoy.config.core.v3 import base_pb2
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import json_format

from pylae.certs.authority import Authority, Purpose, Request, Validity, leaf
from pylae.certs.pem import certificate_pem, key_pem
from pylae.certs.subject import subject
from pylae.certs.trust import CONTROL_PLANE, authority, spiffe
from pylae.controlplane.discovery.ads import Ads, Identify
from pylae.controlplane.discovery.identity import Certificates
from pylae.controlplane.discovery.observation import Observation
from pylae.controlplane.discovery.trust import Trust, draw
from pylae.controlplane.fleet.fleet import Fleet
from pylae.controlplane.loop import Loop
from pylae.controlplane.metrics import Metrics
from pylae.kube.resume import Notice, Synced
from pylae.kube.store import PLACES, Store
from pylae.xds.message import METHOD, SERVICE
from pylae.xds.resource import Type

DeltaRequest, DeltaResponse = discovery_pb2.DeltaDiscoveryRequest, discovery_pb2.DeltaDiscoveryResponse

HOUR = timedelta(hours=1)
INGRESS = {"istio": "ingressgateway"}


@dataclass(frozen=True)
class Proof:
    """A client's certificate with its key, PEM."""

    chain: bytes
    key: bytes


def now() -> datetime:
    return datetime.now(UTC)


def proof(
    issuer: Authority,
    *names: str,
    purpose: Purpose = Purpose.CLIENT,
    begins: timedelta = -HOUR,
    ends: timedelta = HOUR,
) -> Proof:
    """For these names, valid between two moments around now."""
    drawn = draw()
    wanted = Request(subject("O=Pylae"), drawn.serial, Validity(now() + begins, now() + ends))
    made = leaf(wanted, drawn.key, issuer, purpose=purpose, names=names)
    return Proof(certificate_pem(made), bytes(key_pem(drawn.key)))


def new_authority() -> Authority:
    return authority(draw(), now())


@dataclass
class Plane:
    """`learned` is all that its Envoys said; `port` is where they join."""

    issuer: Authority = field(default_factory=new_authority)
    learned: list[Observation] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self.ads = Ads(self._learn)
        self.fleet = Fleet(Store(), Metrics(), self.ads)
        self.loop = Loop(self.fleet)

    def _learn(self, observation: Observation) -> None:
        self.learned.append(observation)
        self.loop.tell(observation)

    async def open(self, identify: Identify | None) -> None:
        trust = Trust(self.issuer, certificate_pem(self.issuer.certificate), "pylae-system", now)
        credentials = trust.server_credentials(require_client_certificate=identify is None)
        self.port = await self.ads.listen("127.0.0.1:0", credentials, identify or Certificates().identify)

    def tell(self, *notices: Notice) -> None:
        """All objects that there are."""
        for notice in (*notices, *map(Synced, PLACES)):
            self.loop.tell(notice)

    def prove(self, namespace: str) -> Proof:
        return proof(self.issuer, spiffe(namespace, "gateway"))


@asynccontextmanager
async def plane(identify: Identify | None = None) -> AsyncIterator[Plane]:
    """`identify` in place of client certificates."""
    made = Plane()
    await made.open(identify)
    running = asyncio.create_task(made.loop.run())
    try:
        yield made
    finally:
        running.cancel()
        await made.ads.stop()


def node(namespace: str, labels: Mapping[str, str] = INGRESS, **metadata: Any) -> base_pb2.Node:
    said = {"NAMESPACE": namespace, "LABELS": dict(labels), **metadata}
    return json_format.ParseDict({"id": f"router~127.0.0.1~g.{namespace}~x", "metadata": said}, base_pb2.Node())


class Gateway:
    """One that joins at once; what it is told is kept by type and name."""

    def __init__(self, plane: Plane, proof: Proof | None, token: str = "") -> None:
        self.has: dict[tuple[Type, str], bytes] = {}
        self.told = 0
        root = certificate_pem(plane.issuer.certificate)
        pair = (proof.key, proof.chain) if proof else (None, None)
        options = [("grpc.ssl_target_name_override", CONTROL_PLANE)]
        credentials = grpc.ssl_channel_credentials(root, *pair)
        self._channel = grpc.aio.secure_channel(f"127.0.0.1:{plane.port}", credentials, options)
        metadata = [("authorization", f"Bearer {token}")] if token else []
        self._call = self._channel.stream_stream(f"/{SERVICE}/{METHOD}")(metadata=metadata)
        self._inbox: asyncio.Queue[bytes | grpc.aio.AioRpcError] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    async def ask(
        self,
        type_: Type,
        *names: str,
        node: base_pb2.Node | None = None,
        leave: Iterable[str] = (),
        had: Mapping[str, str] | None = None,
    ) -> None:
        request = DeltaRequest(
            type_url=type_,
            node=node,
            resource_names_subscribe=names,
            resource_names_unsubscribe=leave,
            initial_resource_versions=had or {},
        )
        await self.say(request.SerializeToString())

    async def say(self, body: bytes) -> None:
        await self._call.write(body)

    async def hear(self, seconds: float = 10) -> DeltaResponse:
        """The next response, which is accepted. Raises TimeoutError when none comes, and grpc.aio.AioRpcError when the
        stream has ended. Only the wait is given up: who gives up writing ends the stream."""
        body = await asyncio.wait_for(self._inbox.get(), seconds)
        if isinstance(body, grpc.aio.AioRpcError):
            raise body
        response = DeltaResponse.FromString(body)
        self.told += 1
        for resource in response.resources:
            self.has[Type(response.type_url), resource.name] = resource.resource.SerializeToString()
        await self._call.write(
            DeltaRequest(type_url=response.type_url, response_nonce=response.nonce).SerializeToString()
        )
        return response

    async def _read(self) -> None:
        """Beside all else: to give up waiting for a message would end the stream."""
        try:
            while (body := await self._call.read()) is not grpc.aio.EOF:
                self._inbox.put_nowait(body)
            code, details = await self._call.code(), await self._call.details()
            self._inbox.put_nowait(grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details))
        except grpc.aio.AioRpcError as error:
            self._inbox.put_nowait(error)

    async def refusal(self) -> grpc.aio.AioRpcError:
        """Why the stream ended, of one that is told nothing."""
        try:
            await self.hear()
        except grpc.aio.AioRpcError as error:
            return error
        raise AssertionError("it was told something")

    async def hear_all(self) -> None:
        """Until nothing more comes for a moment."""
        while True:
            try:
                await self.hear(seconds=0.3)
            except TimeoutError:
                return

    async def close(self) -> None:
        self._reading.cancel()
        self._call.cancel()
        await self._channel.close()
