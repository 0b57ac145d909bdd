"""The embedded API and a real kube-apiserver over etcd, side by side: what each takes for the same.

The client has the last core to itself; the servers have all others (of two, one), for a gateway has no more to spare.
The real one comes from `./test --cluster`, which builds it; without it only the embedded API is measured.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

from engine import Embedded, an_embedded_server
from machine import LOAD, PROXY, describe, move, quantile, resident, table
from programs import program
from rest import PATCH, session

from cluster import RealCluster, a_cluster

Server = Embedded | RealCluster

NAMESPACE = "/api/v1/namespaces/default"
COLLECTION = f"{NAMESPACE}/configmaps"
APPLIED = "fieldManager=bench&force=true"
AT_ONCE = 16
"""Applies under way at a time."""

CHANGES = 100
PAGE = 500
SETTLING = 3.0
"""Seconds of rest before memory is read."""


@dataclass
class Figures:
    """One server's, at one number of objects; what is measured comes in the order of the table."""

    rows: dict[str, str] = field(default_factory=dict)

    def seconds(self, what: str, taken: float) -> None:
        self.rows[what] = f"{taken:.2f} s"

    def latencies(self, what: str, taken: list[float]) -> None:
        self.rows[what] = f"{quantile(taken, 0.5) * 1000:.1f} / {quantile(taken, 0.99) * 1000:.1f} ms"

    def rate(self, what: str, count: int, taken: float) -> None:
        self.rows[what] = f"{count / taken:,.0f} a second"


def pids(server: Server) -> list[int]:
    if isinstance(server, RealCluster):
        return [process.running.pid for process in (server.apiserver, server.etcd) if process.running]
    return [server.running.pid]


@dataclass
class Measured:
    """A server, a client of it, and the names of the objects."""

    server: Server
    http: aiohttp.ClientSession
    count: int
    figures: Figures = field(default_factory=Figures)

    @property
    def names(self) -> list[str]:
        return [f"bench-{number:06}" for number in range(self.count)]

    async def everything(self, watchers: int) -> None:
        await self.apply_all()
        await self.apply_each()
        await self.list_all()
        await self.fan_out(watchers)
        await asyncio.sleep(SETTLING)
        weights = [f"{resident(pid):.0f}" for pid in pids(self.server)]
        self.figures.rows["memory"] = f"{' + '.join(weights)} MB"

    async def apply(self, name: str, value: str) -> float:
        """Server-side apply; the seconds to its answer."""
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "labels": {"app": "bench"}},
            "data": {"value": value, "filling": "x" * 900},
        }
        began = time.perf_counter()
        url, headers = f"{self.server.url}{COLLECTION}/{name}?{APPLIED}", {"Content-Type": PATCH["apply"]}
        async with self.http.patch(url, json=body, headers=headers) as answer:
            await answer.read()
            answer.raise_for_status()
        return time.perf_counter() - began

    async def apply_all(self) -> None:
        waiting = iter(self.names)

        async def work() -> None:
            for name in waiting:
                await self.apply(name, "first")

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        self.figures.rate(f"apply new ones, {AT_ONCE} at once", self.count, time.perf_counter() - began)

    async def apply_each(self) -> None:
        changed = [await self.apply(name, "second") for name in self.names[:CHANGES]]
        self.figures.latencies("apply a change (p50 / p99)", changed)
        unchanged = [await self.apply(name, "second") for name in self.names[:CHANGES]]
        self.figures.latencies("apply no change (p50 / p99)", unchanged)

    async def list_all(self) -> None:
        for what, query in (("list at once", ""), (f"list in pages of {PAGE}", f"&limit={PAGE}")):
            began = time.perf_counter()
            seen, more = 0, ""
            while True:
                url = f"{self.server.url}{COLLECTION}?labelSelector=app%3Dbench{query}{more}"
                async with self.http.get(url) as answer:
                    page = await answer.json()
                seen += len(page["items"])
                if not (token := page["metadata"].get("continue")):
                    break
                more = f"&continue={token}"
            assert seen == self.count, f"{seen} were listed of {self.count}"
            self.figures.seconds(what, time.perf_counter() - began)

    async def fan_out(self, watchers: int) -> None:
        """From the request of a change until the last of all watchers has been told of it."""
        url = f"{self.server.url}{COLLECTION}?watch=true&resourceVersion={await self._version()}"
        async with asyncio.TaskGroup() as group:
            seen = Seen(watchers)
            ready = [asyncio.Event() for _ in range(watchers)]
            tasks = [group.create_task(self._watch(url, seen, event)) for event in ready]
            await asyncio.gather(*(event.wait() for event in ready))
            taken = []
            for number in range(CHANGES):
                began = time.perf_counter()
                await self.apply(self.names[0], f"change {number}")
                taken.append(await seen.all() - began)
            for task in tasks:
                task.cancel()
        self.figures.latencies(f"a change to all of {watchers} watchers (p50 / p99)", taken)

    async def _version(self) -> str:
        async with self.http.get(f"{self.server.url}{COLLECTION}?limit=1") as answer:
            return str((await answer.json())["metadata"]["resourceVersion"])

    async def _watch(self, url: str, seen: "Seen", ready: asyncio.Event) -> None:
        async with self.http.get(url, timeout=aiohttp.ClientTimeout(total=None)) as answer:
            ready.set()
            async for _ in answer.content:
                seen.one()


class Seen:
    """Counts who has been told of the present change."""

    def __init__(self, watchers: int) -> None:
        self._watchers = watchers
        self._told = 0
        self._last = 0.0
        self._complete = asyncio.Event()

    def one(self) -> None:
        self._told += 1
        if self._told == self._watchers:
            self._last = time.perf_counter()
            self._complete.set()

    async def all(self) -> float:
        """When the last of them was."""
        await self._complete.wait()
        self._complete.clear()
        self._told = 0
        return self._last


@contextmanager
def apart(server: Server) -> Iterator[None]:
    """The client on a core of its own."""
    os.sched_setaffinity(0, {LOAD})
    for pid in pids(server):
        move(pid, PROXY)
    yield


def measure(name: str, count: int, watchers: int) -> Figures:
    with ExitStack() as opened:
        began = time.perf_counter()
        server = opened.enter_context(an_embedded_server() if name == "embedded" else a_cluster())
        started = time.perf_counter() - began
        opened.enter_context(apart(server))

        async def run() -> Figures:
            async with session(server.kubeconfig) as http:
                measured = Measured(server, http, count)
                measured.figures.seconds("start, nothing stored", started)
                await measured.everything(watchers)
                return measured.figures

        figures = asyncio.run(run())
        server.stop()
        began = time.perf_counter()
        server.start()
        figures.seconds("start, all stored", time.perf_counter() - began)
        return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--watchers", type=int, default=100)
    asked = parser.parse_args()
    engines = ["embedded", *(["kubernetes"] if program("kube-apiserver") and program("etcd") else [])]
    print(describe())
    for count in asked.objects:
        results = [measure(name, count, asked.watchers) for name in engines]
        rows = [[what, *(figures.rows[what] for figures in results)] for what in results[0].rows]
        print(f"\n{table([f'{count:,} objects of 1 kB', *engines], rows)}")


if __name__ == "__main__":
    main()
