"""A gateway under measurement: its two processes, their memory and CPU, and how long it took to start."""

import json
import ssl
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Thread

from certificates import Authority, Leaf
from clients import Handshakes, handshakes
from machine import cpu, resident
from stage import Stage, trusting_nobody, until_served
from tenants import Store, Tenants, host_of, name_of


@dataclass
class Gateway:
    """One that runs. `used` is how many of its hosts were asked for, from the first."""

    stage: Stage
    tenants: Tenants
    backend: int
    control_plane: int
    authority: Authority = field(default_factory=Authority)
    tls: ssl.SSLContext = field(default_factory=trusting_nobody)
    used: int = 0

    def memory(self) -> tuple[float, float, float]:
        """Megabytes: Python, Envoy, and what Envoy has allocated of its own."""
        allocated = int(json.loads(self.stage.ask_envoy("memory"))["allocated"]) / 2**20
        return resident(self.control_plane), resident(self.stage.envoy), allocated

    def computed(self) -> tuple[float, float]:
        return cpu(self.control_plane), cpu(self.stage.envoy)

    def issue(self, name: str) -> Leaf:
        return self.authority.issue(host_of(name))

    def ask(self, first: int, many: int, letter: str = "h") -> Handshakes:
        """A connection and a request to each host in turn, each after the other."""
        options = ("--request", "--connections", "1", "--count", str(many), "--first", str(first), "--seconds", "600")
        asked = handshakes(self.stage.https, host_of(f"{letter}#"), *options)
        if asked.done != many or asked.refused:
            raise RuntimeError(f"not all hosts answer: {asked}")
        return asked


def start(store: Store, stage: Stage, at_the_end: ExitStack) -> Gateway:
    """Up, with the seconds that it took to be ready and to serve the first host."""
    began = time.perf_counter()
    process = stage.up()
    at_the_end.callback(process.wait)
    at_the_end.callback(stage.pylae, "down")
    moments: dict[str, float] = {}

    def until_ready() -> None:
        while not _ready(stage):
            time.sleep(0.005)
        moments["ready"] = time.perf_counter()

    waiting = Thread(target=until_ready)
    waiting.start()
    served = until_served(stage.https, trusting_nobody(), 600, host_of(name_of(0)))
    waiting.join()
    print(f"start → ready {moments['ready'] - began:.2f} s, start → first host served {served - began:.2f} s")
    stage.expect(store.tenants.serve)
    return Gateway(stage, store.tenants, store.backend, process.pid)


def _ready(stage: Stage) -> bool:
    """What the gateway itself says on /readyz."""
    try:
        port = json.loads((stage.data / "instance.json").read_text())["telemetryPort"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def tell_memory(when: str, gateway: Gateway) -> None:
    python, envoy, allocated = gateway.memory()
    print(f"{when}: Python {python:.0f} MB, Envoy {envoy:.0f} MB ({allocated:.0f} MB allocated)")
