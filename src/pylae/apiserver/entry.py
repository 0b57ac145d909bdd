"""An object as it is kept, and what happened to it: the words that storage, journal, cache and watches share.

An object is encoded once, when it is stored. Every reader and every watch shares those bytes; the parsed form stands
beside them for selectors and tables. Nothing ever changes either: a new state is a new entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from pylae.apimachinery.document import Json
from pylae.apimachinery.object import stamp
from pylae.apimachinery.resource import Resource


class Key(NamedTuple):
    """Which object. `resource` is the qualified name (`gateways.networking.istio.io`); no namespace is `""`."""

    resource: str
    namespace: str
    name: str


class Verb(StrEnum):
    """What a watch says happened, in Kubernetes' words."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Entry:
    """One object at one revision. What it holds is kept out of the repr: it may be a Secret.

    `body` is the object as JSON in the version it is stored in, `apiVersion` first (see `spelled`).
    """

    key: Key
    revision: int
    object: Json = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def uid(self) -> str:
        return str(self.object["metadata"]["uid"])

    @property
    def labels(self) -> Mapping[str, str]:
        return self.object["metadata"].get("labels") or {}

    def spelled(self, resource: Resource, version: str) -> bytes:
        """The body in another served version. Versions differ in `apiVersion` alone, and that stands first."""
        if version == resource.versions[0]:
            return self.body
        stored = len(_opening(resource.group_version()))
        return _opening(resource.group_version(version)) + self.body[stored:]


def record(key: Key, obj: Mapping[str, Any], revision: int) -> Entry:
    """The entry that an object becomes at a revision."""
    stamped = stamp({"apiVersion": obj["apiVersion"], **obj}, revision)
    return Entry(key, revision, stamped, msgspec.json.encode(stamped))


def recall(key: Key, body: bytes) -> Entry:
    """The entry whose bytes were read back from the disk."""
    obj = msgspec.json.decode(body)
    return Entry(key, int(obj["metadata"]["resourceVersion"]), obj, body)


def unstored(entry: Entry, previous: Entry | None) -> Entry:
    """What a dry run answers: the entry with the resourceVersion that stays, or with none for an object that will not
    be."""
    if previous:
        return record(entry.key, entry.object, previous.revision)
    metadata = {key: value for key, value in entry.object["metadata"].items() if key != "resourceVersion"}
    obj = {**entry.object, "metadata": metadata}
    return Entry(entry.key, 0, obj, msgspec.json.encode(obj))


@dataclass(frozen=True, slots=True)
class Event:
    """A change of one object. `entry` is the new state, or for a deletion the last one, at the event's revision.

    `previous` is what stood there before: a watch with a selector needs both to know whether the object came, changed
    or went.
    """

    verb: Verb
    entry: Entry
    previous: Entry | None

    @property
    def revision(self) -> int:
        return self.entry.revision


def _opening(group_version: str) -> bytes:
    return b'{"apiVersion":' + msgspec.json.encode(group_version)
