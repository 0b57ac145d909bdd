"""Where things lie on disk: the data directory that survives restarts, and the runtime directory of its Unix
sockets."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_LIMIT = 107
"""Bytes in a Unix socket's path on Linux (unix(7): 108 with the closing NUL)."""

LONGEST_SOCKET = "control.sock"
PRIVATE = 0o700


class DirectoryError(Exception):
    """A directory cannot be used; the message says which, why, and what to do."""


def default_path() -> Path:
    """`PYLAE_DATA_DIR`, else `pylae` in the XDG state directory (XDG Base Directory Specification)."""
    if named := os.environ.get("PYLAE_DATA_DIR"):
        return Path(named)
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "pylae"


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Everything that one gateway keeps, readable by its owner alone."""

    path: Path

    @classmethod
    def at(cls, path: Path | str | None = None) -> "DataDirectory":
        return cls(Path(path or default_path()).expanduser().absolute())

    @property
    def lock(self) -> Path:
        return self.path / "pylae.lock"

    @property
    def instance(self) -> Path:
        return self.path / "instance.json"

    @property
    def database(self) -> Path:
        return self.path / "api.db"

    @property
    def pki(self) -> Path:
        return self.path / "pki"

    @property
    def kubeconfig(self) -> Path:
        return self.path / "kubeconfig"

    @property
    def envoy_log(self) -> Path:
        return self.path / "envoy.log"

    @property
    def log(self) -> Path:
        return self.path / "pylae.log"

    @property
    def run(self) -> Path:
        """Beside the data where a socket's path stays short enough, else under /tmp with a name made from the
        data's path."""
        beside = self.path / "run"
        if len(os.fsencode(beside / LONGEST_SOCKET)) <= SOCKET_PATH_LIMIT:
            return beside
        digest = hashlib.blake2b(os.fsencode(self.path), digest_size=6).hexdigest()
        return Path("/tmp") / f"pylae-{os.getuid()}-{digest}"  # noqa: S108 (its owner and mode are checked)

    @property
    def xds_socket(self) -> Path:
        return self.run / "xds.sock"

    @property
    def admin_socket(self) -> Path:
        return self.run / "admin.sock"

    @property
    def api_socket(self) -> Path:
        return self.run / "api.sock"

    @property
    def control_socket(self) -> Path:
        return self.run / "control.sock"

    def prepare(self) -> None:
        """Make both directories, for their owner alone. Raises `DirectoryError` if another user holds one of them, or
        if the first is open to others and full of other things: it may well be somebody's home, or /tmp.
        """
        for directory in (self.path, self.run):
            if _mode(_made(directory)) != PRIVATE:
                self._close(directory)

    def _close(self, directory: Path) -> None:
        if directory == self.path and not self.lock.exists() and any(directory.iterdir()):
            raise DirectoryError(f"{directory} holds other things. Choose an empty directory with --data-dir.")
        if not _mode(directory) & stat.S_IWUSR:
            raise DirectoryError(f"{directory} is read-only. Choose another with --data-dir.")
        directory.chmod(PRIVATE)


def _mode(directory: Path) -> int:
    return stat.S_IMODE(directory.stat().st_mode)


def _made(directory: Path) -> Path:
    """The directory, which is this user's own."""
    try:
        directory.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        found = directory.lstat()
    except OSError as error:
        raise DirectoryError(
            f"{directory} cannot be made: {error.strerror}. Choose another with --data-dir."
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise DirectoryError(f"{directory} is not a directory of yours. Choose another with --data-dir.")
    return directory
