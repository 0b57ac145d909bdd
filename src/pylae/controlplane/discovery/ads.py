"""The aggregated discovery service: delta xDS over gRPC, on a Unix socket that only its owner can open, and over TLS
for gateways elsewhere.

This file only carries bytes and says who may join. Nobody is given a byte before it is known who he is. An Envoy that
outlived the last control plane connects to the same place by itself and says what it still has: so it is taken over.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from pylae import __version__
from pylae.controlplane.discovery.cohort import Cohort
from pylae.controlplane.discovery.identity import Identity, NotAdmittedError
from pylae.controlplane.discovery.joining import workload_of
from pylae.controlplane.discovery.observation import Observation
from pylae.controlplane.discovery.stream import Stream, StreamState
from pylae.model.workload import GatewayWorkload
from pylae.node.discovery_server import UNLIMITED, bind, discovery_server
from pylae.xds.message import SPEAKS, ForeignTypeError, Node, Request, decode_request
from pylae.xds.resource import Key
from pylae.xds.world import Served

LARGEST_REQUEST = 64 * 1024 * 1024
"""Bytes that an Envoy elsewhere may send at once: what it had of half a million hosts."""

ELSEWHERE = (
    ("grpc.max_receive_message_length", LARGEST_REQUEST),
    ("grpc.max_send_message_length", UNLIMITED),
    # An Envoy whose machine is gone says nothing of it: it is asked.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),  # a gateway asks for us every 10 s
)

STREAMS_OF_A_NAMESPACE = 1000
NAMES_OF_A_STREAM = 2_000_000
"""What an Envoy elsewhere may ask for by name: half a million hosts on demand have three names each. Nobody of one
namespace is to take the memory of the others."""

KINDS_OF_A_NAMESPACE = 20
"""Kinds of gateways that may be known of one namespace at a time: each costs what all objects together cost."""

Identify = Callable[[Any, datetime], Awaitable[Identity]]
"""Who it is that opens a stream, by its gRPC context and the present time. Raises `NotAdmittedError`."""

log = logging.getLogger(__name__)


class Ads:
    """Serves every Envoy what is published for its kind. Before the first `publish` for it they are kept waiting."""

    def __init__(self, observe: Callable[[Observation], None], cluster_domain: str = "cluster.local") -> None:
        self.names_of_a_stream = NAMES_OF_A_STREAM
        self._observe = observe
        self._cluster_domain = cluster_domain
        self._cohorts: dict[GatewayWorkload, Cohort] = {}
        self._servers: list[Any] = []

    async def listen_locally(self, socket: Path, workload: GatewayWorkload) -> None:
        """Bind the socket, in place of one that a dead control plane left; whoever can open it is trusted, and is of
        this kind. Raises OSError if it cannot be bound."""
        server = discovery_server(partial(self._converse_at_home, workload))
        bind(server, socket)
        await self._start(server)

    async def listen(self, address: str, credentials: grpc.ServerCredentials, identify: Identify) -> int:
        """Bind `ADDRESS:PORT` for Envoys elsewhere; port 0 is any, and which it is is given back. Raises OSError if it
        cannot be bound."""
        server = discovery_server(partial(self._converse_elsewhere, identify), ELSEWHERE)
        try:
            port = int(server.add_secure_port(address, credentials))
        except RuntimeError as error:
            raise OSError(f"{address} cannot be bound: {error}") from error
        await self._start(server)
        return port

    async def stop(self) -> None:
        """End every stream. Envoys serve on with what they have."""
        servers, self._servers = self._servers, []
        for server in servers:
            await server.stop(grace=None)

    def publish(self, workload: GatewayWorkload, served: Served, touched: Iterable[Key]) -> None:
        """Let every Envoy of a kind have what is served now, which changed in what was `touched`. What follows is
        written in the background."""
        self._cohort(workload).publish(served, touched)

    def forget(self, workload: GatewayWorkload) -> None:
        """Nothing is published for this kind any more: who comes waits until something is."""
        cohort = self._cohorts.get(workload)
        if cohort and not cohort.streams:
            del self._cohorts[workload]

    @property
    def settled(self) -> bool:
        """Whether there is an Envoy that has everything."""
        return any(stream.machine.settled for stream in self._streams())

    def connected(self) -> tuple[StreamState, ...]:
        """Every Envoy that has a stream now."""
        now = time.monotonic()
        return tuple(stream.state(now) for stream in self._streams())

    def _streams(self) -> list[Stream]:
        return [stream for cohort in self._cohorts.values() for stream in cohort.streams]

    def _cohort(self, workload: GatewayWorkload) -> Cohort:
        found = self._cohorts.get(workload)
        if found is None:
            found = self._cohorts[workload] = Cohort(workload, self._observe)
        return found

    async def _start(self, server: Any) -> None:
        await server.start()
        self._servers.append(server)

    async def _converse_at_home(self, workload: GatewayWorkload, requests: AsyncIterator[bytes], context: Any) -> None:
        await self._attend(Stream(workload, time.monotonic()), requests, context)

    async def _converse_elsewhere(self, identify: Identify, requests: AsyncIterator[bytes], context: Any) -> None:
        """Until it ends, or the identity has to be shown anew."""
        peer = context.peer()
        try:
            identity = await identify(context, datetime.now(UTC))
            async with asyncio.timeout((identity.expires - datetime.now(UTC)).total_seconds()):
                await self._admit(identity, peer, requests, context)
        except NotAdmittedError as error:
            log.warning("A gateway from %s may not join: %s", peer, error)
            await context.abort(error.code, str(error))
        except DecodeError:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "This is no DeltaDiscoveryRequest.")
        except TimeoutError:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "The identity has expired: show it anew.")

    async def _admit(self, identity: Identity, peer: str, requests: AsyncIterator[bytes], context: Any) -> None:
        first, workload = await self._introduce(identity, requests)
        log.info("A gateway joined from %s: %s, labels %s", peer, identity, workload.selected_by)
        try:
            await self._attend(Stream(workload, time.monotonic(), identity, peer), requests, context, first)
        finally:
            log.info("A gateway left, from %s: %s", peer, identity)

    async def _introduce(self, identity: Identity, requests: AsyncIterator[bytes]) -> tuple[Request, GatewayWorkload]:
        """The first request, and the kind of who makes it. Raises `NotAdmittedError`."""
        try:
            first = decode_request(await anext(requests))
        except (StopAsyncIteration, ForeignTypeError):
            message = "The first message of a stream is a DeltaDiscoveryRequest for clusters or listeners."
            raise NotAdmittedError(grpc.StatusCode.INVALID_ARGUMENT, message) from None
        workload = workload_of(first.node or Node(), identity, self._cluster_domain)
        if workload not in self._cohorts and self._kinds_of(workload.namespace) >= KINDS_OF_A_NAMESPACE:
            message = f"Namespace {workload.namespace} has {KINDS_OF_A_NAMESPACE} kinds of gateways already."
            raise NotAdmittedError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)
        if sum(stream.workload.namespace == workload.namespace for stream in self._streams()) >= STREAMS_OF_A_NAMESPACE:
            message = f"Namespace {workload.namespace} has {STREAMS_OF_A_NAMESPACE} gateways already."
            raise NotAdmittedError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)
        return first, workload

    def _kinds_of(self, namespace: str) -> int:
        return sum(workload.namespace == namespace for workload in self._cohorts)

    async def _attend(
        self, stream: Stream, requests: AsyncIterator[bytes], context: Any, first: Request | None = None
    ) -> None:
        cohort = self._cohort(stream.workload)
        cohort.join(stream)
        writer = asyncio.create_task(_write(stream, context))
        try:
            if first:
                cohort.hear(stream, first)
            heard = 0
            async for body in requests:
                heard += len(body)
                if heard > LARGEST_REQUEST:
                    await stream.begun.wait()  # what comes before that is kept
                await stream.outbox.room()
                self._hear(cohort, stream, body)
        finally:
            writer.cancel()
            cohort.leave(stream)

    def _hear(self, cohort: Cohort, stream: Stream, body: bytes) -> None:
        """Who an Envoy elsewhere is was settled by its first request."""
        try:
            request = decode_request(body)
        except ForeignTypeError as error:
            log.warning("Envoy asked for %.100r, which is not served", str(error))
            return
        if stream.identity is None:
            cohort.hear(stream, request)
            return
        cohort.hear(stream, replace(request, node=None))
        if stream.machine.interests > self.names_of_a_stream:
            message = f"A gateway may ask for {self.names_of_a_stream} names at a time."
            raise NotAdmittedError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)


async def _write(stream: Stream, context: Any) -> None:
    """The headers say that we can speak for this kind by now: until they come, a gateway may look for another."""
    await stream.begun.wait()
    await context.send_initial_metadata(((SPEAKS, __version__),))
    while True:
        await context.write(await stream.outbox.get())
