"""Which form of an object a client wants, told by its Accept header, and the objects written in that form.

kubectl asks for a Table (what `kubectl get` prints), metadata-only clients for PartialObjectMetadata, all others
for the object. All of it is JSON: clients that would rather have protobuf name JSON as their second choice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

import msgspec

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import not_acceptable
from pylae.apimachinery.resource import Resource
from pylae.apimachinery.table import partial, partial_list, table
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
        if form and clause.parameters.get("g", "meta.k8s.io") == "meta.k8s.io":
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

    def many(self, entries: Sequence[Entry], metadata: Json) -> bytes:
        """A list. `metadata` is the list's own: resourceVersion, continue, remainingItemCount."""
        match self.form:
            case Form.OBJECT:
                return b"".join(self._list(entries, metadata))
            case Form.PARTIAL:
                return msgspec.json.encode(partial_list([self._object(entry) for entry in entries], metadata))
            case Form.TABLE:
                return self._table(entries, metadata)

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

    def _list(self, entries: Sequence[Entry], metadata: Json) -> Iterator[bytes]:
        head = {
            "kind": f"{self.resource.kind}List",
            "apiVersion": self.resource.group_version(self.version),
            "metadata": metadata,
        }
        yield msgspec.json.encode(head)[:-1]
        yield b',"items":['
        yield b",".join(entry.spelled(self.resource, self.version) for entry in entries)
        yield b"]}"

    def _table(self, entries: Sequence[Entry], metadata: Json) -> bytes:
        objects = [self._object(entry) for entry in entries]
        return msgspec.json.encode(
            table(
                self.resource,
                self.version,
                objects,
                include=self.include,
                now=self.now,
                columns=self.columns,
                list_metadata=metadata,
            )
        )

    def _object(self, entry: Entry) -> Json:
        return {**entry.object, "apiVersion": self.resource.group_version(self.version)}


def _clause(text: str) -> Clause:
    media_type, *parameters = (part.strip() for part in text.split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    return Clause(media_type.lower(), {name.strip(): value.strip().strip('"') for name, _, value in pairs})


def _quality(clause: Clause) -> float:
    try:
        return float(clause.parameters.get("q", "1"))
    except ValueError:
        return 0.0
