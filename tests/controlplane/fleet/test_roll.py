"""The roll: several control planes, one ConfigMap, and every kind of gateway known to all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from pylae.api.scheme import CONFIG_MAP
from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings
from pylae.controlplane.discovery.observation import Joined, Observation, Parted
from pylae.controlplane.fleet.roll import FORGOTTEN_AFTER, PARTED_AFTER, Lines, Roll, read
from pylae.kube.client import Client
from pylae.kube.kubeconfig import load
from pylae.kube.reflector import Reflector
from pylae.model.control_plane import ROLL
from pylae.model.workload import GatewayWorkload

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PLACE = "default"


def kind(app: str, **more: object) -> GatewayWorkload:
    """As it is made of what an Envoy elsewhere says."""
    return GatewayWorkload(app, "edge", {"app": app}, bind_address="0.0.0.0", node_ports=False, **more)


@dataclass
class Plane:
    """One control plane, as far as the roll knows it."""

    client: Client
    now: datetime = NOON
    here: set[GatewayWorkload] = field(default_factory=set)
    known: set[GatewayWorkload] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.roll = Roll(self.client, PLACE, lambda: self.now, lambda: self.here, self.tell)

    def tell(self, observation: Observation) -> None:
        match observation.event:
            case Joined():
                self.known.add(observation.workload)
            case Parted():
                self.known.discard(observation.workload)
        self.news.set()

    async def until_known(self, *kinds: GatewayWorkload) -> None:
        async with asyncio.timeout(10):
            while self.known != set(kinds):
                self.news.clear()
                await self.news.wait()


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    server = ApiServer(ApiServerSettings(data=tmp_path / "api.db"))
    await server.start()
    async with Client(load(server.settings.kubeconfig)) as client:
        yield client
    await server.stop()


@asynccontextmanager
async def planes(client: Client, count: int) -> AsyncIterator[list[Plane]]:
    made = [Plane(client) for _ in range(count)]
    fields = f"metadata.name={ROLL}"
    reflectors = [Reflector(client, CONFIG_MAP, namespace=PLACE, fields=fields).run(one.roll.hear) for one in made]
    tasks = [asyncio.create_task(part) for part in (*reflectors, *(one.roll.run() for one in made))]
    yield made
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def lines(client: Client) -> Lines:
    return read(msgspec.json.encode(await client.get(CONFIG_MAP, PLACE, ROLL)))


async def test_what_joins_one_is_known_to_all(client: Client) -> None:
    async with planes(client, 3) as (one, two, three):
        one.here.add(kind("front", publish=((443, 30443),)))
        two.here.add(kind("inner"))
        one.roll.wake()
        two.roll.wake()
        await three.until_known(kind("front", publish=((443, 30443),)), kind("inner"))
        await one.until_known(kind("inner"))
        await two.until_known(kind("front", publish=((443, 30443),)))


async def test_what_nobody_has_had_for_long_has_parted_and_is_then_forgotten(client: Client) -> None:
    async with planes(client, 2) as (one, two):
        one.here.add(kind("front"))
        one.roll.wake()
        await two.until_known(kind("front"))
        one.here.clear()
        two.now = NOON + PARTED_AFTER
        two.roll.wake()
        await two.until_known()
        two.now = NOON + FORGOTTEN_AFTER + timedelta(seconds=1)
        two.roll.wake()
        async with asyncio.timeout(10):
            while (await client.get(CONFIG_MAP, PLACE, ROLL)).get("data"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_what_is_here_does_not_part_whatever_the_roll_says(client: Client) -> None:
    async with planes(client, 2) as (one, two):
        one.here.add(kind("front"))
        one.roll.wake()
        await two.until_known(kind("front"))
        two.here.add(kind("front"))
        two.now = NOON + PARTED_AFTER
        two.roll.wake()
        async with asyncio.timeout(10):
            while two.now not in (await lines(client)).values():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert two.known == {kind("front")}


def test_a_line_that_nobody_can_read_is_passed_over() -> None:
    good = '{"NAMESPACE": "edge", "LABELS": {"app": "front"}, "PYLAE_GATEWAY": {}, "seen": "2026-11-24T12:00:00+00:00"}'
    lines = {"a": "", "b": "[]", "c": '{"NAMESPACE": 1}', "d": good, "e": good.replace("{}", '{"bind": "x"}')}
    assert read(msgspec.json.encode({"data": lines})) == {kind("front"): NOON}
    assert read(b'{"data": null}') == {}
