"""What one gateway keeps, in one file.

The file is a compressed tar, so that anybody can look into it: `manifest.json` first, which names what follows with
its size and checksum; then the API's database as it was at one moment, and the certificates, token and ports by which
clients know this server. It holds every key there is.
"""

import gzip
import hashlib
import io
import tarfile
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

import msgspec

from pylae import __version__
from pylae.apiserver.copy import copy_database
from pylae.node.directories import DataDirectory

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"


class BackupError(Exception):
    """A backup cannot be made or put back. The message says why and what to do."""


class Member(msgspec.Struct, frozen=True):
    """A file of a backup."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself: `format` of the file, `pylae` that made it, `schema` of the database in it."""

    format: int
    pylae: str
    schema: int
    created: datetime
    files: dict[str, Member]


def back_up(data: DataDirectory, into: IO[bytes], now: datetime) -> Manifest:
    """Writes a backup of a data directory, whether or not a gateway runs on it. Raises `BackupError`, `StorageError`,
    OSError."""
    if not data.database.is_file():
        raise BackupError(f"There is nothing to back up in {data.path}: no gateway has been started there yet.")
    with TemporaryDirectory(prefix=".backup-", dir=data.path) as draft:
        database = Path(draft) / data.database.name
        schema = copy_database(data.database, database)
        files = {data.database.name: database} | {name_of(data, path): path for path in beside(data)}
        members = {name: Member(path.stat().st_size, checksum(path)) for name, path in files.items()}
        manifest = Manifest(FORMAT, __version__, schema, now, members)
        with (
            gzip.GzipFile("", fileobj=into, mode="wb", compresslevel=3) as packed,
            tarfile.open(fileobj=packed, mode="w|") as tar,
        ):
            document = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
            tar.addfile(_header(MANIFEST, len(document), now), io.BytesIO(document))
            for name, path in files.items():
                with path.open("rb") as file:
                    tar.addfile(_header(name, members[name].bytes, now), file)
    return manifest


def beside(data: DataDirectory) -> list[Path]:
    """The files by which clients know a server."""
    pki = sorted(path for path in data.pki.rglob("*") if path.is_file() and not path.name.startswith("."))
    return [path for path in (data.kubeconfig, data.instance) if path.is_file()] + pki


def name_of(data: DataDirectory, path: Path) -> str:
    """What a file is called in a backup."""
    return path.relative_to(data.path).as_posix()


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _header(name: str, size: int, now: datetime) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode, header.mtime = size, 0o600, int(now.timestamp())
    return header
