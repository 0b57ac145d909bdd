"""An object as it is kept, and what happened to it: the words that storage, journal, cache and watches share.

An object is encoded once, when it is stored. Every reader and every watch shares those bytes. The parsed form is made
when somebody asks for it (a selector, a table, the next write) and goes with the entry that was asked: at rest an
object is bytes. Nothing ever changes either: a new state is a new entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec

from pylae.apimachinery.document import Json
from pylae.apimachinery.object import stamp
from pylae.apimachinery.reading import convert
from pylae.apimachinery.resource import Resource
from pylae.apiserver.database import StorageError


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


class Entry:
    """One object at one revision. What it holds is kept out of the repr: it may be a Secret.

    `body` is the object as JSON in the version it is stored in, `apiVersion` first (see `spelled`).
    """

    __slots__ = ("_parsed", "body", "key", "revision")

    def __init__(self, key: Key, revision: int, body: bytes, parsed: Json | None = None) -> None:
        self.key: Final = key
        self.revision: Final = revision
        self.body: Final = body
        self._parsed = parsed

    def __repr__(self) -> str:
        return f"Entry(key={self.key!r}, revision={self.revision})"

    @property
    def object(self) -> Json:
        """The parsed form. Raises `StorageError` for bytes that are no object."""
        if self._parsed is None:
            self._parsed = _parse(self.body)
        return self._parsed

    @property
    def uid(self) -> str:
        return str(self.object["metadata"]["uid"])

    @property
    def labels(self) -> Mapping[str, str]:
        return self.object["metadata"].get("labels") or {}

    def resting(self) -> "Entry":
        """The same with nothing parsed: for what is kept, or waits."""
        return Entry(self.key, self.revision, self.body)

    def spelled(self, resource: Resource, version: str) -> bytes:
        """The body in a served version. Of Pylae's own kinds versions differ in `apiVersion` alone, and that stands
        first."""
        if resource.custom or resource.view:
            return msgspec.json.encode(convert(resource, self.object, version))
        wanted = _opening(resource.group_version(version))
        if self.body.startswith(wanted) or not self.body.startswith(_OPENING):
            return self.body
        return wanted + self.body[self.body.index(b'"', len(_OPENING)) + 1 :]


def record(key: Key, obj: Mapping[str, Any], revision: int) -> Entry:
    """The entry that an object becomes at a revision."""
    stamped = stamp({"apiVersion": obj["apiVersion"], **obj}, revision)
    return Entry(key, revision, msgspec.json.encode(stamped), stamped)


def recall(key: Key, body: bytes) -> Entry:
    """The entry whose bytes alone were kept. Raises `StorageError` if they are no object with a resourceVersion."""
    try:
        return Entry(key, int(_versioned.decode(body).metadata.resource_version), body)
    except (msgspec.DecodeError, ValueError) as error:
        raise _not_ours(error) from error


def unstored(entry: Entry, previous: Entry | None) -> Entry:
    """What a dry run answers: the entry with the resourceVersion that stays, or with none for an object that will not
    be."""
    if previous:
        return record(entry.key, entry.object, previous.revision)
    metadata = {key: value for key, value in entry.object["metadata"].items() if key != "resourceVersion"}
    obj = {**entry.object, "metadata": metadata}
    return Entry(entry.key, 0, msgspec.json.encode(obj), obj)


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

    @property
    def weight(self) -> int:
        """Bytes, near enough."""
        return len(self.entry.body) + (len(self.previous.body) if self.previous else 0)

    def resting(self) -> "Event":
        """The same with nothing parsed: for what is kept, or waits."""
        return Event(self.verb, self.entry.resting(), self.previous and self.previous.resting())


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str


class _Versioned(msgspec.Struct):
    metadata: _Metadata


_versioned: Final = msgspec.json.Decoder(_Versioned)


def _parse(body: bytes) -> Json:
    try:
        obj = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise _not_ours(error) from error
    if not isinstance(obj, dict) or not isinstance(obj.get("metadata"), dict):
        raise _not_ours("no metadata")
    return obj


def _not_ours(why: object) -> StorageError:
    return StorageError(f"the API's database holds what Pylae did not write ({why}). Restore a copy.")


_OPENING: Final = b'{"apiVersion":"'


def _opening(group_version: str) -> bytes:
    return b'%s%s"' % (_OPENING, group_version.encode())
