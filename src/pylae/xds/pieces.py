"""Pieces of large messages, spelled one by one and remembered: a listener of a thousand hosts is not spelled anew when
one of them changes.

Encodings that follow each other are one message, and of a repeated field its elements in this order (Protocol Buffers'
documentation, "Encoding": last one wins). So a message may be put together of bytes, without any byte being looked at.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from google.protobuf.message import Message

Part = TypeVar("Part")
Known = Mapping[str, tuple[object, bytes]]

NONE: Known = MappingProxyType({})


class Pieces:
    """The pieces of one message, by their names, which are unique in it. `before` are those of its last version."""

    def __init__(self, before: Known = NONE) -> None:
        self._before = before
        self.known: dict[str, tuple[object, bytes]] = {}

    def of(self, name: str, part: Part, spell: Callable[[Part], Message]) -> bytes:
        """The encoding of `part` as `spell` makes it: of the whole message with nothing else in it."""
        found = self._before.get(name)
        if found is None or found[0] != part:
            found = (part, spell(part).SerializeToString(deterministic=True))
        self.known[name] = found
        return found[1]
