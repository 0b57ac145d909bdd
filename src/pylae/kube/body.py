"""An object as the bytes of its JSON: what can be said of it, and left out of it, without making an object of it.

Reading a whole object costs many times what it costs to pass over it. So lists and watches tell bodies apart by their
metadata alone, and what is kept of an object is text, cut where the cut is clean.
"""

from collections.abc import Mapping
from sys import intern
from typing import Final

import msgspec

from pylae.api.core import LAST_APPLIED
from pylae.model.snapshot import Key

Parts = dict[str, msgspec.Raw]


class _Metadata(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""


class _Identified(msgspec.Struct):
    metadata: _Metadata


class Identity(msgspec.Struct, frozen=True, gc=False):
    """Which object this is, and in which state: `state` is a number that is another one for another uid or version."""

    key: Key
    version: str
    state: int


_identified = msgspec.json.Decoder(_Identified)
_parts = msgspec.json.Decoder(Parts)

MANAGED_FIELDS: Final = b'"managedFields"'
LAST_APPLIED_NAME: Final = LAST_APPLIED.encode()
STATUS: Final = b'"status"'
STATES: Final = 2**60 - 1
"""A number of 60 bits takes a third less memory than one of 64, and there is one for each object."""

NOTHING: Final = msgspec.Raw(b"{}")


def identify(body: bytes | msgspec.Raw) -> Identity:
    """Raises msgspec.DecodeError for what is no Kubernetes object at all."""
    found = _identified.decode(body).metadata
    version = found.resource_version
    state = hash((found.uid, version)) & STATES
    return Identity((intern(found.namespace), found.name), version, state)


def substance(body: bytes) -> bytes:
    """The body without what others keep in it: its status, an answer and no wish; managedFields; and the annotation in
    which `kubectl apply` repeats it all.

    A body in which there is nothing of it is returned as it is, and so is one whose parts are no objects.
    """
    if STATUS not in body and MANAGED_FIELDS not in body and LAST_APPLIED_NAME not in body:
        return body
    try:
        return _cut(body)
    except msgspec.DecodeError:
        return body


def _cut(body: bytes) -> bytes:
    parts = _parts.decode(body)
    metadata = bytes(parts.get("metadata", NOTHING))
    is_annotated = MANAGED_FIELDS in metadata or LAST_APPLIED_NAME in metadata
    if not is_annotated and "status" not in parts:
        return body
    parts.pop("status", None)
    if is_annotated:
        parts["metadata"] = _unmanaged(metadata)
    return bytes(memoryview(msgspec.json.encode(parts)))  # a copy: msgspec's own has room to spare


def _unmanaged(metadata: bytes) -> msgspec.Raw:
    parts = _parts.decode(metadata)
    parts.pop("managedFields", None)
    annotations = _parts.decode(parts.get("annotations", NOTHING))
    if annotations.pop(LAST_APPLIED, None):
        parts["annotations"] = msgspec.Raw(msgspec.json.encode(annotations))
    return msgspec.Raw(msgspec.json.encode(parts))


def are_alike(one: bytes, other: bytes) -> bool:
    """Whether two bodies differ in their version at most. Bodies that are written in another way are not alike."""
    try:
        return one == other or _versionless(one) == _versionless(other)
    except msgspec.DecodeError:
        return False


def _versionless(body: bytes) -> Mapping[str, msgspec.Raw | Parts]:
    parts = _parts.decode(body)
    metadata = _parts.decode(parts.get("metadata", NOTHING))
    metadata.pop("resourceVersion", None)
    return {**parts, "metadata": metadata}
