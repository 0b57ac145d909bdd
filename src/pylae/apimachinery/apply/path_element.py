"""One step of a field path, spelled as FieldsV1 spells it.

- `f:name` is a field of an object
- `k:{"port":80,"protocol":"TCP"}` is the item of a list with these keys
- `v:"a"` is the item of a list that is a set
- `i:0` is the item at an index

An element has one spelling, so that equal elements are equal texts (Kubernetes, meta/v1, FieldsV1; the sigs.k8s.io
project structured-merge-diff, package fieldpath).
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

FIELD: Final = "f:"
KEY: Final = "k:"
VALUE: Final = "v:"
INDEX: Final = "i:"

KINDS: Final = (FIELD, KEY, VALUE, INDEX)
"""In the order in which upstream sorts them."""


def field(name: str) -> str:
    """A member of an object."""
    return FIELD + name


def key(values: Mapping[str, Any]) -> str:
    """The item of a list that its keys tell apart."""
    return KEY + _compact(dict(sorted(values.items())))


def value(scalar: Any) -> str:
    """The item of a set."""
    return VALUE + _compact(scalar)


def canonical(element: str) -> str:
    """The one spelling of an element of a known kind. Raises ValueError for what is none."""
    kind, rest = element[:2], element[2:]
    if kind == KEY:
        values = msgspec.json.decode(rest)
        if not isinstance(values, dict):
            raise ValueError("the keys of an item are an object")
        return key(values)
    if kind == VALUE:
        return value(msgspec.json.decode(rest))
    return f"{INDEX}{int(rest)}" if kind == INDEX else element


def rank(element: str) -> tuple[int, Any]:
    """What elements are sorted by."""
    kind, rest = element[:2], element[2:]
    order = KINDS.index(kind)
    if kind == KEY:
        return order, [(name, _value_rank(part)) for name, part in msgspec.json.decode(rest).items()]
    if kind == VALUE:
        return order, _value_rank(msgspec.json.decode(rest))
    return order, int(rest) if kind == INDEX else rest


def shown(element: str) -> str:
    """The element as messages show it: `.name`, `[port=80,protocol="TCP"]`, `[="a"]`, `[0]`."""
    kind, rest = element[:2], element[2:]
    if kind == KEY:
        return f"[{','.join(f'{name}={_quoted(part)}' for name, part in msgspec.json.decode(rest).items())}]"
    if kind == VALUE:
        return f"[={_quoted(msgspec.json.decode(rest))}]"
    return f"[{rest}]" if kind == INDEX else f".{rest}"


def _value_rank(part: Any) -> tuple[int, Any]:
    """Upstream's order of values: numbers, texts, booleans, and the rest as they are written."""
    match part:
        case bool():
            return 2, part
        case int() | float():
            return 0, part
        case str():
            return 1, part
        case _:
            return 3, _compact(part)


def _quoted(part: Any) -> str:
    return json.dumps(part, ensure_ascii=False)


def _compact(part: Any) -> str:
    return msgspec.json.encode(part).decode()
