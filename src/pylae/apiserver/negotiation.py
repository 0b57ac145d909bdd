"""Which form of an object a client wants, told by its Accept header, and the objects written in that form.

kubectl asks for a Table (what `kubectl get` prints), metadata-only clients for PartialObjectMetadata, all others
for the object. All of it is JSON: clients that would rather have protobuf name JSON as their second choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any

import msgspec

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import not_acceptable
from pylae.apimachinery.reading import convert
from pylae.apimachinery.resource import Resource
from pylae.apimachinery.table import META, partial, table
from pylae.apiserver.entry import Entry


class Form(Enum):
    """The shapes an object can be answered in."""

    OBJECT = auto()
    TABLE = auto()
    PARTIAL = auto()


_FORMS: Mapping[str, Form] = {
    "": Form.OBJECT,
    "Table": Form.TABLE,
    "PartialObjectMetadata": Form.PARTIAL,
    "PartialObjectMetadataList": Form.PARTIAL,
}


@dataclass(frozen=True, slots=True)
class Clause:
    """One alternative of an Accept header: `application/json;as=Table;v=v1;g=meta.k8s.io`."""

    media_type: str
    parameters: Mapping[str, str]


def clauses(accept: str) -> tuple[Clause, ...]:
    """The alternatives, most wanted first (by `q`, then in their order)."""
    found = [_clause(text) for text in accept.split(",") if text.strip()]
    return tuple(sorted(found, key=lambda clause: -_quality(clause)))


def choose_form(accept: str) -> Form:
    """The first form that we can write. Raises a 406 `Failure`."""
    for clause in clauses(accept or "application/json"):
        if clause.media_type not in ("application/json", "application/*", "*/*"):
            continue
        form = _FORMS.get(clause.parameters.get("as", ""))
        group, version = clause.parameters.get("g", "meta.k8s.io"), clause.parameters.get("v", "v1")
        if form and group == "meta.k8s.io" and version in ("v1", "v1beta1"):
            return form
    raise not_acceptable("only the following media types are accepted: application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """How to write objects for one request. `include` is a Table's includeObject; `columns` is off after a watch's
    first Table."""

    resource: Resource
    version: str
    form: Form
    now: datetime
    include: str = "Metadata"
    columns: bool = True

    def one(self, entry: Entry) -> bytes:
        """A single object."""
        match self.form:
            case Form.OBJECT:
                return entry.spelled(self.resource, self.version)
            case Form.PARTIAL:
                return msgspec.json.encode(partial(self._object(entry)))
            case Form.TABLE:
                return self._table([entry], {"resourceVersion": entry.object["metadata"].get("resourceVersion", "")})

    def opening(self) -> bytes:
        """What stands before the items of a list. A list is written as opening, items (as often as need be, with
        commas between) and closing: so it can go out while it is still being read."""
        match self.form:
            case Form.OBJECT:
                return self._opening(self.resource.list_kind, self.resource.group_version(self.version), "items")
            case Form.PARTIAL:
                return self._opening("PartialObjectMetadataList", META, "items")
            case Form.TABLE:
                columns = self._rows([], columns=True)["columnDefinitions"]
                return self._opening("Table", META, "rows", columnDefinitions=columns)

    def items(self, entries: Sequence[Entry]) -> bytes:
        """Some of a list's items."""
        match self.form:
            case Form.OBJECT:
                return b",".join(entry.spelled(self.resource, self.version) for entry in entries)
            case Form.PARTIAL:
                return msgspec.json.encode([partial(entry.object) for entry in entries])[1:-1]
            case Form.TABLE:
                return msgspec.json.encode(self._rows(entries, columns=False)["rows"])[1:-1]

    def closing(self, metadata: Json) -> bytes:
        """`metadata` is the list's own: resourceVersion, continue."""
        return b'],"metadata":%s}' % msgspec.json.encode(metadata)

    def bookmark(self, revision: int, annotations: Mapping[str, str]) -> bytes:
        """An object that is nothing but a resourceVersion: "you have seen all up to here"."""
        metadata: Json = {"resourceVersion": str(revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = dict(annotations)
        if self.form is Form.TABLE:
            return replace(self, columns=False)._table([], metadata)
        kind, version = self.resource.kind, self.resource.group_version(self.version)
        if self.form is Form.PARTIAL:
            kind, version = "PartialObjectMetadata", "meta.k8s.io/v1"
        return msgspec.json.encode({"kind": kind, "apiVersion": version, "metadata": metadata})

    def _opening(self, kind: str, group_version: str, items: str, **more: Any) -> bytes:
        head = msgspec.json.encode({"kind": kind, "apiVersion": group_version, **more, items: []})
        return head.removesuffix(b"]}")

    def _table(self, entries: Sequence[Entry], metadata: Json) -> bytes:
        return msgspec.json.encode(self._rows(entries, columns=self.columns) | {"metadata": metadata})

    def _rows(self, entries: Sequence[Entry], *, columns: bool) -> Json:
        objects = [self._object(entry) for entry in entries]
        return table(self.resource, self.version, objects, include=self.include, now=self.now, columns=columns)

    def _object(self, entry: Entry) -> Json:
        return convert(self.resource, entry.object, self.version)


def _clause(text: str) -> Clause:
    media_type, *parameters = (part.strip() for part in text.split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    return Clause(media_type.lower(), {name.strip(): value.strip().strip('"') for name, _, value in pairs})


def _quality(clause: Clause) -> float:
    try:
        return float(clause.parameters.get("q", "1"))
    except ValueError:
        return 0.0
