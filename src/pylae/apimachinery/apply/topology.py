"""How the values of a kind are put together: what is merged member by member, and what is one piece.

Two writers may own different members of a granular map, items of a list with keys, or items of a set. An atomic list
or map has one owner and is replaced whole. Kubernetes says which is which with extensions of OpenAPI
(`x-kubernetes-list-type`, `x-kubernetes-list-map-keys`, `x-kubernetes-map-type`); a list that says nothing is atomic, a
map that says nothing is granular. https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pylae.apimachinery.apply import path_element
from pylae.apimachinery.apply.field_set import FieldSet, Path
from pylae.apimachinery.apply.path_element import FIELD
from pylae.apimachinery.schema import PRESERVE_UNKNOWN

LIST_TYPE: Final = "x-kubernetes-list-type"
LIST_KEYS: Final = "x-kubernetes-list-map-keys"
MAP_TYPE: Final = "x-kubernetes-map-type"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Topology:
    """What may stand at a place, whichever type it has there.

    - `fields`: the members that are known by name
    - `others`: any other member; None is "as here", all the way down
    - `is_open`: other members count as known by name too: the place is a structure of which only part is described
    - `is_atomic`: an object here is one piece
    - `items`: what the items of a list are; None for an atomic list
    - `keys`: which fields tell its items apart, and the value of one that is left out (None: it has none); no keys
      make it a set
    - `always`: the structure is there even if nothing is in it, as a Go struct is
    """

    fields: Mapping[str, "Topology"] = field(default_factory=dict)
    others: "Topology | None" = None
    is_open: bool = False
    is_atomic: bool = False
    items: "Topology | None" = None
    keys: Mapping[str, Any] = field(default_factory=dict)
    always: bool = False

    def below(self, name: str) -> "Topology":
        """The topology of a member."""
        return self.fields.get(name) or self.others or self

    def names(self, name: str) -> bool:
        """Is the member a named field, whose presence its parent's owner need not claim?"""
        return self.is_open or name in self.fields

    def element(self, item: Any) -> str:
        """The path element of a list's item. An item without any key is told apart by all of it."""
        if self.keys and isinstance(item, dict):
            found = {name: item.get(name, default) for name, default in self.keys.items()}
            if present := {name: part for name, part in found.items() if part is not None}:
                return path_element.key(present)
        return path_element.value(item)

    def at(self, element: str) -> "Topology":
        """The topology of what a path element leads to."""
        return self.below(element[len(FIELD) :]) if element.startswith(FIELD) else self.items or self


DEDUCED: Final = Topology()
"""Nothing is known: objects are granular and lists are atomic, whatever is found."""

OPEN: Final = Topology(is_open=True)
"""A structure with fields that nobody has listed, and lists that are atomic."""


def from_schema(schema: Mapping[str, Any]) -> Topology:
    """The topology of what has this OpenAPI schema (without references)."""
    if schema.get(PRESERVE_UNKNOWN) and "properties" not in schema and "items" not in schema:
        return Topology(is_atomic=schema.get(MAP_TYPE) == "atomic")
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    others, items = schema.get("additionalProperties"), schema.get("items", {})
    kind = schema.get(LIST_TYPE, "atomic")
    return Topology(
        fields={name: from_schema(member) for name, member in properties.items()},
        others=from_schema(others) if isinstance(others, Mapping) else DEDUCED,
        is_atomic=schema.get(MAP_TYPE) == "atomic",
        items=None if kind == "atomic" else from_schema(items),
        keys=_keys(items, schema.get(LIST_KEYS, ())) if kind == "map" else {},
    )


def with_named(topology: Topology, fields: FieldSet) -> FieldSet:
    """The set and, of each member, the named fields that lead to it: who owns `spec.replicas` needs a `spec`."""
    found = set(fields)
    for path in fields:
        here = topology
        for depth, element in enumerate(path[:-1], start=1):
            if element.startswith(FIELD) and here.names(element[len(FIELD) :]):
                found.add(path[:depth])
            here = here.at(element)
    return frozenset(found)


def reconciled(topology: Topology, fields: FieldSet) -> FieldSet:
    """The set as it is under a schema that has changed: who owned part of what is now one piece owns the piece."""
    return frozenset(_whole(topology, path) for path in fields)


def _whole(topology: Topology, path: Path) -> Path:
    here = topology
    for depth, element in enumerate(path):
        is_member = element.startswith(FIELD)
        if depth and (here.is_atomic if is_member else here.items is None and here is not DEDUCED):
            return path[:depth]
        here = here.at(element)
    return path


def _keys(items: Mapping[str, Any], names: Any) -> Mapping[str, Any]:
    properties = items.get("properties", {})
    return {name: properties.get(name, {}).get("default") for name in names}
