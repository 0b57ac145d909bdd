"""One process per data directory: a lock that the kernel lets go of when its holder dies."""

import fcntl
import os
from pathlib import Path


class AlreadyRunning(Exception):
    """Another Pylae holds the data directory."""

    def __init__(self, pid: int, path: Path) -> None:
        super().__init__(
            f"Pylae already runs on {path.parent} (pid {pid}). `pylae status` shows what serves, `pylae down` ends it; "
            "--data-dir starts another beside it."
        )
        self.pid = pid


class InstanceLock:
    """`flock` on a file that holds the holder's pid."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Raises `AlreadyRunning`."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise AlreadyRunning(_read_pid(self._path), self._path) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """The file stays: removing a locked file would let two processes each hold a lock of their own."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def holder(path: Path) -> int | None:
    """The pid of the process that holds the lock, or None if nobody does."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_pid(path) or None
    finally:
        os.close(descriptor)
    return None


def _read_pid(path: Path) -> int:
    text = path.read_text().strip()
    return int(text) if text.isdigit() else 0
