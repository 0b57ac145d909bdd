"""The machine that figures are taken on: which core does what, what a process cost, and whether anything else runs."""

import os
import statistics
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
PROXY, LOAD = CORES[0], CORES[-1]
"""The proxy has a core to itself; clients and upstream share the other. On one core all of them share it."""

QUIET = 0.5
"""A load average from which on something else is at work."""

TICKS = os.sysconf("SC_CLK_TCK")


def on(core: int, *command: str) -> tuple[str, ...]:
    return ("taskset", "-c", str(core), *command)


def describe() -> str:
    """What the reader must know beside the figures."""
    load = os.getloadavg()[0]
    quiet = "" if load < QUIET else ". NOT QUIET: something else is at work, compare nothing but ratios"
    return f"{len(CORES)} cores, load average {load:.2f}{quiet}"


def resident(pid: int) -> float:
    """Megabytes (VmRSS), 0 for a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def cpu(pid: int) -> float:
    """Seconds that a process, without its children, has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def family(pid: int) -> Iterator[int]:
    """A process and all that come from it: nginx and HAProxy work in children."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from family(int(child))


def move(pid: int, core: int) -> None:
    """All threads of a process to one core."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Iterable[float | None]) -> float | None:
    """Of the rounds in which there was a figure."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns under each other: the first to the left, figures to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]

    def spell(line: list[str]) -> str:
        first, *others = line
        return "  ".join(
            [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        )

    return "\n".join(map(spell, lines))
