"""How much of the machine Envoy may take."""

import resource
from pathlib import Path

import pytest

from pylae.envoy.limits import LEAST_HEAP, MOST_CONNECTIONS, limits, machine_limits, memory, possible_connections

GIB = 2**30


def machine(root: Path, **files: str) -> Path:
    """A machine of 16 GiB; in the names of its files `__` is the slash."""
    for name, text in {"proc__meminfo": "MemTotal:       16777216 kB\nMemFree: 1 kB\n", **files}.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_it_may_take_half_of_the_memory(tmp_path: Path) -> None:
    assert machine_limits(machine(tmp_path)).max_heap == 8 * GIB


@pytest.mark.parametrize(
    "files",
    [
        {"proc__self__cgroup": "0::/a/b\n", "sys__fs__cgroup__a__memory.max": "1073741824\n"},
        {"proc__self__cgroup": "0::/\n", "sys__fs__cgroup__memory.max": "1073741824\n"},
        {"proc__self__cgroup": "0::/of/the/host\n", "sys__fs__cgroup__memory.max": "1073741824\n"},
        {
            "proc__self__cgroup": "9:cpu:/\n8:memory:/a\n0::/a\n",
            "sys__fs__cgroup__memory__a__memory.limit_in_bytes": "1073741824\n",
            "sys__fs__cgroup__memory__memory.limit_in_bytes": "9223372036854771712\n",
        },
    ],
)
def test_a_control_group_counts_whatever_its_version_and_wherever_it_says_so(
    tmp_path: Path, files: dict[str, str]
) -> None:
    assert memory(machine(tmp_path, **files)) == GIB


def test_a_control_group_without_a_limit_is_none(tmp_path: Path) -> None:
    files = {"proc__self__cgroup": "0::/a\n", "sys__fs__cgroup__a__memory.max": "max\n"}
    assert memory(machine(tmp_path, **files)) == 16 * GIB


def test_it_gets_what_it_needs_to_run_on_the_smallest_machine_and_where_nobody_says_how_large_that_is(
    tmp_path: Path,
) -> None:
    assert machine_limits(machine(tmp_path, proc__meminfo="MemTotal: 131072 kB\n")).max_heap == LEAST_HEAP
    assert machine_limits(tmp_path / "nowhere").max_heap == LEAST_HEAP


def test_what_was_asked_for_goes_before_what_the_machine_has_but_for_files_that_cannot_be_opened() -> None:
    assert limits(max_heap=GIB).max_heap == GIB
    assert limits(max_connections=1).max_connections == 1
    assert limits(max_connections=10**9).max_connections == possible_connections()
    assert limits().max_connections <= MOST_CONNECTIONS


def test_a_connection_takes_two_files() -> None:
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY:
        assert possible_connections() * 2 < files
