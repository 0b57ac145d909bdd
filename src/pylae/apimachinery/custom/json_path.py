"""The JSON paths of a CustomResourceDefinition: `.spec.hosts[0]`, `.status.conditions[?(@.type=="Ready")].status`.

The small part of the language that definitions use: members, indices, slices, `*` and a comparison as a filter.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, TypeAlias

Step: TypeAlias = Callable[[Any], Iterable[Any]]
"""What one step of a path finds below a value."""

_STEPS: Final = re.compile(
    r"""
      \.(?P<member>(?:[^.\[\]*\\\s'"]|\\.)+)
    | \[\s*+(?P<quote>['"])(?P<quoted>(?:(?!(?P=quote))[^\\]|\\.)*+)(?P=quote)\s*+\]
    | \[\s*+(?P<index>-?\d++)\s*+\]
    | \[\s*+(?P<start>-?\d*+)\s*+:\s*+(?P<end>-?\d*+)\s*+\]
    | (?P<every>\.\*|\[\s*+\*\s*+\])
    | \[\?\(\s*+@(?P<inner>[^=!<>\s?)]*+)\s*+(?:(?P<operator>==|!=|<=|>=|<|>)(?P<operand>[^)]*+))?\)\]
    """,
    re.VERBOSE,
)
"""What was matched is never tried again shorter (`++`, `*+`), so that a path of blanks takes no longer than another. A
filter within a filter is no part of it: they would be followed as deep as the path is long."""

LONGEST: Final = 4096
"""Characters of a path."""

_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}


@lru_cache(1024)
def json_path(text: str) -> Callable[[Any], list[Any]]:
    """What a path finds in a value, in order. Raises ValueError for what is no path, or one of another dialect."""
    if len(text) > LONGEST:
        raise ValueError(f"a JSON path has at most {LONGEST} characters")
    steps = tuple(_steps(text))

    def find(value: Any) -> list[Any]:
        found = [value]
        for step in steps:
            found = [below for each in found for below in step(each)]
        return found

    return find


def _steps(text: str) -> Iterator[Step]:
    position = 0
    while position < len(text):
        found = _STEPS.match(text, position)
        if not found:
            raise ValueError(f"unrecognized JSON path {text!r} at {text[position:]!r}")
        position = found.end()
        yield _step(found)


def _step(found: re.Match[str]) -> Step:
    if (name := found["member"] or found["quoted"]) is not None:
        return _member(re.sub(r"\\(.)", r"\1", name))
    if found["every"]:
        return _every
    if found["index"]:
        return _index(int(found["index"]))
    if found["inner"] is not None:
        return _filter(found["inner"], found["operator"], found["operand"])
    return _slice(found["start"], found["end"])


def _member(name: str) -> Step:
    return lambda value: (value[name],) if isinstance(value, dict) and name in value else ()


def _index(index: int) -> Step:
    return lambda value: (value[index],) if isinstance(value, list) and -len(value) <= index < len(value) else ()


def _slice(start: str, end: str) -> Step:
    chosen = slice(int(start) if start else None, int(end) if end else None)
    return lambda value: value[chosen] if isinstance(value, list) else ()


def _every(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _filter(inner: str, operator: str | None, operand: str | None) -> Step:
    path = json_path(inner)
    if operator is None:
        return lambda value: (item for item in _every(value) if path(item))
    wanted, compare = _literal((operand or "").strip()), _COMPARISONS[operator]

    def holds(item: Any) -> bool:
        try:
            return any(compare(found, wanted) for found in path(item))
        except TypeError:
            return False

    return lambda value: (item for item in _every(value) if holds(item))


def _literal(text: str) -> Any:
    if text[:1] == "'" == text[-1:]:
        return text[1:-1]
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(f"{text} is no value that a JSON path can compare with") from None
