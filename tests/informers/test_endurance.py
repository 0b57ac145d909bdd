"""Clients that others wrote lose nothing and see nothing twice, whatever becomes of the server meanwhile: client-go's
informer in both of its ways, and the Python client's watch."""

import asyncio
import importlib.util
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from endurance import Ledger, Observer, Seen, Writer, never_written, out_of_order
from engine import Engine
from programs import program
from rest import Rest, session
from world import until

pytestmark = pytest.mark.real

EVENTS = 10_000
WRITERS = 8
NAMESPACE = "endurance"
MISSING = "./test --cluster builds client-go's informer and installs the Python client (group `clients`)"
OBSERVERS = ("informer-list", "informer-watchlist", "python")


@dataclass
class Storm:
    """What was written and who looked on; and the same as it stood before the server was made to forget."""

    ledger: Ledger
    observers: dict[str, Observer]
    written_before: Seen
    seen_before: dict[str, Seen]
    relists_before: dict[str, int]

    def __getitem__(self, name: str) -> Observer:
        if name not in self.observers:
            pytest.skip(f"{name}: {MISSING}")
        return self.observers[name]


def _observers(engine: Engine, home: Path) -> dict[str, Observer]:
    arguments = [str(engine.kubeconfig), NAMESPACE]
    found = {}
    if informer := program("informer"):
        for name, gate in (("informer-list", "false"), ("informer-watchlist", "true")):
            environment = {**os.environ, "KUBE_FEATURE_WatchListClient": gate}
            found[name] = Observer([str(informer), *arguments], home / name, environment)
    if importlib.util.find_spec("kubernetes"):
        script = Path(__file__).with_name("python_watch.py")
        found["python"] = Observer([sys.executable, str(script), *arguments], home / "python", dict(os.environ))
    return found


@pytest.fixture(scope="module")
def storm(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Storm:
    """10,000 events by eight writers, with a crash, a restart and a compaction in the middle of them."""
    observers = _observers(engine, tmp_path_factory.mktemp("observers"))
    if not observers:
        pytest.skip(MISSING)
    try:
        return asyncio.run(_rage(engine, observers))
    finally:
        for observer in observers.values():
            observer.stop()


async def _rage(engine: Engine, observers: dict[str, Observer]) -> Storm:
    ledger = Ledger()
    async with session(engine.kubeconfig) as opened:
        api = Rest(opened, engine.url, NAMESPACE)
        assert (await api("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})).status == 201
        writers = [Writer(api, ledger, number) for number in range(WRITERS)]
        await _write(writers, EVENTS // 20)
        for observer in observers.values():
            observer.start()
        await _caught_up(observers, ledger)
        await _write(writers, EVENTS // 4)
        await _write(writers, EVENTS // 4, lambda: engine.restart(by=signal.SIGKILL))
        await _write(writers, EVENTS // 4, engine.restart)
        await _caught_up(observers, ledger)
        written = {name: list(versions) for name, versions in ledger.versions.items()}
        seen = {name: observer.saw() for name, observer in observers.items()}
        relists = {name: observer.relists() for name, observer in observers.items()}
        for observer in observers.values():
            observer.sleep()
        await _write(writers, EVENTS // 10, lambda: engine.restart(by=signal.SIGKILL))
        await asyncio.to_thread(engine.compact)
        for observer in observers.values():
            observer.wake()
        await _write(writers, EVENTS - ledger.written + WRITERS)
        await _caught_up(observers, ledger)
    return Storm(ledger, observers, written, seen, relists)


async def _write(writers: list[Writer], count: int, meanwhile=None) -> None:
    writing = asyncio.gather(*(writer.write(count // len(writers)) for writer in writers))
    if meanwhile:
        await asyncio.sleep(0.3)
        await asyncio.to_thread(meanwhile)
    await writing


async def _caught_up(observers: dict[str, Observer], ledger: Ledger) -> None:
    """Waits, within reason, until each has seen how everything ended; if one has not, the tests will say so."""
    with suppress(AssertionError):
        await asyncio.to_thread(until, lambda: not any(_missing(seer, ledger) for seer in observers.values()), 60)


def _missing(observer: Observer, ledger: Ledger) -> dict[str, tuple[int, int]]:
    """Objects of which an observer has another idea than the writers: (seen, written)."""
    seen = observer.final()
    return {
        name: (seen.get(name, 0), version) for name, version in ledger.final().items() if seen.get(name, 0) != version
    }


def test_enough_has_happened(storm: Storm) -> None:
    assert storm.ledger.written >= EVENTS


@pytest.mark.parametrize("name", OBSERVERS)
def test_how_it_ended_is_known_to_everyone(storm: Storm, name: str) -> None:
    assert _missing(storm[name], storm.ledger) == {}


@pytest.mark.parametrize("name", OBSERVERS)
def test_nothing_comes_twice_or_out_of_order(storm: Storm, name: str) -> None:
    seen = storm[name].saw()
    assert list(out_of_order(seen)) == []
    assert list(never_written(seen, storm.ledger)) == []


@pytest.mark.parametrize("name", OBSERVERS)
def test_what_is_forgotten_is_listed_again(storm: Storm, name: str) -> None:
    assert storm[name].relists() > storm.relists_before[name]


@pytest.mark.parametrize("name", OBSERVERS)
def test_a_restart_forgets_nothing_so_every_single_event_came(storm: Storm, engine: Engine, name: str) -> None:
    if storm[name] and storm.relists_before[name]:
        pytest.skip(f"after a restart, {engine.name} had {name} begin anew: it may have missed what lay in between")
    seen = storm.seen_before[name]
    assert seen.keys() == storm.written_before.keys()
    for object_name, written in storm.written_before.items():
        versions = seen[object_name]
        assert written[-len(versions) :] == versions, object_name
    assert sum(map(len, seen.values())) > EVENTS * 0.7
