"""YAML as Kubernetes means it: JSON's values in a kinder spelling, each with the line that it was written on.

YAML 1.1 sees a time in `12:30`, a date in `2020-01-01` and lets the last of two equal keys win in silence.
Kubernetes' own reader (sigs.k8s.io/yaml) does none of this where it decodes strictly, and neither do we.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from pylae.apimachinery.written import DEEPEST, TOO_DEEP, Reading, Unreadable

MOST_NODES = 500_000
"""Values in one document, counting what an alias stands for: a few lines of aliases can stand for billions."""

TOO_MANY = f"more than {MOST_NODES} values in one document"

YAML_TAG = "tag:yaml.org,2002:"

LARGEST_EXACT = 2**53
"""Below this, a whole number is one however it is written: `1e3` and `08` are integers to Kubernetes."""

LONGEST_SHOWN = 60
"""Characters of a word that a message repeats."""

MERGE = "<<"


class _Loader(yaml.CSafeLoader):
    """libyaml's parser with the words that JSON has values for, and no others."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own protocol


_WORDS = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF", "yYnNtTfFoO"),
    ("int", r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)", "-+0123456789"),
    ("float", r"[-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", "-+0123456789."),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+."),
)
"""Tag, spelling, and the characters that such a word begins with (\\0: none at all)."""

for _tag, _pattern, _firsts in _WORDS:
    _Loader.add_implicit_resolver(f"{YAML_TAG}{_tag}", re.compile(f"(?:{_pattern})$"), [*_firsts.replace("\0", ""), ""])


def read_yaml(text: str, first_line: int = 1) -> Iterator[Reading]:
    """The documents of a text whose first line is number `first_line`. Raises `Unreadable`."""
    try:
        _check_depth(text, first_line)
        for node in yaml.compose_all(text, _Loader):
            construction = _Construction(first_line)
            value = construction.value(node, "", 0)
            yield Reading(value, construction.lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line if mark else 0
        raise Unreadable(_problem(error, text), first_line + line) from None
    except yaml.YAMLError as error:
        raise Unreadable(f"not YAML: {str(error).splitlines()[0]}", first_line) from None


def _check_depth(text: str, first_line: int) -> None:
    """libyaml's parser has no bound to its depth, and composing in C would overrun the stack: the process would die.
    Nor has it one to the number of nodes, all of which it makes before the first is looked at."""
    depth = nodes = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.DocumentStartEvent):
            nodes = 0
        nodes += isinstance(event, yaml.NodeEvent)
        if nodes > MOST_NODES:
            raise Unreadable(TOO_MANY, first_line + (event.start_mark.line if event.start_mark else 0))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise Unreadable(TOO_DEEP, first_line + (event.start_mark.line if event.start_mark else 0))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _problem(error: yaml.MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark
    if (
        mark
        and text.splitlines()[mark.line : mark.line + 1]
        and text.splitlines()[mark.line][mark.column :][:1] == "\t"
    ):
        return "not YAML: a tab; indentation is made of blanks"
    context = f"{error.context}, " if error.context else ""
    return f"not YAML: {context}{error.problem}"


class _Construction:
    """Turns nodes into values, and remembers their lines."""

    def __init__(self, first_line: int) -> None:
        self.lines: dict[str, int] = {}
        self._first_line = first_line
        self._nodes = 0

    def value(self, node: yaml.Node, path: str, depth: int) -> Any:
        self._count(node, depth)
        self.lines.setdefault(path, self._line(node))
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path, depth)
            case yaml.SequenceNode():
                return [self.value(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(node.value)]
            case _:
                return self._scalar(node)

    def _count(self, node: yaml.Node, depth: int) -> None:
        """Also what is merged, which need not hold a single value to stand for billions of mappings."""
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise self._unreadable(TOO_MANY, node)
        if depth > DEEPEST:
            raise self._unreadable(TOO_DEEP, node)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key == MERGE and not key_node.style:
                merged |= self._merged(value_node, path, depth)
                continue
            if key in found:
                raise self._unreadable(f'"{key}" is here twice', key_node)
            place = f"{path}.{key}" if path else key
            self.lines[place] = self._line(key_node)
            found[key] = self.value(value_node, place, depth + 1)
        return merged | found

    def _merged(self, node: yaml.Node, path: str, depth: int) -> dict[str, Any]:
        """The mappings that `<<` names; of equal keys the first mapping's counts."""
        parts = reversed(node.value) if isinstance(node, yaml.SequenceNode) else (node,)
        merged: dict[str, Any] = {}
        for part in parts:
            if not isinstance(part, yaml.MappingNode):
                raise self._unreadable("`<<` takes a mapping, or a list of them", node)
            self._count(part, depth)
            merged |= self._mapping(part, path, depth + 1)
        return merged

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._unreadable("a key must be a word", node)
        return str(node.value)

    def _scalar(self, node: yaml.Node) -> Any:
        """The value that its tag gives to a word; a tag may be written, and then need not fit."""
        text, tag = str(node.value), node.tag.removeprefix(YAML_TAG)
        try:
            return self._tagged(text, tag, node)
        except ValueError:
            raise self._unreadable(f'"{text[:LONGEST_SHOWN]}" is no {tag}', node) from None

    def _tagged(self, text: str, tag: str, node: yaml.Node) -> Any:
        match tag:
            case "null":
                return None
            case "bool":
                return text.lower() in ("yes", "true", "on")
            case "int":
                return _integer(text)
            case "float":
                return self._float(text, node)
            case "str":
                return text
            case _:
                # The tag is not named: it may be a password that begins with an exclamation mark and has no quotes.
                message = "a tag (it begins with !) is not part of Kubernetes' YAML: quote the value"
                raise self._unreadable(message, node)

    def _float(self, text: str, node: yaml.Node) -> float | int:
        value = float(text.lower().replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
        if not math.isfinite(value):
            raise self._unreadable(f"{text[:LONGEST_SHOWN]} is no number that JSON knows", node)
        return int(value) if value.is_integer() and abs(value) < LARGEST_EXACT else value

    def _line(self, node: yaml.Node) -> int:
        return self._first_line + int(node.start_mark.line)

    def _unreadable(self, message: str, node: yaml.Node) -> Unreadable:
        return Unreadable(message, self._line(node))


def _integer(text: str) -> int:
    """Bases as in Go: `0x1f`, `0b11`, `0o17`, and `017` as C had it."""
    digits = text.replace("_", "")
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return sign * int(digits, 8)
    return sign * int(digits, 0)
