"""What the API refused of a document, sentence by sentence, each with the line in the file that it is about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pylae.api.meta import ObjectRef
from pylae.kube.errors import ApiError, KubeError, NotFound
from pylae.kube.manifest import Document, ManifestError


@dataclass(frozen=True, slots=True)
class Refusal:
    """`about` is None where the text is no object at all, `line` is 0 where it is about no line in particular."""

    source: Path
    line: int
    about: ObjectRef | None
    message: str

    def __str__(self) -> str:
        subject = f"{self.about}: " if self.about else ""
        return f"{self.where}: {subject}{self.message}"

    @property
    def where(self) -> str:
        """`shop/broken.yaml:9`"""
        return f"{self.source}:{self.line}" if self.line else str(self.source)


def refusals(document: Document, about: ObjectRef, error: KubeError) -> tuple[Refusal, ...]:
    """A refusal for each cause that the server gives, or one for the whole."""
    return tuple(Refusal(document.source, document.line_of(field), about, message) for field, message in _causes(error))


def unreadable(error: ManifestError) -> Refusal:
    return Refusal(error.source, error.line, None, error.message)


_STRICT = re.compile(r'(?:unknown|duplicate) field "(?P<field>[^"]*)"')
"""How the server words a field that strict decoding does not take: without causes, the place is in the sentence."""


def _causes(error: KubeError) -> Iterator[tuple[str, str]]:
    if not isinstance(error, ApiError):
        yield "", str(error)
        return
    for field, message in error.causes:
        yield field, f"{field}: {message}" if field else message
    if error.causes:
        return
    complaints = list(_STRICT.finditer(error.message))
    for complaint in complaints:
        yield complaint["field"], f"{complaint[0]}"
    if not complaints:
        yield "", in_words(error)


def in_words(error: ApiError) -> str:
    """The server's sentence, and what to do where it alone does not tell."""
    if isinstance(error, NotFound) and error.details.get("kind") == "namespaces":
        return f"{error.message}. Create it first: kubectl create namespace {error.details.get('name')}"
    return error.message
