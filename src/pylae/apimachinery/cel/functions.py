"""What Kubernetes adds to the Common Expression Language: functions on texts, lists, URLs, addresses and quantities.

https://kubernetes.io/docs/reference/using-api/cel/ lists them. A method is a function of its receiver, and one name may
belong to several types. Whatever cannot be computed raises, which makes the rule fail.
"""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from itertools import pairwise
from typing import Any, Final

import re2
from cel import OptionalValue
from cel.stdlib import STDLIB_FUNCTIONS

from pylae.apimachinery.cel.addresses import ADDRESSES, URLS
from pylae.apimachinery.cel.cost import LONGEST_RANGE
from pylae.apimachinery.cel.quantities import QUANTITIES

NAMESPACES: Final = frozenset({"base64", "cel", "cidr", "format", "ip", "lists", "math", "optional", "sets", "strings"})
"""What stands before the dot of a function that is no method."""


LONGEST_MADE: Final = 4 * 1024 * 1024
"""Characters, or items, that a function may make: more than an object has."""

MOST_DIGITS: Final = 3
"""Characters of a precision, such as `.12`."""


def some(value: Any) -> Any:
    """An optional of CEL, without a value for None."""
    return OptionalValue.none() if value is None else OptionalValue.of(value)


def _is_sorted(items: list[Any]) -> bool:
    return all(left <= right for left, right in pairwise(items))


def _index_of(value: Any, wanted: Any, *start: int) -> int:
    """In a text, or in a list."""
    if isinstance(value, str):
        return value.find(wanted, *start)
    return next((index for index, item in enumerate(value) if item == wanted), -1)


def _last_index_of(value: Any, wanted: Any, *end: int) -> int:
    if isinstance(value, str):
        return value.rfind(wanted, 0, end[0] + len(wanted)) if end else value.rfind(wanted)
    return next((index for index in range(len(value) - 1, -1, -1) if value[index] == wanted), -1)


def _find(text: str, pattern: str) -> str:
    found = re2.search(pattern, text)
    return found[0] if found else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    every = [found[0] for found in re2.finditer(pattern, text)]
    return every if limit < 0 else every[:limit]


def _format(template: str, values: list[Any]) -> str:
    """`%s`, `%d`, `%f`, `%.2f`, `%e`, `%x`, `%X`, `%o`, `%b` and `%%`."""
    left = iter(values)

    def fill(found: "re.Match[str]") -> str:
        if found["verb"] == "%":
            return "%"
        value, precision = next(left), found["precision"] or ""
        if len(precision) > MOST_DIGITS:
            raise ValueError(f"precision {precision[1:]} is too high")
        match found["verb"]:
            case "s":
                return str(value).lower() if isinstance(value, bool) else str(value)
            case "d":
                return str(int(value))
            case "x" | "X" if isinstance(value, str):
                return format(int.from_bytes(value.encode()), found["verb"])
            case verb:
                return format(value, precision + verb)

    return re.sub(r"%(?P<precision>\.\d+)?(?P<verb>[sdfexXob%])", fill, template)


def _replace(text: str, old: str, new: str, limit: int = -1) -> str:
    times = text.count(old) if limit < 0 else min(limit, text.count(old))
    _check_length(len(text) + times * (len(new) - len(old)))
    return text.replace(old, new, limit)


def _join(items: list[str], separator: str = "") -> str:
    _check_length(sum(map(len, items)) + len(separator) * len(items))
    return separator.join(items)


def _range(end: int) -> list[int]:
    if end > LONGEST_RANGE:
        raise ValueError(f"a range of more than {LONGEST_RANGE} numbers")
    return list(range(end))


def _check_length(length: int) -> None:
    if length > LONGEST_MADE:
        raise ValueError(f"more than {LONGEST_MADE} characters")


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """What makes values a little longer makes them as long as it likes, if it is called again and again."""

    @wraps(function)
    def call(*arguments: Any) -> Any:
        made = function(*arguments)
        if isinstance(made, str | bytes | list):
            _check_length(len(made))
        return made

    return call


_ALL: Final[Mapping[str, Callable[..., Any]]] = {
    **STDLIB_FUNCTIONS,
    "isSorted": _is_sorted,
    "indexOf": _index_of,
    "lastIndexOf": _last_index_of,
    "find": _find,
    "findAll": _find_all,
    "format": _format,
    **URLS,
    **ADDRESSES,
    **QUANTITIES,
    "replace": _replace,
    "join": _join,
    "lists.range": _range,
}
FUNCTIONS: Final = {name: _bounded(function) for name, function in _ALL.items()}
