"""How much of the machine Envoy may take: memory, and connections of clients.

Beyond these it refuses new work and goes on with what it has; without them the kernel would end it, and all with it.
"""

import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MIB = 1024 * 1024
LEAST_HEAP = 256 * MIB
MOST_CONNECTIONS = 50_000
"""Envoy, "Configuring Envoy as an edge proxy"."""

FILES_OF_CONNECTION = 2
"""The client's socket, and that of the backend."""

_CGROUPS = (("0::", "", "memory.max"), (":memory:", "memory", "memory.limit_in_bytes"))
"""What a line in /proc/self/cgroup holds, where the tree is mounted below /sys/fs/cgroup, and the name of the limit:
of version 2 and of version 1 (kernel, "Control Group v2", "Memory Resource Controller")."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_heap` in bytes; `max_connections` of clients, of all listeners together."""

    max_heap: int = 1024 * MIB
    max_connections: int = MOST_CONNECTIONS


def machine_limits(root: Path = Path("/")) -> Limits:
    """Half of the memory, which the control plane and the backends have use for too, and as many connections as there
    can be open files, a tenth of which stays for all else."""
    return Limits(max(memory(root) // 2, LEAST_HEAP), min(MOST_CONNECTIONS, possible_connections()))


def limits(max_heap: int | None = None, max_connections: int | None = None) -> Limits:
    """What was asked for; None for what the machine has room for. There are never more connections than there can be
    files for them."""
    own = machine_limits()
    return Limits(max_heap or own.max_heap, min(max_connections or MOST_CONNECTIONS, possible_connections()))


def memory(root: Path = Path("/")) -> int:
    """Bytes of memory that this process and its children may use: the machine's, or less where a control group says
    so; 0 if nobody says."""
    return min([*_machine_memory(root), *_group_limits(root)], default=0)


def possible_connections() -> int:
    """How many connections the hard limit to open files has room for."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return (files - files // 10) // FILES_OF_CONNECTION


def _machine_memory(root: Path) -> Iterator[int]:
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemTotal:"):
            yield int(line.split()[1]) * 1024


def _group_limits(root: Path) -> Iterator[int]:
    """Of the group that we are in and of all above it. In a container the path may be one of the host's, which is not
    there: its own group is then the top of what it sees."""
    for line in _lines(root / "proc/self/cgroup"):
        for mark, mount, name in _CGROUPS:
            before, found, path = line.partition(mark)
            if found and (before == "" or before.isdecimal()):
                for group in (PurePosixPath(path), *PurePosixPath(path).parents):
                    yield from _limit(root / "sys/fs/cgroup" / mount / str(group).lstrip("/") / name)


def _limit(file: Path) -> Iterator[int]:
    yield from (int(line) for line in _lines(file) if line.isdecimal())


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
