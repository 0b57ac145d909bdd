"""A backup put in the place of what a data directory holds. Nothing is put in place before all of it is found good."""

import contextlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Final

import msgspec
import yaml

from pylae.apiserver.copy import newest_in, prepare_restored
from pylae.apiserver.database import SCHEMA_VERSION, Lock
from pylae.apiserver.files import private_directory
from pylae.node.backup import FORMAT, MANIFEST, BackupError, Manifest, Member, beside, checksum, name_of
from pylae.node.directories import DataDirectory
from pylae.node.lock import InstanceLock

LARGEST_MANIFEST: Final = 1024 * 1024
PIECE: Final = 1024 * 1024
CREDENTIALS: Final = frozenset({"token", "client-certificate-data", "client-key-data"})
"""What a user of our kubeconfig has."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and where the files lie that were there before (None: there were none)."""

    manifest: Manifest
    replaced: Path | None


def restore(data: DataDirectory, source: IO[bytes], now: datetime, *, replace: bool = False) -> Restored:
    """Puts a backup in place of what a data directory holds; that is moved aside.

    Raises `BackupError` for a file that is none, or not whole, or of a newer Pylae, and for a directory that holds
    objects already unless `replace`; `AlreadyRunning`, `StorageError`, `DirectoryError`, OSError.
    """
    data.prepare()
    with _alone(data), TemporaryDirectory(prefix=".restore-", dir=data.path) as draft:
        if data.database.exists() and not replace:
            raise BackupError(
                f"{data.path} holds the objects of another gateway. Put them aside with --replace, or choose another "
                "directory with --data-dir."
            )
        manifest = _unpack(source, Path(draft))
        if data.database.name not in manifest.files:
            raise BackupError("This backup holds no database. Use another one.")
        _check_names(data, manifest)
        _check_kubeconfig(Path(draft) / data.kubeconfig.name)
        prepare_restored(Path(draft) / data.database.name, beyond=newest_in(data.database), now=now)
        return Restored(manifest, _put_in_place(data, Path(draft), manifest, now))


@contextlib.contextmanager
def _alone(data: DataDirectory) -> Iterator[None]:
    """Nobody else may start here meanwhile."""
    lock = InstanceLock(data.lock)
    lock.acquire()
    try:
        api = Lock(data.database)
        try:
            yield
        finally:
            api.release()
    finally:
        lock.release()


def _check_names(data: DataDirectory, manifest: Manifest) -> None:
    """Nothing is put in place but what a backup is made of: a log beside the database would become part of it."""
    known = {data.database.name, data.kubeconfig.name, data.instance.name}
    for name in manifest.files:
        if name not in known and PurePosixPath(name).parent.parts[:1] != (data.pki.name,):
            raise BackupError(f"This backup holds {name}, which is no part of a gateway. Use another one.")


def _check_kubeconfig(path: Path) -> None:
    """Ours holds credentials and nothing else; another could name a program that clients are to run."""
    if not path.exists():
        return
    try:
        users = yaml.safe_load(path.read_text())["users"]
        is_ours = all(user["user"].keys() <= CREDENTIALS for user in users)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError, yaml.YAMLError):
        is_ours = False
    if not is_ours:
        raise BackupError("This backup holds a kubeconfig that Pylae did not write. Use another one.")


def _unpack(source: IO[bytes], draft: Path) -> Manifest:
    """All files of a backup, checked. Nothing is written but what the manifest names."""
    try:
        with tarfile.open(fileobj=source, mode="r|*") as tar:
            manifest = _manifest(tar)
            missing = dict(manifest.files)
            while header := tar.next():
                _take(tar, header, draft, missing.pop(header.name, None))
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"This backup is damaged or cut short ({error}). Use another one.") from error
    if missing:
        raise BackupError(f"This backup is cut short: {', '.join(sorted(missing))} is missing. Use another one.")
    return manifest


def _manifest(tar: tarfile.TarFile) -> Manifest:
    header = tar.next()
    file = tar.extractfile(header) if header and header.name == MANIFEST and header.isreg() else None
    if file is None:
        raise BackupError("This is no backup of Pylae: it does not begin with a manifest.json.")
    try:
        manifest = msgspec.json.decode(file.read(LARGEST_MANIFEST), type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"This is no backup of Pylae that can be read: its manifest.json says: {error}.") from error
    if manifest.format > FORMAT or manifest.schema > SCHEMA_VERSION:
        raise BackupError(f"This backup was made by a newer Pylae ({manifest.pylae}). Restore it with that version.")
    return manifest


def _take(tar: tarfile.TarFile, header: tarfile.TarInfo, draft: Path, member: Member | None) -> None:
    name = PurePosixPath(header.name)
    file = tar.extractfile(header) if header.isreg() else None
    if member is None or file is None or not name.parts or name.is_absolute() or ".." in name.parts:
        raise BackupError(f"This backup holds {header.name}, which its manifest.json does not name. Use another one.")
    if header.size != member.bytes:  # before it fills the disk
        raise BackupError(f"This backup is damaged: {header.name} is not what was written. Use another one.")
    path = draft / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(path, "xb", opener=_private) as written:
        shutil.copyfileobj(file, written, PIECE)
        written.flush()
        os.fsync(written.fileno())
    if (path.stat().st_size, checksum(path)) != (member.bytes, member.sha256):
        raise BackupError(f"This backup is damaged: {header.name} is not what was written. Use another one.")


def _put_in_place(data: DataDirectory, draft: Path, manifest: Manifest, now: datetime) -> Path | None:
    """The database last, and in one step: until then a crash leaves the old one whole. Gives back where the files lie
    that were there before."""
    there = [path for path in (*beside(data), data.database) if path.exists()]
    aside = data.path / f"replaced-{now:%Y%m%dT%H%M%SZ}"
    for path in there:
        private_directory((aside / name_of(data, path)).parent)
        os.link(path, aside / name_of(data, path))
        if name_of(data, path) not in manifest.files:
            path.unlink()
    for name in sorted(manifest.files, key=lambda name: name == data.database.name):
        private_directory((data.path / name).parent)
        if name == data.database.name:
            _move_log_aside(data, aside)
        (draft / name).replace(data.path / name)
    return aside if there else None


def _move_log_aside(data: DataDirectory, aside: Path) -> None:
    """A write-ahead log that could not be moved into its database must not be taken for the new one's."""
    for suffix in ("-wal", "-shm"):
        log = data.database.with_name(f"{data.database.name}{suffix}")
        if log.exists():
            log.replace(private_directory(aside) / log.name)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
