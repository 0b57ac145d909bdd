"""Sets of field paths: which fields of an object somebody owns, and how Kubernetes writes that down.

A path is a tuple of elements (see `path_element`), and a field set a frozenset of paths, so that union, intersection
and difference are Python's own. A path does not stand for what lies below it: who owns `f:labels` owns the map, who
owns `f:labels f:app` one label. FieldsV1 is the same as a tree, in which `.` says that a node with children is a member
itself.
"""

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from pylae.apimachinery.apply.path_element import KINDS, canonical, rank, shown
from pylae.apimachinery.document import Json

Path: TypeAlias = tuple[str, ...]
FieldSet: TypeAlias = frozenset[Path]

NOTHING: Final[FieldSet] = frozenset()
SELF: Final = "."

DEEPEST: Final = 200
"""Levels of a tree that is read: an object may have 100, and what goes far beyond is an attack on recursion."""


class UnreadableFields(ValueError):
    """A FieldsV1 tree that is none."""


def encode(fields: Iterable[Path]) -> Json:
    """The FieldsV1 tree, its members in upstream's order: fields, keys, values, indexes."""
    tree: Json = {}
    for path in sorted(fields, key=len):
        node = tree
        for element in path[:-1]:
            node = node.setdefault(element, {})
        node.setdefault(path[-1], {})[SELF] = {}
    return _ordered(tree)


def decode(tree: Any) -> FieldSet:
    """The set that a FieldsV1 tree stands for. Raises `UnreadableFields`.

    Elements of a kind that is not known are left out, as upstream does: a later version may know what they are.
    """
    found: list[Path] = []
    _gather(tree, (), found)
    return frozenset(found)


def within(fields: FieldSet, roots: FieldSet) -> FieldSet:
    """The members that are one of the roots, or lie below one."""
    return frozenset(path for path in fields if any(path[:length] in roots for length in range(1, len(path) + 1)))


def in_order(fields: Iterable[Path]) -> list[Path]:
    """The paths in the order in which upstream walks them: at each level members first, then what is below them."""
    return sorted(fields, key=_place)


def text(path: Path) -> str:
    """The path as messages show it: `.spec.ports[port=80,protocol="TCP"].name`."""
    return "".join(map(shown, path))


def _gather(tree: Any, path: Path, found: list[Path]) -> None:
    if not isinstance(tree, dict) or len(path) > DEEPEST:
        raise UnreadableFields("a FieldsV1 tree is made of objects")
    for element, below in tree.items():
        if element == SELF or element[:2] not in KINDS:
            continue
        inner = (*path, _canonical(element))
        if below == {} or (isinstance(below, dict) and SELF in below):
            found.append(inner)
        _gather(below, inner, found)


def _canonical(element: str) -> str:
    try:
        return canonical(element)
    except (ValueError, RecursionError):
        raise UnreadableFields(f"{element[:2]} is not followed by what it should be") from None


def _ordered(tree: Json) -> Json:
    """The tree with its members in order; a leaf needs no `.` to be a member."""
    if tree.keys() == {SELF}:
        return {}
    itself: Json = {SELF: {}} if SELF in tree else {}
    return itself | {element: _ordered(tree[element]) for element in sorted(tree.keys() - {SELF}, key=rank)}


def _place(path: Path) -> tuple[tuple[bool, Any], ...]:
    last = len(path) - 1
    return tuple((depth < last, rank(element)) for depth, element in enumerate(path))
