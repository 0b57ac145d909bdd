"""Writers that know what they wrote, observers that tell what they saw, and the judgement between the two.

Every object has one writer, so the history of an object is known for certain: an answer that a dying server swallowed
is made up for by a look afterwards.
"""

import asyncio
import itertools
import json
import random
import signal
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from rest import Rest

GONE = 0
"""The version of an object that is not there."""

Seen = dict[str, list[int]]
"""Of each object its versions in order, with `GONE` where it was not there any more."""


class Ledger:
    """What was written."""

    def __init__(self) -> None:
        self.versions: Seen = defaultdict(list)
        self.written = 0

    def note(self, name: str, version: int) -> None:
        self.versions[name].append(version)
        self.written += 1

    def final(self) -> dict[str, int]:
        return {name: versions[-1] for name, versions in self.versions.items()}


@dataclass
class Writer:
    """Creates, changes and deletes ConfigMaps of its own, one after the other, and outlives the server's restarts."""

    api: Rest
    ledger: Ledger
    number: int
    objects: int = 12

    async def write(self, count: int) -> None:
        chance = random.Random(self.number)
        for _ in range(count):
            await self._step(f"w{self.number}-{chance.randrange(self.objects)}", chance.random())

    async def _step(self, name: str, dice: float) -> None:
        known = self.ledger.versions[name][-1:] or [GONE]
        wanted = "DELETE" if known[0] and dice < 0.2 else "PUT" if known[0] else "POST"
        try:
            await self._ask(wanted, name, dice)
        except (aiohttp.ClientError, ConnectionError, TimeoutError):
            await self._look(name, known[0])

    async def _ask(self, method: str, name: str, dice: float) -> None:
        path = self.api.path(name="" if method == "POST" else name)
        body = {"metadata": {"name": name}, "data": {"dice": str(dice)}}
        reply = await self.api(method, path, None if method == "DELETE" else body)
        if reply.status in (429, 500, 503, 504):
            raise ConnectionError
        assert reply.status in (200, 201), reply.body
        self.ledger.note(name, GONE if method == "DELETE" else int(reply.version))

    async def _look(self, name: str, known: int) -> None:
        """Finds out whether a write that was not answered has happened."""
        while True:
            try:
                reply = await self.api("GET", self.api.path(name=name))
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                await asyncio.sleep(0.05)
                continue
            if reply.status in (200, 404):
                version = int(reply.version) if reply.status == 200 else GONE
                if version != known:
                    self.ledger.note(name, version)
                return


@dataclass(frozen=True)
class Line:
    """What an observer told: `event` is add, update, delete, vanished (seen to be gone by a relist), or a request."""

    event: str
    name: str = ""
    version: str = ""
    status: int = 0


@dataclass
class Observer:
    """A client in a process of its own that tells what it sees, a JSON line for each thing."""

    command: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        with self.log.open("wb") as out, self.log.with_suffix(".err").open("wb") as complaints:
            self.process = subprocess.Popen(
                self.command, stdout=out, stderr=complaints, stdin=subprocess.DEVNULL, env=self.environment
            )

    def sleep(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def told(self) -> list[Line]:
        whole = self.log.read_text().rpartition("\n")[0]
        return [Line(**json.loads(line)) for line in whole.splitlines()]

    def saw(self) -> Seen:
        seen: Seen = defaultdict(list)
        for line in self.told():
            if line.event in ("add", "update"):
                seen[line.name].append(int(line.version))
            elif line.event in ("delete", "vanished"):
                seen[line.name].append(GONE)
        return seen

    def final(self) -> dict[str, int]:
        return {name: versions[-1] for name, versions in self.saw().items()}

    def relists(self) -> int:
        """How often it began anew."""
        return max(sum(line.event in ("list", "watchlist") and line.status == 200 for line in self.told()) - 1, 0)


def out_of_order(seen: Seen) -> Iterator[str]:
    """Objects of which a version came twice, or after a newer one."""
    for name, versions in seen.items():
        there = [version for version in versions if version != GONE]
        if any(later <= earlier for earlier, later in itertools.pairwise(there)):
            yield f"{name}: {versions}"


def never_written(seen: Seen, ledger: Ledger) -> Iterator[str]:
    """Versions that were shown and never were."""
    for name, versions in seen.items():
        if strange := set(versions) - {GONE, *ledger.versions[name]}:
            yield f"{name}: {sorted(strange)}"
