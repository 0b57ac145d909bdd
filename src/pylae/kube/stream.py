"""A watch, line by line: how the bytes of a stream become events.

Each line is one JSON object `{"type": …, "object": …}` of any length: a Secret may have a megabyte, and base64 and
managedFields come on top.
"""

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from pylae.kube.errors import KubeError, api_error

LONGEST_LINE = 4 * 1024 * 1024


class BrokenStream(KubeError):
    """What came is no watch event; the connection cannot be used further."""


class Event(msgspec.Struct, frozen=True):
    """`type` is ADDED, MODIFIED, DELETED or BOOKMARK; `body` is the object as it came."""

    type: str
    body: bytes

    def __repr__(self) -> str:
        return f"Event({self.type}, {len(self.body)} bytes)"  # it may be a Secret


class _Line(msgspec.Struct):
    type: str
    object: msgspec.Raw


class Chunks(Protocol):
    """The part of `aiohttp.StreamReader` that is needed here."""

    def iter_any(self) -> AsyncIterator[bytes]: ...


async def events(content: Chunks) -> AsyncIterator[Event]:
    """The events of a stream; a torn last line is dropped. An ERROR event is raised as the `ApiError` that it is."""
    lines = Lines()
    async for chunk in content.iter_any():
        for line in lines.feed(chunk):
            yield _event(line)


class Lines:
    """Cuts a stream into lines. A line that is still coming is searched only once."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._pending: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> tuple[bytes, ...]:
        """The lines that `chunk` completes, without their ends. Raises `BrokenStream` if one is longer than allowed."""
        *whole, rest = chunk.split(b"\n")
        if whole:
            whole[0] = b"".join((*self._pending, whole[0]))
            self._pending, self._size = [], 0
        self._pending.append(rest)
        self._size += len(rest)
        if self._size > self._longest or any(len(line) > self._longest for line in whole):
            raise BrokenStream(f"a line of the watch is longer than {self._longest // 1024} KiB")
        return tuple(line for line in whole if line.strip())


def _event(line: bytes) -> Event:
    try:
        found = msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenStream(f"a line of the watch is no event: {error}") from None
    if found.type == "ERROR":
        raise api_error(0, bytes(found.object))
    return Event(found.type, bytes(found.object))
