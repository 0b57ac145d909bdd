"""The aggregated discovery service that this gateway's Envoy asks: a Unix socket that only its owner can open."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from pylae.gateway.conversation import Conversation, Surroundings
from pylae.node.discovery_server import bind, discovery_server


class Discovery:
    """Each stream of Envoy is a conversation of its own."""

    def __init__(self, socket: Path, around: Surroundings) -> None:
        self._socket = socket
        self._around = around
        self._server: Any = None

    async def start(self) -> None:
        """Bind the socket, in place of one that a dead process left. Raises OSError if it cannot be bound."""
        server = discovery_server(self._converse)
        bind(server, self._socket)
        await server.start()
        self._server = server

    async def stop(self) -> None:
        """End every stream. Envoy serves on with what it has."""
        if self._server is not None:
            await self._server.stop(grace=None)
            self._server = None

    async def _converse(self, requests: AsyncIterator[bytes], context: Any) -> None:
        await Conversation(self._around, context).hold(requests)
