"""What is in a value, and how two values differ, as sets of field paths.

A leaf is a scalar, an atomic list or map, or an empty one; a member of a map and an item of a list count beside what
is in them, a named field does not. Null is a value that is there, of any type; `ABSENT` is none at all.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from pylae.apimachinery.apply import field_set, path_element
from pylae.apimachinery.apply.field_set import FieldSet, Path
from pylae.apimachinery.apply.topology import Topology
from pylae.apimachinery.document import same

ABSENT: Final = object()


def members(value: Any) -> dict[str, Any]:
    """The members of an object; none of anything else."""
    return value if isinstance(value, dict) else {}


def items(topology: Topology, value: Any) -> dict[str, list[Any]]:
    """The items of a list by their path elements, in order. There is more than one where a list has duplicates."""
    found: dict[str, list[Any]] = defaultdict(list)
    for item in value if isinstance(value, list) else ():
        found[topology.element(item)].append(item)
    return found


def fields_of(topology: Topology, value: Any) -> FieldSet:
    """All that a value says, as what its author owns who applies it."""
    found: set[Path] = set()
    _find(topology, value, (), found)
    return frozenset(found - {()})


@dataclass(slots=True)
class Comparison:
    """What the newer of two values took away, changed and added."""

    removed: set[Path] = field(default_factory=set)
    modified: set[Path] = field(default_factory=set)
    added: set[Path] = field(default_factory=set)

    @property
    def written(self) -> FieldSet:
        return frozenset(self.modified | self.added)

    def without(self, roots: FieldSet) -> "Comparison":
        """The same, blind to what lies at or below these paths."""
        if not roots:
            return self
        sets = (frozenset(self.removed), frozenset(self.modified), frozenset(self.added))
        return Comparison(*(set(paths - field_set.within(paths, roots)) for paths in sets))


def compare(topology: Topology, old: Any, new: Any) -> Comparison:
    """How a value changed. Only an item that becomes or ceases to be several of one key is both removed and added."""
    found = Comparison()
    _compare(topology, old, new, (), found)
    for paths in (found.removed, found.modified, found.added):
        paths.discard(())
    return found


def _find(topology: Topology, value: Any, path: Path, found: set[Path]) -> None:
    if isinstance(value, dict) and not topology.is_atomic:
        for name, member in value.items():
            inner = (*path, path_element.field(name))
            _find(topology.below(name), member, inner, found)
            if member is None or member == {} or not topology.names(name):
                found.add(inner)
    elif isinstance(value, list) and topology.items:
        for element, alike in items(topology, value).items():
            found.add((*path, element))
            if len(alike) == 1:
                _find(topology.items, alike[0], (*path, element), found)
    elif value is not None or topology.is_atomic:
        found.add(path)


def _compare(topology: Topology, old: Any, new: Any, path: Path, found: Comparison) -> None:
    if old is new:
        return
    if _both(dict, old, new) and not topology.is_atomic and (members(old) or members(new)):
        _compare_members(topology, old, new, path, found)
    elif _both(list, old, new) and topology.items and (_filled(old) or _filled(new)):
        _compare_items(topology, old, new, path, found)
    elif old is not ABSENT and new is not ABSENT:
        if not same(old, new):
            found.modified.add(path)
            _compare_unlike(topology, old, new, path, found)
        return
    if old is ABSENT:
        found.added.add(path)
    elif new is ABSENT:
        found.removed.add(path)


def _compare_members(topology: Topology, old: Any, new: Any, path: Path, found: Comparison) -> None:
    before, after = members(old), members(new)
    for name in {**before, **after}:
        below = topology.below(name)
        missing_before = None if below.always and old is not ABSENT else ABSENT
        missing_after = None if below.always and new is not ABSENT else ABSENT
        was, is_now = before.get(name, missing_before), after.get(name, missing_after)
        _compare(below, was, is_now, (*path, path_element.field(name)), found)


def _compare_items(topology: Topology, old: Any, new: Any, path: Path, found: Comparison) -> None:
    before, after = items(topology, old), items(topology, new)
    for element in {**before, **after}:
        _compare_alike(topology, before.get(element, []), after.get(element, []), (*path, element), found)


def _compare_alike(topology: Topology, before: list[Any], after: list[Any], path: Path, found: Comparison) -> None:
    """Items of one key: mostly one before and one after. Several are one piece, which comes and goes as such."""
    below = topology.items or topology
    match len(before) > 1, len(after) > 1:
        case False, False:
            _compare(below, _only(before), _only(after), path, found)
        case True, True:
            if not same(before, after):
                found.modified.add(path)
        case True, False:
            _compare(below, ABSENT, _only(after), path, found)
            found.removed.add(path)
        case _:
            _compare(below, _only(before), ABSENT, path, found)
            found.added.add(path)


def _compare_unlike(topology: Topology, old: Any, new: Any, path: Path, found: Comparison) -> None:
    """What was in a value of one type is gone, and what is in one of another type is new."""
    if topology.is_atomic or type(old) is type(new) or None in (old, new):
        return
    for name, member in members(old).items():
        _compare(topology.below(name), member, ABSENT, (*path, path_element.field(name)), found)
    for name, member in members(new).items():
        _compare(topology.below(name), ABSENT, member, (*path, path_element.field(name)), found)


def _both(kind: type, old: Any, new: Any) -> bool:
    """Are both of this type, as far as they are anything? Null is of every type."""
    present = [value for value in (old, new) if value is not ABSENT and value is not None]
    return bool(present) and all(isinstance(value, kind) for value in present)


def _filled(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _only(alike: list[Any]) -> Any:
    return alike[0] if alike else ABSENT


def duplicates(topology: Topology, value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Where a list with keys or a set has an item twice: the list's path and the item's element."""
    if isinstance(value, dict) and not topology.is_atomic:
        for name, member in value.items():
            yield from duplicates(topology.below(name), member, (*path, path_element.field(name)))
    elif isinstance(value, list) and topology.items:
        for element, alike in items(topology, value).items():
            yield from ((path, element) for _ in alike[1:])
            yield from duplicates(topology.items, alike[0], (*path, element))
