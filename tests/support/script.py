"""A control plane that knows nothing but what a test put into it, and answers when it is asked: for what has to be
known about Envoy before a control plane of ours can rely on it.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import grpc
from data_plane import DataPlane, eventually

from pylae.xds.message import METHOD, SERVICE, Request, Response, decode_request, encode_response
from pylae.xds.resource import Key, Resource, Type

AT_LARGE = (Type.CLUSTER, Type.LISTENER, Type.SCOPE)
"""Types that Envoy asks for without naming any."""


@dataclass
class Stage(DataPlane):
    """An Envoy whose control plane follows a script.

    `known` is what it answers with. What a secret `needs` is told before it: clusters, their endpoints, scopes. With
    `silent` a secret is not answered at all. `asked` and `left` are names that Envoy began and ended with, and
    `refusals` what it said against what it was told.
    """

    known: dict[Key, Resource] = field(default_factory=dict)
    asked: list[Key] = field(default_factory=list)
    left: list[Key] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    silent: bool = False

    async def start_control_plane(self) -> None:
        self._held: dict[Key, str] = {}
        self._wanted: set[Key] = set()
        self._verdicts: dict[str, asyncio.Future[str | None]] = {}
        self._nonces = count(1)
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._turns: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()
        self._server: Any = grpc.aio.server()
        handler = grpc.stream_stream_rpc_method_handler(self._converse)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),))
        self._server.add_insecure_port(f"unix:{self.directory / 'xds.sock'}")
        await self._server.start()

    async def stop_control_plane(self) -> None:
        await self._server.stop(grace=None)

    def know(self, *resources: Resource) -> None:
        self.known.update({resource.key: resource for resource in resources})

    def forget(self, *keys: Key) -> None:
        for key in keys:
            self.known.pop(key, None)

    async def begin(self, *listeners: Resource) -> None:
        """Envoy has these listeners and serves."""
        self.know(*listeners)
        await eventually(self.admin.ready, "Envoy to be ready")

    async def tell(self, *resources: Resource) -> str | None:
        """Send resources of one type; what Envoy says against them."""
        self.know(*resources)
        self._held.update({resource.key: resource.version for resource in resources})
        return await self._send(Response(resources[0].type, str(next(self._nonces)), resources))

    async def take_away(self, type_: Type, *names: str) -> str | None:
        self.forget(*((type_, name) for name in names))
        for name in names:
            self._held.pop((type_, name), None)
        return await self._send(Response(type_, str(next(self._nonces)), removed=names))

    async def wanted(self, type_: Type, name: str) -> None:
        """Wait until Envoy is subscribed to this name."""

        async def subscribed() -> bool:
            return (type_, name) in self._wanted

        await eventually(subscribed, f"Envoy to ask for {type_.short} {name}")

    async def unwanted(self, type_: Type, name: str) -> None:
        async def unsubscribed() -> bool:
            return (type_, name) not in self._wanted and (type_, name) in self.left

        await eventually(unsubscribed, f"Envoy to be done with {type_.short} {name}")

    def names_asked(self, type_: Type) -> list[str]:
        return [name for asked, name in self.asked if asked is type_]

    async def _send(self, response: Response) -> str | None:
        verdict = self._verdicts[response.nonce] = asyncio.get_running_loop().create_future()
        self._outbox.put_nowait(encode_response(response))
        return await asyncio.wait_for(verdict, 10)

    async def _converse(self, requests: AsyncIterator[bytes], context: Any) -> None:
        writing = asyncio.create_task(self._write(context))
        seen: set[Type] = set()
        try:
            async for body in requests:
                request = decode_request(body)
                first = request.type not in seen
                seen.add(request.type)
                self._hear(request, first=first)
        finally:
            writing.cancel()

    async def _write(self, context: Any) -> None:
        while True:
            await context.write(await self._outbox.get())

    def _hear(self, request: Request, *, first: bool) -> None:
        if request.nonce:
            self._verdicts.pop(request.nonce).set_result(request.error)
        if request.error:
            self.refusals.append(request.error)
        ended, begun = ([(request.type, name) for name in names] for names in (request.unsubscribe, request.subscribe))
        self.left += ended
        self.asked += begun
        self._wanted = (self._wanted - set(ended)) | set(begun)
        if request.type in AT_LARGE and first:
            self._later(self._begin(request.type))
        elif request.type not in AT_LARGE and request.subscribe:
            self._later(self._answer(request.type, request.subscribe))

    def _later(self, turn: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(turn)
        self._turns.add(task)
        task.add_done_callback(self._turns.discard)

    async def _begin(self, type_: Type) -> None:
        """Listeners are told at once, clusters and scopes when they are needed."""
        listeners = tuple(found for found in self.known.values() if found.type is type_ is Type.LISTENER)
        await self._send(Response(type_, str(next(self._nonces)), listeners))

    async def _answer(self, type_: Type, names: tuple[str, ...]) -> None:
        if type_ is not Type.SECRET:
            await self._give(type_, names)
        elif not self.silent:
            async with self._one_at_a_time:
                for name in names:
                    await self._prepare((type_, name))
                await self._give(type_, names)

    async def _give(self, type_: Type, names: tuple[str, ...]) -> None:
        there = tuple(self.known[type_, name] for name in names if (type_, name) in self.known)
        gone = tuple(name for name in names if (type_, name) not in self.known)
        self._held.update({resource.key: resource.version for resource in there})
        await self._send(Response(type_, str(next(self._nonces)), there, gone))

    async def _prepare(self, key: Key) -> None:
        """Tell what `key` needs, and what that needs before it, unless Envoy has it. Endpoints it asks for itself."""
        for need in self.known[key].needs if key in self.known else ():
            found = self.known[need]
            if need[0] is not Type.CLUSTER:
                await self._prepare(need)
            if self._held.get(need) != found.version:
                await self.tell(found)
            for endpoints in found.needs if need[0] is Type.CLUSTER else ():
                await self.wanted(*endpoints)
