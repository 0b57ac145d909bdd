"""Which fields Pylae does not honour yet: the mark stands on the field itself, and warnings are worded from it.

A field of Istio's API is either acted upon or marked: nothing is accepted in silence.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from msgspec import inspect

NOT_YET = {"honoured": False}
"""For a field that is accepted and stored but has no effect: `Meta(description=…, extra=NOT_YET)`."""

ABSENT: tuple[Any, ...] = (None, "", [], {})
"""What protobuf cannot tell from a field that was not written."""


def not_honoured(kind: type, value: dict[str, Any]) -> tuple[str, ...]:
    """The paths of the fields set in a raw JSON object that Pylae does not honour yet, such as `spec.http[0].fault`."""
    return tuple(path.removeprefix(".") for path in _marked(_shape(kind), value, ""))


_shape = cache(inspect.type_info)


def _marked(shape: inspect.Type, value: Any, path: str) -> Iterator[str]:
    if value in ABSENT:
        return
    if isinstance(shape, inspect.Metadata) and (shape.extra or {}).get("honoured") is False:
        yield path
        return
    for part, inner, name in _parts(shape, value):
        yield from _marked(part, inner, path + name)


def _parts(shape: inspect.Type, value: Any) -> Iterator[tuple[inspect.Type, Any, str]]:
    """What a value of this shape is made of: the shape, the value and the step of the path to each part."""
    match shape, value:
        case inspect.Metadata(), _:
            yield shape.type, value, ""
        case inspect.UnionType(), _:
            yield from ((member, value, "") for member in shape.types)
        case inspect.StructType(), dict():
            for field in shape.fields:
                yield field.type, value.get(field.encode_name), f".{field.encode_name}"
        case inspect.VarTupleType(), list():
            yield from ((shape.item_type, item, f"[{index}]") for index, item in enumerate(value))
        case inspect.DictType(), dict():
            yield from ((shape.value_type, item, f"[{key}]") for key, item in value.items())
        case _:
            return
