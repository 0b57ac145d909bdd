"""The store: what the API server holds, decoded once, as a snapshot.

It has one writer, whoever calls `apply`. What is stored is always the newest state of an object; what is said about a
change is whether it matters. Our own status patches come back as events, and must not set off new work.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol, assert_never, runtime_checkable

import msgspec

from pylae.api.decode import Malformed, decode
from pylae.api.meta import Object, ObjectRef
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
from pylae.kube.resume import Delete, Notice, Synced, Upsert, identify
from pylae.model import codes
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


@dataclass(frozen=True, slots=True)
class Change:
    """An object is new (`old` is None), gone (`new` is None), or different in a way that matters.

    An object that is none of its kind counts as gone: it may be that both are None, and only its finding is new.
    """

    kind: Kind
    key: Key
    old: Object | None
    new: Object | None


class Store:
    """Notices in, changes and snapshots out."""

    def __init__(self) -> None:
        self._objects: dict[Kind, dict[Key, Object]] = {kind: {} for kind in PLACES}
        self._malformed: dict[tuple[Kind, Key], Finding] = {}
        self._synced: set[Kind] = set()
        self._dirty: set[Kind] = set()
        self._snapshot = Snapshot()

    @property
    def is_synced(self) -> bool:
        """Whether every kind has been listed once: before that, what is missing may only not have come yet."""
        return self._synced == PLACES.keys()

    def apply(self, notice: Notice) -> Change | None:
        """Takes in what a reflector tells; None if nothing follows from it. Kinds that are not kept are passed over."""
        if notice.kind not in PLACES:
            return None
        match notice:
            case Upsert(kind, body):
                return self._upsert(kind, body)
            case Delete(kind, key):
                return self._put(kind, key, None)
            case Synced(kind):
                self._synced.add(kind)
                return None
            case _:
                assert_never(notice)

    def snapshot(self) -> Snapshot:
        """All objects as they are now. Kinds of which nothing changed are the very same mapping as before."""
        if self._dirty:
            renewed: dict[str, Any] = {
                PLACES[kind]: MappingProxyType(dict(self._objects[kind])) for kind in self._dirty
            }
            self._snapshot = replace(self._snapshot, **renewed).following(self._snapshot)
            self._dirty.clear()
        return self._snapshot

    def malformed(self) -> tuple[Finding, ...]:
        """A finding for each object that is none of its kind; such objects are not in the snapshot."""
        return tuple(self._malformed.values())

    def _upsert(self, kind: Kind, body: bytes) -> Change | None:
        key, _ = identify(body)
        try:
            return self._put(kind, key, decode(kind, body))
        except Malformed as error:
            return self._put(kind, key, None, _finding(ObjectRef(kind.kind, *key), error))

    def _put(self, kind: Kind, key: Key, new: Object | None, finding: Finding | None = None) -> Change | None:
        reported = self._malformed.pop((kind, key), None)
        if finding is not None:
            self._malformed[kind, key] = finding
        objects = self._objects[kind]
        old = objects.get(key)
        if new is not None:
            objects[key] = new
        elif old is not None:
            del objects[key]
        if old != new:
            self._dirty.add(kind)
        return Change(kind, key, old, new) if _matters(old, new) or finding != reported else None


def _matters(old: Object | None, new: Object | None) -> bool:
    if old is None or new is None:
        return old is not new
    return old.metadata.uid != new.metadata.uid or _substance(old) != _substance(new)


def _substance(object_: Object) -> Object:
    """The object without what every write changes, and without the status, which is an answer and no wish."""
    metadata = msgspec.structs.replace(object_.metadata, resource_version="", managed_fields=())
    return msgspec.structs.replace(object_, metadata=metadata, **_blank_status(type(object_)))


@cache
def _blank_status(type_: type[Object]) -> Mapping[str, Any]:
    blank = type_()
    return {"status": blank.status} if isinstance(blank, _Reporting) else {}


@runtime_checkable
class _Reporting(Protocol):
    """An object that has a status."""

    status: Any


def _finding(about: ObjectRef, error: Malformed) -> Finding:
    where = f"{error.path}: " if error.path else ""
    message = f"{where}{error.message}, so that this is no {about.kind}."
    return Finding(codes.INVALID, about, error.path, message, "Correct the field and apply the object again.")
