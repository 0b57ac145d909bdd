"""What a gateway says of itself: its control plane by `pylae status`, its Envoy by its admin socket."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from world import World


def status(world: World) -> dict[str, Any]:
    found = json.loads(world.pylae("status", "-o", "json").out)
    assert isinstance(found, dict)
    return found


def runs(pid: int) -> bool:
    """Whether a process still does anything: one that ended and was not yet waited for does not. What it had open is
    free when the last of its threads has ended."""
    try:
        threads = [thread.read_text() for thread in Path(f"/proc/{pid}/task").glob("*/stat")]
    except (FileNotFoundError, ProcessLookupError):
        return runs(pid)  # one ended between two looks
    return any(thread.rpartition(")")[2].split()[0] != "Z" for thread in threads)


def kill(world: World) -> None:
    """End the control plane without a word of warning; Envoy goes on."""
    pid = status(world)["controlPlane"]["pid"]
    os.kill(pid, signal.SIGKILL)
    world.until(lambda: not runs(pid))


def held(world: World, what: str) -> list[Any]:
    """A part of what Envoy has, such as `dynamic_listeners`."""
    found = _ask(world, f"config_dump?resource={what}").get("configs", [])
    assert isinstance(found, list)
    return found


def holds(world: World, what: str, text: str) -> bool:
    """Whether a part of what Envoy has speaks of something."""
    return text in json.dumps(held(world, what))


def counter(world: World, name: str) -> int:
    """One of Envoy's own counters, by the end of its name."""
    return sum(stat["value"] for stat in _ask(world, f"stats?filter={name}$&format=json")["stats"])


def chains(world: World, host: str) -> int:
    """How many filter chains of the newest listeners name a host."""
    listeners = [one.get("active_state") for one in held(world, "dynamic_listeners")]
    return json.dumps(listeners).count(f'["{host}"]')


def secrets(world: World) -> set[str]:
    """Names of the certificates that Envoy has, waits for, or is subscribed to."""
    parts = ("dynamic_active_secrets", "dynamic_warming_secrets")
    return {secret["name"] for part in parts for secret in held(world, part)}


def _ask(world: World, page: str) -> Any:
    socket = next(world.data.rglob("admin.sock"))
    command = ["curl", "-sS", "--unix-socket", str(socket), f"http://admin/{page}"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
