"""Clients that cost less than the proxy under test: h2load for requests, handshakes.c for new connections."""

import atexit
import functools
import json
import re
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from machine import LOAD, on

SOURCE = Path(__file__).with_name("handshakes.c")

FINISHED = re.compile(r"finished in .*?, ([\d.]+) req/s")
COUNTS = re.compile(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout")
STATUSES = re.compile(r"status codes: (\d+) 2xx, (\d+) 3xx")


@dataclass(frozen=True)
class Requests:
    """Of one h2load; `cpu` are the client's own seconds, `failed` counts whatever is no 2xx or 3xx."""

    rate: float
    done: int
    failed: int
    cpu: float


@dataclass(frozen=True)
class Handshakes:
    """Of one run of handshakes.c. Times in milliseconds from the connection's first packet to the end of the handshake,
    or with a request to its answer; `refused` are answers other than 200."""

    started: int
    done: int
    resumed: int
    refused: int
    failed: int
    seconds: float
    cpu: float
    p50: float
    p99: float
    max: float

    @property
    def rate(self) -> float:
        return self.done / self.seconds


def children() -> float:
    """CPU seconds of all processes that we have waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def requests(port: int, host: str, *options: str, seconds: float, connections: int = 32) -> Requests:
    """As many as the server takes. `options` are h2load's; `https` unless they hold a URI of their own."""
    if shutil.which("h2load") is None:
        raise SystemExit("h2load is missing: install nghttp2-client")
    target = options if any("://" in option for option in options) else (*options, f"https://{host}/")
    command = ("h2load", "-c", str(connections), "-D", f"{seconds * 1000:.0f}ms", "--warm-up-time", "500ms")
    before = children()
    told = subprocess.run(
        on(LOAD, *command, "--connect-to", f"127.0.0.1:{port}", *target), capture_output=True, text=True, check=True
    ).stdout
    finished, counts, statuses = FINISHED.search(told), COUNTS.search(told), STATUSES.search(told)
    if not (finished and counts and statuses):
        raise RuntimeError(f"h2load said what we cannot read: {told}")
    done, good = int(counts[1]), int(statuses[1]) + int(statuses[2])
    return Requests(float(finished[1]), done, done - good, children() - before)


@functools.cache
def _program() -> str:
    """The client, compiled once for each run."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("cc is missing: install gcc and libssl-dev")
    room = Path(tempfile.mkdtemp(prefix="pylae-bench-"))
    atexit.register(shutil.rmtree, room)
    made = str(room / "handshakes")
    subprocess.run([compiler, "-O2", "-o", made, str(SOURCE), "-lssl", "-lcrypto"], check=True)
    return made


def _command(port: int, host: str, options: tuple[str, ...]) -> tuple[str, ...]:
    return on(LOAD, _program(), "--port", str(port), "--host", host, *options)


def handshakes(port: int, host: str, *options: str) -> Handshakes:
    """`#` in `host` stands for the number of the connection. Options are those of handshakes.c."""
    told = subprocess.run(_command(port, host, options), capture_output=True, text=True, check=True).stdout
    return Handshakes(**json.loads(told))


@contextmanager
def beside(port: int, host: str, *options: str) -> Iterator[list[Handshakes]]:
    """The same beside something else; the list holds the result once the block is over."""
    process = subprocess.Popen(_command(port, host, options), stdout=subprocess.PIPE, text=True)
    result: list[Handshakes] = []
    try:
        yield result
        told, _ = process.communicate()
        result.append(Handshakes(**json.loads(told)))
    finally:
        process.kill()
        process.wait()
