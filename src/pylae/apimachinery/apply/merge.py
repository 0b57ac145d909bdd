"""Merging what is applied into what is there, and taking out what is applied no longer.

The order of a merged list is that of the applied one. Items that only the live list has keep their place before the
item that they stood before (structured-merge-diff, package typed).
"""

from collections import deque
from typing import Any

from pylae.apimachinery.apply import path_element
from pylae.apimachinery.apply.field_set import FieldSet, Path
from pylae.apimachinery.apply.topology import Topology
from pylae.apimachinery.apply.typed import items, members


def merge(topology: Topology, live: Any, applied: Any) -> Any:
    """The live value with everything in it that is applied. Nothing is removed."""
    one_piece = topology.is_atomic
    if isinstance(live, dict) and isinstance(applied, dict | None) and not one_piece and (live or applied):
        return _merge_members(topology, live, members(applied))
    if isinstance(live, list) and isinstance(applied, list | None) and topology.items and (live or applied):
        return _merge_items(topology, live, applied or [])
    return applied


def _merge_members(topology: Topology, live: dict[str, Any], applied: dict[str, Any]) -> dict[str, Any]:
    merged = dict(live)
    for name, member in applied.items():
        merged[name] = merge(topology.below(name), live[name], member) if name in live else member
    return merged


def _merge_items(topology: Topology, live: list[Any], applied: list[Any]) -> list[Any]:
    below = topology.items or topology
    there, wanted = items(topology, live), items(topology, applied)
    merged = []
    for element in _in_order([topology.element(item) for item in live], list(wanted)):
        if element not in wanted:
            merged.append(there[element].pop(0))
        elif len(there.get(element, ())) == 1:
            merged.append(merge(below, there[element][0], wanted[element][0]))
        else:
            merged.append(wanted[element][0])
    return merged


def _in_order(live: list[str], applied: list[str]) -> list[str]:
    """The applied elements in their order, with the others put in where they were."""
    there, wanted = set(live), set(applied)
    ahead = deque(live)
    shared = deque(element for element in applied if element in there)
    order: list[str] = []
    for element in applied:
        while ahead and not (shared and ahead[0] == shared[0]):
            if (passed := ahead.popleft()) not in wanted:
                order.append(passed)
        order.append(element)
        if shared and element == shared[0]:
            shared.popleft()
            if ahead:
                ahead.popleft()
    return order + [element for element in ahead if element not in wanted]


def remove(topology: Topology, value: Any, fields: FieldSet) -> Any:
    """The value without these members and items. What they were in stays, be it empty; upstream leaves a null there,
    which the schema of a custom kind may not take."""
    around = frozenset(path[:length] for path in fields for length in range(len(path)))
    return _Removal(fields, around).without(topology, value, ())


class _Removal:
    """The paths to take out, and those on the way to them."""

    def __init__(self, fields: FieldSet, around: FieldSet) -> None:
        self._fields = fields
        self._around = around

    def without(self, topology: Topology, value: Any, path: Path) -> Any:
        if path not in self._around:
            return value
        if isinstance(value, dict) and not topology.is_atomic:
            return self._members(topology, value, path)
        if isinstance(value, list) and topology.items:
            return self._items(topology, value, path)
        return value

    def _members(self, topology: Topology, value: dict[str, Any], path: Path) -> dict[str, Any]:
        placed = [(name, (*path, path_element.field(name)), member) for name, member in value.items()]
        return {
            name: self.without(topology.below(name), member, inner)
            for name, inner, member in placed
            if inner not in self._fields
        }

    def _items(self, topology: Topology, value: list[Any], path: Path) -> list[Any]:
        below = topology.items or topology
        placed = [((*path, topology.element(item)), item) for item in value]
        return [self.without(below, item, inner) for inner, item in placed if inner not in self._fields]
