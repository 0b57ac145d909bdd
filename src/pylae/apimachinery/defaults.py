"""The defaults of a schema: filled in when an object of a custom kind is written, and again whenever it is read.

A definition may gain defaults after objects of its kind were stored. So what readers see always has them, as upstream.
"""

import copy
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from pylae.apimachinery.document import Json, encode
from pylae.apimachinery.schema import Schema, prune

MOST: Final = 3 * 1024 * 1024
"""Bytes of defaults that one object may be given, as large as a whole request: a long list of empty items could have
each of them filled with whatever a definition says."""


class TooManyDefaultsError(ValueError):
    """A definition would make an object of more than `MOST` bytes."""


@dataclass(slots=True)
class _Room:
    left: int = MOST

    def take(self, default: Any) -> Any:
        self.left -= len(encode(default))
        if self.left < 0:
            raise TooManyDefaultsError(f"its defaults make more than {MOST} bytes")
        return copy.deepcopy(default)


def with_defaults(schema: Schema, value: Any) -> Any:
    """The value with what its schema fills in. A member that is null and may not be counts as absent, as upstream.
    Raises `TooManyDefaultsError`."""
    return _filled(schema, value, _Room())


def _filled(schema: Schema, value: Any, room: _Room) -> Any:
    if isinstance(value, list):
        below = schema.get("items", {})
        return [_filled(below, item, room) for item in value]
    if not isinstance(value, dict):
        return value
    properties, additional = schema.get("properties", {}), schema.get("additionalProperties")
    filled = {key: member for key, member in value.items() if not _is_void(properties.get(key, additional), member)}
    for name, member in properties.items():
        if "default" in member and name not in filled:
            filled[name] = room.take(member["default"])
    for name, found in filled.items():
        below = properties.get(name, additional)
        if isinstance(below, dict) and isinstance(found, dict | list):
            filled[name] = _filled(below, found, room)
    return filled


def _is_void(schema: Schema | None, value: Any) -> bool:
    return value is None and schema is not None and not schema.get("nullable")


def as_read(schema: Schema, obj: Json) -> Json:
    """A stored object as its kind is defined now: without fields that are known no more, and with all defaults, unless
    they are too many."""
    metadata = obj["metadata"]
    known: Json = prune(schema, {**obj, "metadata": {}})[0]
    with suppress(TooManyDefaultsError):
        known = with_defaults(schema, known)
    return {**known, "metadata": metadata}
