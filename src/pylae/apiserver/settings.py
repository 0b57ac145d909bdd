"""What the API server is told when it is made."""

import ipaddress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

MIB: Final = 1024 * 1024


class SettingsError(Exception):
    """The server cannot run as asked. The message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What clients may take.

    - `body_bytes`: a request body, as upstream; more is 413
    - `watches`: open watches and followed logs, together; more is 429
    - `watch_events`: changes that wait for a slow reader; more ends that watch, and its client resumes
    - `storage_bytes`: the database file, so that a runaway client cannot fill the disk; more is 507
    - `bookmark_every`, `watch_for`: how often a watch that asked for it gets a bookmark, and how long one lives at
      least (up to twice that, so that clients do not come back all at once)
    - `stalled_after`: a watch whose client reads nothing for this long is cut
    """

    body_bytes: int = 3 * MIB
    watches: int = 512
    watch_events: int = 4096
    storage_bytes: int = 2048 * MIB
    bookmark_every: timedelta = timedelta(seconds=60)
    watch_for: timedelta = timedelta(minutes=30)
    stalled_after: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServerSettings:
    """Where the server keeps what it has and where it listens.

    - `data`: the SQLite file; `pki/` and `kubeconfig` lie beside it
    - `host`, `port`: a loopback address; port 0 takes a free one. kubectl caches by address, so a port should stay
    - `socket`: a Unix socket for clients of the same user, beside the address. Plain HTTP, which nobody else can read;
      who asks proves it there as well. Its directory is to be its owner's alone
    - `host_names`: further names that clients may reach it by (a tunnel, a container's port); in the certificate too
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 0
    socket: Path | None = None
    host_names: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not is_loopback(self.host):
            raise SettingsError(
                f"The API server listens on loopback only, and {self.host} is not: use 127.0.0.1, ::1 or localhost."
            )

    @property
    def pki(self) -> Path:
        return self.data.parent / "pki"

    @property
    def kubeconfig(self) -> Path:
        return self.data.parent / "kubeconfig"


def is_loopback(host: str) -> bool:
    """Is it `localhost` or an address that never leaves the machine? Brackets of an IPv6 address are not expected."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
