"""kubeconfig files as they are written: lists of named clusters, users and contexts, in one file or in several.

Paths in a file are relative to the directory that it lies in. Of several files the first that has something wins
(kubernetes.io, "Organizing Cluster Access Using kubeconfig Files").
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pylae.kube.errors import KubeError

Entry = dict[str, Any]

SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}
"""The three lists, and under which key an item of each holds its content."""

PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


class KubeconfigError(KubeError):
    """A kubeconfig cannot be used; the message names the file, says why and what to do."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


@dataclass(frozen=True, slots=True)
class File:
    path: Path
    content: Entry = field(repr=False)


@dataclass(frozen=True, slots=True)
class Item:
    """The content of a named cluster, user or context, and the file that it stands in."""

    path: Path
    name: str
    content: Entry = field(repr=False)

    def error(self, message: str) -> KubeconfigError:
        return KubeconfigError(self.path, message)

    def text(self, key: str) -> str:
        return str(self.content.get(key) or "")

    def path_of(self, key: str) -> Path | None:
        return self.path.parent / Path(self.content[key]).expanduser() if self.content.get(key) else None

    def bytes_of(self, key: str) -> bytes:
        """Bytes that are in the entry (`<key>-data`, base64) or in the file it names."""
        if data := self.content.get(f"{key}-data"):
            try:
                return base64.b64decode(data, validate=True)
            except (binascii.Error, ValueError, TypeError):
                raise self.error(f"{key}-data is not base64") from None
        if path := self.path_of(key):
            try:
                return path.read_bytes()
            except OSError as error:
                raise self.error(f"{key} {path} cannot be read: {error.strerror}") from None
        return b""

    def absolute(self) -> Entry:
        """The content with paths that hold wherever it is put."""
        return {**self.content, **{key: str(path.absolute()) for key in PATHS if (path := self.path_of(key))}}


class Kubeconfig:
    """Files that are read as one, and how things are found in them. There is at least one."""

    def __init__(self, files: Sequence[File]) -> None:
        self._files = files

    @property
    def path(self) -> Path:
        return self._files[0].path

    @property
    def current_context(self) -> str:
        """Raises `KubeconfigError`, as all that looks for something does."""
        for file in self._files:
            if current := file.content.get("current-context"):
                return str(current)
        raise KubeconfigError(self.path, "it has no current-context; name one of its contexts")

    def item(self, section: str, name: str) -> Item:
        key = SECTIONS[section]
        known: set[str] = set()
        for file in self._files:
            for entry in entries(file.content, section):
                if entry.get("name") == name:
                    return Item(file.path, name, entry.get(key) or {})
                known.add(str(entry.get("name")))
        raise KubeconfigError(self.path, f'it has no {key} "{name}"; there {_are(sorted(known))}')


def entries(content: Entry, section: str) -> list[Entry]:
    found = content.get(section)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def read(path: Path) -> File:
    """Raises `KubeconfigError`."""
    try:
        content = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise KubeconfigError(path, f"it cannot be read: {error.strerror}") from None
    except yaml.YAMLError:
        raise KubeconfigError(path, "it is not YAML; correct it, or name another file in KUBECONFIG") from None
    if not isinstance(content, dict | None):
        raise KubeconfigError(path, "it is no kubeconfig")
    return File(path, content or {})


def _are(names: list[str]) -> str:
    return f"are {', '.join(names)}" if names else "are none"
