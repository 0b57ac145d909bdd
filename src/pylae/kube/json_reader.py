"""JSON, read strictly: one object after another, as kubectl takes them from a file."""

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from pylae.apimachinery.written import DEEPEST, TOO_DEEP, Reading, Unreadable
from pylae.apimachinery.yaml_reader import read_yaml


def read_json(text: str, first_line: int = 1) -> Iterator[Reading]:
    """The objects of a text whose first line is number `first_line`. Raises `Unreadable`."""
    decoder = json.JSONDecoder(object_pairs_hook=_without_repetition, parse_float=_finite, parse_constant=_no_constant)
    position = 0
    while rest := text[position:].lstrip():
        position = len(text) - len(rest)
        line = first_line + text.count("\n", 0, position)
        try:
            value, end = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise Unreadable(f"not JSON: {error.msg}", first_line + error.lineno - 1) from None
        except ValueError as error:
            raise Unreadable(f"not JSON: {error}", line) from None
        except RecursionError:
            raise Unreadable(TOO_DEEP, line) from None
        if _is_deeper(value, DEEPEST):
            raise Unreadable(TOO_DEEP, line)
        yield Reading(value, _lines(text[position:end], line))
        position = end


def _lines(text: str, line: int) -> dict[str, int]:
    """JSON is YAML but for tabs and some escapes, and YAML's reader counts lines. Where it cannot, the first does."""
    try:
        return dict(next(iter(read_yaml(text.replace("\t", " "), line))).lines)
    except Unreadable:
        return {"": line}


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f'"{next(key for key in keys if keys.count(key) > 1)}" is here twice')
    return found


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(item, levels - 1) for item in inner)


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _no_constant(digits)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that JSON knows")
