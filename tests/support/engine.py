"""The two servers that one battery runs over, behind one face: a kubeconfig, and what can happen to a server."""

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from world import free_port


class Engine(Protocol):
    """An API server that runs. `name` is `embedded` or `kubernetes`."""

    name: str

    @property
    def url(self) -> str: ...

    @property
    def kubeconfig(self) -> Path:
        """The administrator's, with a token and a client certificate."""
        ...

    def restart(self, *, by: signal.Signals = signal.SIGTERM) -> None:
        """Ends the server (SIGKILL: as a crash does) and starts it again where it was, with what it had stored."""

    def compact(self) -> None:
        """Has it forget its past: a watch from before is 410, and so is the next page of a list from before."""


@dataclass
class Embedded:
    """Pylae's own server, in a process of its own."""

    home: Path
    port: int = field(default_factory=free_port)
    name: str = "embedded"

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def kubeconfig(self) -> Path:
        return self.home / "kubeconfig"

    def start(self) -> None:
        script = Path(__file__).with_name("embedded_server.py")
        pipe = subprocess.PIPE
        self.running = subprocess.Popen(
            [sys.executable, str(script), str(self.home), str(self.port)], stdin=pipe, stdout=pipe, text=True
        )
        self._hear("ready")

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        if by is signal.SIGTERM:
            self.running.stdin.close()
        else:
            self.running.send_signal(by)
        self.running.wait(30)
        for pipe in (self.running.stdin, self.running.stdout):
            pipe.close()

    def restart(self, *, by: signal.Signals = signal.SIGTERM) -> None:
        self.stop(by)
        self.start()

    def compact(self) -> None:
        self.running.stdin.write("compact\n")
        self.running.stdin.flush()
        self._hear("compacted")

    def _hear(self, word: str) -> None:
        said = self.running.stdout.readline().strip()
        assert said == word, f"the embedded server said {said!r}, not {word!r}"


@contextlib.contextmanager
def an_embedded_server() -> Iterator[Embedded]:
    home = Path(tempfile.mkdtemp(prefix="pylae-embedded-"))
    made = Embedded(home)
    made.start()
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(home, ignore_errors=True)
