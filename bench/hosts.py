"""What many hosts cost: starting, memory, the first request, a change from the API's answer to its effect on the wire,
names that nobody has, and thousands of changes in a row. All of it on one machine, clients included.

    bench/hosts.py --hosts 1000 --serve on-demand --data /var/tmp/pylae-bench

The data directory is filled through the API once (100,000 hosts: 500,000 objects, with an EndpointSlice for each host)
and kept below `--data`, with the certificates; private keys lie there, for nobody else to read.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from clients import Handshakes, beside, handshakes
from effects import Changes, until_effective
from machine import describe, quantile, table
from proxies import nobody, upstream
from running import Gateway, start, tell_memory
from tenants import Store, Tenants, api, host_of, name_of

GOOD_RATE = 50
"""Connections a second to good hosts beside a flood."""

WORKERS = 8
"""Changes under way at a time, where many follow each other."""

SAMPLES = 20


def memory_and_requests(gateway: Gateway, used: int) -> None:
    """At ready, then each of `used` hosts for the first time, then again."""
    tell_memory("at ready", gateway)
    gateway.used = min(used, gateway.tenants.count)
    cold = gateway.ask(0, gateway.used)
    tell_memory(f"{gateway.used} hosts in use", gateway)
    warm = gateway.ask(0, gateway.used)
    for what, asked in (("first request to a host", cold), ("the next", warm)):
        print(f"{what}: p50 {asked.p50:.2f} ms, p99 {asked.p99:.2f} ms, max {asked.max:.1f} ms")
    print(f"first over next: {cold.p99 - warm.p99:.2f} ms more at p99")


async def propagation(gateway: Gateway, changes: int) -> None:
    """From the API's answer to the last object to the effect, one after the other; hosts that are in use."""
    async with api(gateway.stage) as client:
        made = Changes(gateway, client)
        for what, change in made.table().items():
            before = gateway.computed()
            taken = [await until_effective(change, number) for number in range(changes)]
            python, envoy = (now - then for now, then in zip(gateway.computed(), before, strict=True))
            tell(what, taken, f"CPU ms each: Python {python / changes * 1000:.1f}, Envoy {envoy / changes * 1000:.1f}")
        for number in range(changes):
            await made.tidy(number)
    tell_memory(f"after {changes} changes of each kind", gateway)


def tell(what: str, taken: list[float], more: str) -> None:
    p50, p99 = quantile(taken, 0.5), quantile(taken, 0.99)
    print(f"{what:<16} p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  max {max(taken):6.1f} ms  ({len(taken)} changes; {more})")


def flood(gateway: Gateway, directory: Path, *, names: int, rate: float) -> None:
    """Unknown names at a rate, and good hosts beside: alone, beside the same clients of a port that refuses everything,
    and beside the flood. What the flooder costs by itself is so in the second figure already."""
    good = ("--request", "--rate", str(GOOD_RATE), "--seconds", str(names / rate))
    flooding = ("--rate", str(rate), "--count", str(names), "--seconds", str(names / rate * 2), "--connections", "256")
    host, unknown = host_of(name_of(0)), "x#.flood.example"
    alone = handshakes(gateway.stage.https, host, *good)
    with nobody(directory) as port, beside(port, unknown, *flooding):
        control = handshakes(gateway.stage.https, host, *good)
    tell_memory("before the flood", gateway)
    before, computed = gateway.memory(), gateway.computed()
    with beside(gateway.stage.https, unknown, *flooding) as flooders:
        beside_it = handshakes(gateway.stage.https, host, *good)
    after, spent = gateway.memory(), gateway.computed()
    (flooder,) = flooders
    lines = [
        _spell("alone", alone),
        _spell("beside the flooder's own cost", control),
        _spell("beside the flood", beside_it),
    ]
    print(table(["good hosts", "p50 ms", "p99 ms", "max ms", "failed"], lines))
    print(f"p99 with the flooder's cost taken out: {beside_it.p99 / control.p99:.2f} times")
    grown = [now - then for now, then in zip(after, before, strict=True)]
    each = [(now - then) / max(flooder.failed, 1) * 1000 for now, then in zip(spent, computed, strict=True)]
    print(f"{flooder.failed} of {flooder.started} unknown names refused in {flooder.seconds:.0f} s")
    print(f"grown: Python {grown[0]:+.1f} MB, Envoy {grown[1]:+.1f} MB ({grown[2]:+.1f} MB allocated)")
    print(f"CPU for each name: Python {each[0]:.2f} ms, Envoy {each[1]:.2f} ms")


def _spell(what: str, asked: Handshakes) -> list[str]:
    lost = asked.started - asked.done + asked.refused
    return [what, f"{asked.p50:.2f}", f"{asked.p99:.2f}", f"{asked.max:.1f}", str(lost)]


async def in_a_row(gateway: Gateway, changes: int) -> None:
    """Of all kinds, several at a time, on hosts in use; and the memory of both processes over it."""
    rows = [_memory_row(0, gateway)]
    done = count(1)

    def changed() -> None:
        now = next(done)
        if now % max(1, changes // SAMPLES) == 0:
            rows.append(_memory_row(now, gateway))

    began = time.perf_counter()
    async with api(gateway.stage) as client:
        made, numbers = Changes(gateway, client), iter(range(changes))
        await asyncio.gather(*(_work(made, numbers, changed) for _ in range(WORKERS)))
    took = time.perf_counter() - began
    print(
        f"{changes} changes in a row in {took:.1f} s ({changes / took:.0f} a second), a host that came and went as one"
    )
    print(table(["after", "Python MB", "Envoy MB", "allocated MB"], rows))
    warm, last = ([float(cell) for cell in row] for row in (rows[len(rows) // 4], rows[-1]))
    print(f"after warm-up (a quarter): Python {last[1] - warm[1]:+.1f} MB, Envoy {last[2] - warm[2]:+.1f} MB")


async def _work(made: Changes, numbers: Iterator[int], changed: Callable[[], None]) -> None:
    for number in numbers:
        match number % 4:
            case 0:
                await made.add(number)
                await made.remove(number)
                await made.tidy(number)
            case 1 | 2:
                await made.route(number)
            case _:
                await made.rotate(number)
        changed()


def _memory_row(done: int, gateway: Gateway) -> list[str]:
    return [str(done), *(f"{figure:.1f}" for figure in gateway.memory())]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--serve", choices=("ahead", "on-demand"), default="on-demand")
    parser.add_argument("--data", type=Path, required=True, help="where filled data directories are kept")
    parser.add_argument("--shared", action="store_true", help="one Service for all hosts, in place of one for each")
    parser.add_argument("--used", type=int, default=1000, help="hosts that are asked for")
    parser.add_argument("--changes", type=int, default=200, help="of each kind, one after the other")
    parser.add_argument("--flood", type=int, default=0, help="unknown names, such as 100000")
    parser.add_argument("--rate", type=float, default=1000, help="of the flood, names a second")
    parser.add_argument("--row", type=int, default=0, help="changes in a row, such as 10000")
    return parser.parse_args()


def main() -> None:
    wanted = arguments()
    if wanted.serve == "ahead" and wanted.hosts > 1000:
        raise SystemExit("ahead, more than 1,000 hosts take minutes for each change: use --serve on-demand")
    store = Store(wanted.data, Tenants(wanted.hosts, wanted.serve, wanted.shared))
    print(f"{store.tenants.count} hosts, {store.tenants.serve}, {describe()}")
    with ExitStack() as at_the_end:
        stage = at_the_end.enter_context(store.stage())
        at_the_end.enter_context(upstream(stage.data.parent, store.backend))
        gateway = start(store, stage, at_the_end)
        memory_and_requests(gateway, wanted.used)
        if wanted.changes:
            asyncio.run(propagation(gateway, wanted.changes))
        if wanted.flood:
            flood(gateway, stage.data.parent, names=wanted.flood, rate=wanted.rate)
        if wanted.row:
            asyncio.run(in_a_row(gateway, wanted.row))
    print(describe())


if __name__ == "__main__":
    main()
