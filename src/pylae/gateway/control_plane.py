"""One stream to one control plane, over TLS.

Whatever HOST was dialled, the certificate must be for `control-plane.pylae.internal` and signed by Pylae's authority. A
control plane sends its headers once it has something to say to us; until then it only listens.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import grpc

from pylae.certs.trust import CONTROL_PLANE
from pylae.gateway.credentials import Credentials
from pylae.node.discovery_server import UNLIMITED
from pylae.xds.message import METHOD, SERVICE, SPEAKS

CONNECTS_WITHIN = 5.0
ANSWERS_WITHIN = 10.0
"""Seconds until one that says nothing is left for another. It may just be listing its objects for the first time."""

OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.ssl_target_name_override", CONTROL_PLANE),
    ("grpc.max_receive_message_length", UNLIMITED),
    ("grpc.max_send_message_length", UNLIMITED),
    # A path that is dead without a word is noticed within 15 s.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    # We try again by ourselves, and each time from the beginning.
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a stream could not be had, or ended; `message` is a sentence with what to do."""

    code: grpc.StatusCode
    message: str


class Stream:
    """Construct it, `connect`, `send` what is to be said, wait until it is `taken`, then `read`. `close` it always."""

    def __init__(self, address: str, credentials: Credentials) -> None:
        self.address = address
        self._metadata = credentials.metadata
        self._channel: Any = grpc.aio.secure_channel(address, credentials.channel, OPTIONS)
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._call: Any = None
        self._writer: asyncio.Task[None] | None = None

    async def connect(self) -> Failure | None:
        """Begin; why it cannot be done, if so."""
        try:
            async with asyncio.timeout(CONNECTS_WITHIN):
                await self._connected()
        except TimeoutError:
            return Failure(grpc.StatusCode.UNAVAILABLE, "it does not answer")
        self._call = self._channel.stream_stream(f"/{SERVICE}/{METHOD}")(metadata=self._metadata)
        self._writer = asyncio.create_task(self._write())
        return None

    def send(self, body: bytes) -> None:
        """It goes out in the background, after all that was sent before."""
        self._outbox.put_nowait(body)

    async def taken(self) -> Failure | None:
        """Wait until the control plane has taken the stream; why it has not, if so."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                headers = await self._call.initial_metadata()
                return None if headers and SPEAKS in headers else await self.failure()
        except TimeoutError:
            return Failure(grpc.StatusCode.UNAVAILABLE, "it has nothing to say yet")

    async def read(self) -> bytes | None:
        """What it says next; None at the end."""
        try:
            body = await self._call.read()
        except grpc.aio.AioRpcError:
            return None
        return body or None  # gRPC's mark of the end is falsy, and no message is empty

    async def failure(self) -> Failure:
        """Why it ended. Waits for the end."""
        code, details = await self._call.code(), await self._call.details()
        return Failure(code, _sentence(code, details or ""))

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.cancel()
        if self._call is not None:
            self._call.cancel()
        await self._channel.close()

    async def _connected(self) -> None:
        """Until it is connected, or failed to be: then the call says why."""
        state = self._channel.get_state(try_to_connect=True)
        while state in (grpc.ChannelConnectivity.IDLE, grpc.ChannelConnectivity.CONNECTING):
            await self._channel.wait_for_state_change(state)
            state = self._channel.get_state(try_to_connect=True)

    async def _write(self) -> None:
        try:
            while True:
                await self._call.write(await self._outbox.get())
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            return  # who reads is told why


def _sentence(code: grpc.StatusCode, details: str) -> str:
    match code:
        case grpc.StatusCode.UNAUTHENTICATED:
            return (
                f"it does not know us ({details or 'no reason given'}). Renew the token, or enrol again: pylae enroll"
            )
        case grpc.StatusCode.PERMISSION_DENIED:
            return f"it refuses us: {details or 'no reason given'}"
        case grpc.StatusCode.UNAVAILABLE:
            return _unreachable(details)
        case grpc.StatusCode.OK:
            return "it ended the stream"
        case grpc.StatusCode.INTERNAL:  # gRPC's client, of a stream that ended while it was writing
            return "it ended the stream while it was spoken to; its log says why"
        case _:
            return f"{details or 'no reason given'} ({code.name})"


def _unreachable(details: str) -> str:
    """gRPC's own words hold the reason at their end."""
    reason = details.rpartition("last error: ")[2]
    if "CERTIFICATE_VERIFY_FAILED" in reason or "Hostname Verification" in reason or "Peer name" in reason:
        return "its certificate is not signed by the authority in --ca, or is another's. Is it a control plane of ours?"
    if "Ssl handshake failed" in reason or "alert" in reason.lower():
        return "TLS failed: it takes no certificate but one of its own authority, and one that has not ended"
    if "Connection refused" in reason:
        return "it refuses connections"
    if "Cancelling all calls" in reason or "GOAWAY" in reason:
        return "it is ending"
    return reason or "it closed the connection"
