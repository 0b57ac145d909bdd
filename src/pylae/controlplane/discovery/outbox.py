"""What is still to be written to one Envoy, and whether it has so much unread that it is heard no further.

Who asks for the same again and again, and reads nothing of what it is told, would fill memory. What it asks then waits
in its own connection.
"""

import asyncio

MOST_UNREAD = 16 * 1024 * 1024
"""Bytes above which an Envoy is not heard until it has read some."""


class Outbox:
    """`put` what is to be written, `get` what to write next, wait for `room` before the Envoy is heard."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[bytes] = asyncio.Queue()
        self._unread = 0
        self._has_room = asyncio.Event()
        self._has_room.set()

    def put(self, message: bytes) -> None:
        self._messages.put_nowait(message)
        self._count(len(message))

    async def get(self) -> bytes:
        """The oldest message. Whoever writes it asks for the next one when it went out."""
        message = await self._messages.get()
        self._count(-len(message))
        return message

    async def room(self) -> None:
        await self._has_room.wait()

    def _count(self, more: int) -> None:
        self._unread += more
        if self._unread > MOST_UNREAD:
            self._has_room.clear()
        else:
            self._has_room.set()
