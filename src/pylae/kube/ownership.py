"""Which objects came from which file: an annotation on each says so, and outlives us.

It is how a file that was removed while nobody watched still takes its objects with it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from pylae.api.meta import ObjectRef
from pylae.api.scheme import Kind
from pylae.kube.client import Client
from pylae.kube.errors import NotFound
from pylae.kube.manifest import Document
from pylae.kube.resources import Resources
from pylae.kube.tree import absolute

Json = dict[str, Any]

SOURCE = "pylae.dev/source"
"""The annotation: the absolute path of the file."""

MARK = SOURCE.encode()
"""What the JSON of an object with the annotation has in it: no API server writes a slash in another way."""

NEVER_FROM_FILES = frozenset({"Event", "Lease"})
"""Kinds that there may be thousands of, and that nobody writes into a file."""


@dataclass(frozen=True, slots=True)
class Owned:
    """An object that a file stands for, whatever version of its kind the file is written in."""

    group: str
    about: ObjectRef
    kind: Kind = field(compare=False, repr=False)

    @classmethod
    def of(cls, kind: Kind, document: Document, namespace: str) -> "Owned":
        """The object of a document; `namespace` is for documents that name none."""
        about = document.about
        place = (about.namespace or namespace) if kind.namespaced else ""
        return cls(kind.group, ObjectRef(kind.kind, place, about.name), kind)


def mark(document: Document) -> Document:
    """The document with its file written on the object."""
    metadata = document.object["metadata"]
    annotations = metadata.get("annotations") or {}
    if not isinstance(annotations, dict):
        return document  # the server says what is wrong with it
    marked = {**metadata, "annotations": {**annotations, SOURCE: str(absolute(document.source))}}
    return Document({**document.object, "metadata": marked}, document.source, document.line, document.lines)


Held = Callable[[Kind], Iterable[bytes] | None]
"""The objects of a kind as somebody has them already, without their status; None if he does not keep that kind."""


def nothing(_: Kind) -> None:
    """Nobody has any."""


async def remembered(client: Client, held: Held = nothing) -> dict[Owned, Path]:
    """Every object on the server that came from a file, and from which. What somebody has is not asked for again: of
    hundreds of thousands of objects few came from files."""
    found: dict[Owned, Path] = {}
    async for kind in Resources(client).all():  # one after the other: opening connections would take longer
        if kind.kind in NEVER_FROM_FILES:
            continue
        if (bodies := held(kind)) is not None:
            found.update(_marked(kind, bodies))
            continue
        async for page in client.pages(kind):
            found.update(_marked(kind, page.items))
    return found


async def prune(client: Client, owned: Owned, path: Path) -> bool:
    """Deletes the object if it still comes from that file, and says so. Raises `ApiError`, `Unreachable`."""
    namespace, name = owned.about.namespace, owned.about.name
    try:
        metadata = (await client.get(owned.kind, namespace, name))["metadata"]
        if (metadata.get("annotations") or {}).get(SOURCE) != str(absolute(path)):
            return False
        await client.delete(owned.kind, namespace, name, uid=metadata["uid"])
    except NotFound:
        return False
    return True


class _Metadata(msgspec.Struct):
    name: str
    namespace: str = ""
    annotations: dict[str, str] = {}


class _Marked(msgspec.Struct):
    metadata: _Metadata


def _marked(kind: Kind, bodies: Iterable[bytes]) -> Iterator[tuple[Owned, Path]]:
    for body in bodies:
        if MARK not in body:
            continue
        metadata = msgspec.json.decode(body, type=_Marked).metadata
        if source := metadata.annotations.get(SOURCE):
            about = ObjectRef(kind.kind, metadata.namespace, metadata.name)
            yield Owned(kind.group, about, kind), Path(source)
