"""What the kernel says about processes (proc(5)). One that is gone, or not ours to look at, is None or nothing."""

from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def start_time(pid: int) -> int | None:
    """When it was started, in clock ticks since boot: with the pid it names a process for good."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    after_name = stat.rpartition(")")[2].split()
    state, started = after_name[0], after_name[19]
    return None if state == "Z" else int(started)


def owner(pid: int) -> int | None:
    """The user that it runs as."""
    try:
        return (PROC / str(pid)).stat().st_uid
    except OSError:
        return None


def arguments(pid: int) -> tuple[str, ...]:
    """Its command line."""
    try:
        text = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(word.decode(errors="replace") for word in text.rstrip(b"\0").split(b"\0"))


def name(pid: int) -> str:
    """Its short name, "" if unknown."""
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""


def pids() -> Iterator[int]:
    """Every process."""
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            yield int(entry.name)
