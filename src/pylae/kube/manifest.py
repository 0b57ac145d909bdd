"""Manifests: files of YAML or JSON, taken apart into the objects that are in them, each with its lines.

A file is cut into its documents before any of them is read, so that one that is broken does not hide the others. What
cannot be read is gathered as errors with their place, never raised.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from pylae.api.meta import ObjectRef
from pylae.apimachinery.written import Reading, Unreadable
from pylae.apimachinery.yaml_reader import read_yaml
from pylae.kube.errors import KubeError
from pylae.kube.json_reader import read_json

Json = dict[str, Any]

STANDARD_INPUT = Path("-")


class ManifestError(KubeError):
    """A document that holds no object; gathered in `Manifest.errors`. `line` counts from 1."""

    def __init__(self, source: Path, line: int, message: str) -> None:
        super().__init__(f"{source}:{line}: {message}")
        self.source = source
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class Document:
    """One object as a user wrote it. `lines` has the line of every place in it, such as `spec.servers[1].port`."""

    object: Json = field(repr=False)  # it may be a Secret
    source: Path
    line: int
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)

    @property
    def about(self) -> ObjectRef:
        """The object's name as it is written: without a namespace where the document names none."""
        metadata = self.object["metadata"]
        return ObjectRef(self.object["kind"], metadata.get("namespace", ""), metadata["name"])

    def line_of(self, path: str) -> int:
        """The line of a place, or of the nearest thing around it that was written."""
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.lines.get(path, self.line) if path else self.line


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in one file: the objects, in order, and what is no object."""

    documents: tuple[Document, ...] = ()
    errors: tuple[ManifestError, ...] = ()


def read(content: bytes, source: Path) -> Manifest:
    """Takes a file apart. `source` is only for messages."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return Manifest(errors=(ManifestError(source, line, "not UTF-8 text"),))
    found = [_object(reading, source) for line, part in _parts(text) for reading in _taken_apart(part, line)]
    documents = tuple(item for item in found if isinstance(item, Document))
    return Manifest(documents, tuple(item for item in found if isinstance(item, ManifestError)))


def load(path: Path) -> Manifest:
    """Reads a file. One that cannot be opened is an error in its first line."""
    try:
        return read(path.read_bytes(), path)
    except OSError as error:
        return Manifest(errors=(ManifestError(path, 1, f"cannot be read: {error.strerror}"),))


_MARKER = re.compile(r"^---(?=\s|$)", re.MULTILINE)


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """The text between `---` markers, and the number of the line that each part begins on."""
    begin = 0
    for marker in [*_MARKER.finditer(text), None]:
        end = marker.start() if marker else len(text)
        part = text[begin:end]
        if not all(line.startswith(("#", "%")) or not line.strip() for line in part.splitlines()):
            yield text.count("\n", 0, begin) + 1, part
        begin = end


def _taken_apart(part: str, line: int) -> Iterator[Reading | Unreadable]:
    """The objects of a part, or the reason why it has none."""
    try:
        for reading in _documents(part, line):
            yield from _items(reading)
    except Unreadable as error:
        yield error


def _documents(part: str, line: int) -> list[Reading]:
    """JSON where a part is that to the letter, else YAML, which JSON nearly is a part of."""
    if not part.lstrip().startswith("{"):
        return list(read_yaml(part, line))
    try:
        return list(read_json(part, line))
    except Unreadable as error:
        try:
            return list(read_yaml(part, line))
        except Unreadable:
            raise error from None


def _items(reading: Reading) -> Iterator[Reading]:
    """The objects of a document: one, the items of a `List`, or none if the document is empty."""
    value = reading.value
    if isinstance(value, dict) and isinstance(value.get("items"), list) and str(value.get("kind", "")).endswith("List"):
        for index, item in enumerate(value["items"]):
            yield from _items(reading.at(f"items[{index}]", item))
    elif value is not None:
        yield reading


def _object(reading: Reading | Unreadable, source: Path) -> Document | ManifestError:
    if isinstance(reading, Unreadable):
        return ManifestError(source, reading.line, reading.message)
    line = reading.lines.get("", 1)
    if problem := _problem(reading.value):
        return ManifestError(source, line, problem)
    return Document(reading.value, source, line, reading.lines)


def _problem(value: Any) -> str:
    """Why a value is no object; "" if it is one."""
    if not isinstance(value, dict):
        return f"this is {'a list' if isinstance(value, list) else 'text'}; an object has apiVersion, kind and metadata"
    for key in ("apiVersion", "kind"):
        if not _is_word(value.get(key)):
            return f"no {key}: an object has apiVersion, kind and metadata"
    metadata = value.get("metadata")
    if not isinstance(metadata, dict) or not _is_word(metadata.get("name")):
        return f"this {value['kind']} has no metadata.name"
    if not isinstance(metadata.get("namespace", ""), str):
        return "metadata.namespace is no text"
    return _unspeakable(value)


def _unspeakable(value: Json) -> str:
    """Half of a surrogate pair, or a number beyond all bounds, can be read and not be sent."""
    try:
        msgspec.json.encode(value)
    except (ValueError, OverflowError) as error:
        return f"this cannot be written as JSON: {error}"
    return ""


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value != ""
