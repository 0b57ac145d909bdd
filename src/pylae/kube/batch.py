"""The files of one look, on their way to the API: what of them is applied, and what is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pylae.api.meta import ObjectRef
from pylae.kube.apply import Outcome
from pylae.kube.errors import KubeError
from pylae.kube.manifest import Document, Manifest
from pylae.kube.ownership import Owned
from pylae.kube.refusal import Refusal, refusals, unreadable
from pylae.kube.report import Applied
from pylae.kube.tree import Stamp


@dataclass(slots=True)
class File:
    """A file as it was last acted on. Only from one that could be read as a whole, something can be taken out."""

    stamp: Stamp
    is_whole: bool
    refused: list[Refusal]
    applied: int = 0
    may_pass: bool = False


class Batch:
    """The files of one look, on their way to the API."""

    def __init__(self, read: Mapping[Path, tuple[Stamp, Manifest]], before: Mapping[Path, File]) -> None:
        self.documents = [document for _, manifest in read.values() for document in manifest.documents]
        self.files = {
            path: File(stamp, not manifest.errors, [unreadable(error) for error in manifest.errors])
            for path, (stamp, manifest) in read.items()
        }
        self.applied: list[Applied] = []
        self.outside: list[Refusal] = []
        """Refusals that belong to no file that is there."""
        self.taken: set[Owned] = set()
        self._tried_before = {
            path for path, file in self.files.items() if path in before and before[path].stamp == file.stamp
        }

    def is_whole(self, path: Path) -> bool:
        return path in self.files and self.files[path].is_whole

    def refuse(self, document: Document, about: ObjectRef, error: KubeError, *, may_pass: bool) -> None:
        file = self.files[document.source]
        file.refused.extend(refusals(document, about, error))
        file.may_pass = file.may_pass or may_pass

    def pass_over(self, document: Document, error: KubeError) -> None:
        """Nobody can say which object this is; so nothing can be said to be missing from the file."""
        self.refuse(document, document.about, error, may_pass=True)
        self.files[document.source].is_whole = False

    def accept(self, document: Document, applied: Applied) -> None:
        self.files[document.source].applied += 1
        if applied.outcome is not Outcome.UNCHANGED or document.source not in self._tried_before:
            self.applied.append(applied)

    def news(self, before: Mapping[Path, File]) -> tuple[Refusal, ...]:
        known = {refusal for path in self._tried_before for refusal in before[path].refused}
        refused = [*self.outside, *(refusal for file in self.files.values() for refusal in file.refused)]
        return tuple(refusal for refusal in refused if refusal not in known)
