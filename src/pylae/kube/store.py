"""The store: what the API server holds, as a live snapshot.

It has one writer, whoever calls `apply`. What is stored is always the newest state of an object, but for its status:
that is an answer, and who needs it asks the API. What is said about a change is whether it matters. Our own status
patches come back as events, and must not set off new work.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, assert_never

import msgspec

from pylae.api.meta import Object
from pylae.api.scheme import (
    CONFIG_MAP,
    DESTINATION_RULE,
    ENDPOINT_SLICE,
    GATEWAY,
    SECRET,
    SERVICE,
    SERVICE_ENTRY,
    VIRTUAL_SERVICE,
    Kind,
)
from pylae.kube.body import are_alike, substance
from pylae.kube.objects import Objects
from pylae.kube.ours import UNLABELLED, Ours
from pylae.kube.resume import Delete, Notice, Synced, Upsert
from pylae.model.finding import Finding
from pylae.model.snapshot import Key, Snapshot

PLACES: Mapping[Kind, str] = {
    GATEWAY: "gateways",
    VIRTUAL_SERVICE: "virtual_services",
    DESTINATION_RULE: "destination_rules",
    SERVICE_ENTRY: "service_entries",
    SERVICE: "services",
    ENDPOINT_SLICE: "endpoint_slices",
    SECRET: "secrets",
    CONFIG_MAP: "config_maps",
}
"""The kinds that are kept, and the field of `Snapshot` that each is found in."""

Scope = tuple[Kind, str]
"""A kind, in one namespace or ("") in all."""

EVERYWHERE: frozenset[Scope] = frozenset((kind, "") for kind in PLACES)


class Change:
    """An object is new (`old` is None), gone (`new` is None), or different in a way that matters.

    Both are made into objects when they are read. An object that is none of its kind counts as gone: it may be that
    both are None, and only its finding is new.
    """

    __slots__ = ("_new", "_objects", "_old", "key", "kind")

    def __init__(
        self,
        kind: Kind,
        key: Key,
        old: Object | bytes | None,
        new: Object | bytes | None,
        objects: Objects | None = None,
    ) -> None:
        self.kind = kind
        self.key = key
        self._old = old
        self._new = new
        self._objects = objects

    @property
    def old(self) -> Object | None:
        self._old = self._read(self._old)
        return self._old

    @property
    def new(self) -> Object | None:
        self._new = self._read(self._new)
        return self._new

    def glance(self) -> Object | None:
        """`new`, for who will not look at it again: it is made, and not kept."""
        new = self._new
        return self._objects.glance(self.key, new) if isinstance(new, bytes) and self._objects else self.new

    @property
    def event(self) -> str:
        """`add`, `update` or `delete`, said without reading an object for it."""
        return "add" if self._old is None else "delete" if self._new is None else "update"

    def __repr__(self) -> str:
        return f"Change({self.event} {self.kind} {'/'.join(self.key)})"  # it may be a Secret

    def _read(self, side: Object | bytes | None) -> Object | None:
        return (self._objects or Objects(self.kind)).read(self.key, side) if isinstance(side, bytes) else side


class Store:
    """Notices in, changes out, and a snapshot that is always the newest.

    `awaited` are the lists without which nothing can be said; `ours` says which objects count at all. In `mesh` lies
    the mesh configuration.
    """

    def __init__(self, *, awaited: frozenset[Scope] = EVERYWHERE, ours: Ours = UNLABELLED, mesh: str = "") -> None:
        self._awaited = awaited
        self._ours = ours
        self._listed: set[Scope] = set()
        self._objects = {kind: Objects(kind, place) for kind, place in PLACES.items()}
        places: dict[str, Any] = {objects.place: objects for objects in self._objects.values()}
        self.snapshot = Snapshot(**places, mesh_namespace=mesh)
        """All objects as they are at this moment. Read it between two notices, and keep only what was read."""

    @property
    def is_synced(self) -> bool:
        """Whether all that is awaited has been listed once: before that, what is missing may only not have come yet."""
        return self._awaited <= self._listed

    def is_listed(self, kind: Kind, namespace: str = "") -> bool:
        """Whether all objects of a kind that there were in a namespace are here."""
        return (kind, "") in self._listed or (kind, namespace) in self._listed

    def bodies(self, kind: Kind) -> Iterable[bytes] | None:
        """The objects of a kind as JSON, without their status; None for a kind that is not kept."""
        kept = {(kind.group, kind.kind): objects for kind, objects in self._objects.items()}
        found = kept.get((kind.group, kind.kind))
        return None if found is None else found.bodies()

    def apply(self, notice: Notice) -> Change | None:
        """Takes in what a reflector tells; None if nothing follows from it. Kinds that are not kept are passed over."""
        objects = self._objects.get(notice.kind)
        if objects is None:
            return None
        match notice:
            case Upsert():
                is_ours = self._ours(notice.kind, notice.body)
                return self._put(objects, notice.key, substance(notice.body) if is_ours else None)
            case Delete():
                return self._put(objects, notice.key, None)
            case Synced():
                objects.is_listed = True
                self._listed.add((notice.kind, notice.namespace))
                return None
            case _:
                assert_never(notice)

    def everything(self) -> Iterator[Change]:
        """Every object that is here now, as if it were new, for one who comes late: Gateways last, after all that they
        may be about. It may be read piece by piece: what changes meanwhile is told by `apply`, and comes in its newest
        state or not at all."""
        return _arrivals([(objects, tuple(objects)) for objects in reversed(self._objects.values())])

    def malformed(self) -> tuple[Finding, ...]:
        """A finding for each object that is none of its kind, so far as it was read; what comes after the first list
        is read at once. Such objects are not in the snapshot."""
        return tuple(finding for objects in self._objects.values() for finding in objects.malformed.values())

    def _put(self, objects: Objects, key: Key, body: bytes | None) -> Change | None:
        before, reported = objects.body(key), objects.malformed.get(key)
        old = None if before is None else objects.held(key)
        objects.put(key, body)
        if before is None and body and not objects.is_listed:  # one of a great many, and nobody reads it yet
            self.snapshot.touched(objects.place, key)
            return Change(objects.kind, key, None, body, objects)
        if old is not None and before is not None and body is not None and are_alike(before, body):
            return None
        self.snapshot.touched(objects.place, key)
        new = objects.get(key) if objects.is_listed else body
        change = Change(objects.kind, key, old, new, objects)
        is_update = old is not None and new is not None
        matters = _matters(change.old, change.new) if is_update else old is not new
        return change if matters or objects.malformed.get(key) != reported else None


def _arrivals(present: list[tuple[Objects, tuple[Key, ...]]]) -> Iterator[Change]:
    for objects, keys in present:
        for key in keys:
            if (body := objects.body(key)) is not None:
                yield Change(objects.kind, key, None, body, objects)


def _matters(old: Object | None, new: Object | None) -> bool:
    if old is None or new is None:
        return old is not new
    return old.metadata.uid != new.metadata.uid or _wish(old) != _wish(new)


def _wish(object_: Object) -> Object:
    """The object without the one thing that every write changes."""
    return msgspec.structs.replace(object_, metadata=msgspec.structs.replace(object_.metadata, resource_version=""))
