"""JSON documents as the API server handles them: plain dictionaries, read strictly.

Upstream finds repeated keys while decoding, names each by its path and refuses or warns about it as the client asked.
Most readers keep the last one in silence, so the pairs are looked at here, where they can still be seen.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

from pylae.apimachinery.failure import bad_request

Json: TypeAlias = dict[str, Any]

MAX_DEPTH = 100
"""Levels of nesting. Nothing in Kubernetes comes near it, and what goes beyond is an attack on recursive functions."""

TOO_DEEP = f"the object is nested deeper than {MAX_DEPTH} levels"


class _Repeated(dict[str, Any]):
    """An object that had keys more than once. The last value won, as in Go."""

    __slots__ = ("keys_repeated",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        times = Counter(key for key, _ in pairs)
        self.keys_repeated = tuple(key for key, count in times.items() if count > 1)


def strict_json(body: bytes) -> tuple[Any, tuple[str, ...]]:
    """The value of a JSON text and its complaints, such as `duplicate field "spec.hosts"`.

    Raises a 400 `Failure` for what is not JSON by RFC 8259 (NaN, lone surrogates, bytes that are not UTF-8), for
    numbers out of range and for nesting deeper than `MAX_DEPTH`.
    """
    try:
        value = msgspec.json.decode(body)
        if body.count(b"{") + body.count(b"[") > MAX_DEPTH:  # else it cannot be deeper
            check_depth(value)
        repeated = _repeated_fields(body)
    except RecursionError:
        raise bad_request(TOO_DEEP) from None
    except (msgspec.DecodeError, ValueError) as error:
        raise bad_request(f"the body is not valid JSON: {_reason(error)}") from None
    return value, tuple(f'duplicate field "{path}"' for path in repeated)


def check_depth(value: Any) -> None:
    """Raises 400 for a value nested deeper than `MAX_DEPTH`: many a small patch could make one."""
    if _deeper_than(value, MAX_DEPTH):
        raise bad_request(TOO_DEEP)


def encode(value: Any) -> bytes:
    """Compact JSON."""
    return msgspec.json.encode(value)


def same(left: Any, right: Any) -> bool:
    """Are two values the same JSON? Python alone takes `1` and `true` for equal."""
    return bool(left == right) and _canonical(left) == _canonical(right)


def join(path: str, key: str) -> str:
    """The path of a member: `spec` and `hosts` make `spec.hosts`."""
    return f"{path}.{key}" if path else key


def _repeated_fields(body: bytes) -> tuple[str, ...]:
    seen: list[_Repeated] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        plain = dict(pairs)
        if len(plain) == len(pairs):
            return plain
        seen.append(_Repeated(pairs))
        return seen[-1]

    marked = json.loads(body, object_pairs_hook=members)
    return tuple(_repeated(marked, "")) if seen else ()


def _repeated(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, _Repeated):
        yield from (join(path, key) for key in value.keys_repeated)
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _repeated(member, join(path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _repeated(item, f"{path}[{index}]")


def _deeper_than(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        return levels == 0 or any(_deeper_than(member, levels - 1) for member in value.values())
    if isinstance(value, list):
        return levels == 0 or any(_deeper_than(item, levels - 1) for item in value)
    return False


def _canonical(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def _reason(error: Exception) -> str:
    return str(error).removeprefix("JSON is malformed: ")
