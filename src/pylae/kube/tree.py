"""The manifests under some paths: which files count, and whether they changed."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = frozenset({".yaml", ".yml", ".json"})


@dataclass(frozen=True, slots=True)
class Stamp:
    """Tells one state of a file from another. An editor that saves by renaming keeps the time, but not the inode."""

    modified: int
    size: int
    inode: int


def manifests(path: Path) -> Iterator[Path]:
    """The file itself, or the manifests in a directory and below it, sorted. Hidden names are passed over.

    So are the files that editors keep beside what they edit (`.gw.yaml.swp`, `gw.yaml~`, `#gw.yaml#`): their names
    begin with a dot, or end in no suffix of a manifest.
    """
    if not path.is_dir():
        yield path
        return
    for directory, directories, files in os.walk(path, followlinks=False):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        for name in sorted(files):
            if _is_manifest(name):
                yield Path(directory) / name


def absolute(path: Path) -> Path:
    """The path from the root, its links left alone."""
    return Path(os.path.normpath(path.absolute()))


def scan(paths: Iterable[Path]) -> Mapping[Path, Stamp]:
    """Every manifest that is there now. A file that vanishes while it is looked at is not there."""
    found: dict[Path, Stamp] = {}
    for path in paths:
        for manifest in manifests(path):
            try:
                facts = manifest.stat()
            except OSError:
                continue
            found[manifest] = Stamp(facts.st_mtime_ns, facts.st_size, facts.st_ino)
    return found


def _is_manifest(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith((".", "#"))
