"""Envoy's command line, each option with its reason."""

import os
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

MOST_WORKERS = 4


def workers() -> int:
    """Threads for connections: one for each CPU that we may use, few, since a gateway on one machine has company."""
    return min(len(os.sched_getaffinity(0)), MOST_WORKERS)


@dataclass(frozen=True, slots=True)
class Command:
    """`drain` is how long connections of a listener or filter chain that is gone may go on."""

    binary: Path
    bootstrap: Path
    concurrency: int = 0
    drain: timedelta = timedelta(seconds=45)
    log_level: str = "warning"

    def arguments(self) -> tuple[str, ...]:
        """The whole argument vector."""
        return (
            str(self.binary),
            *("-c", str(self.bootstrap)),
            # One Envoy at a time: a new version of its configuration comes by discovery, not by a second process.
            "--disable-hot-restart",
            *("--concurrency", str(self.concurrency or workers())),
            # As Istio's agent has it: whoever is to leave is told so with the next response.
            *("--drain-time-s", str(int(self.drain.total_seconds()))),
            *("--drain-strategy", "immediate"),
            # The access log is read by people and tests: ten seconds, the default, are too long to wait for a line.
            *("--file-flush-interval-msec", "250"),
            *("--log-level", self.log_level),
        )

    def started(self, arguments: tuple[str, ...]) -> bool:
        """Whether a process with these arguments was started from our bootstrap, by this version of ours or another."""
        return ("-c", str(self.bootstrap)) in pairwise(arguments)
