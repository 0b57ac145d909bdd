"""Who leads, by a real Lease of a real API: several candidates, one leader, and one who follows."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings
from pylae.controlplane.report.election import Election
from pylae.kube.client import Client
from pylae.kube.errors import Forbidden
from pylae.kube.kubeconfig import load
from pylae.kube.lease import LEASE
from pylae.model.control_plane import STATUS_LEASE

PLACE = "default"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    server = ApiServer(ApiServerSettings(data=tmp_path / "api.db"))
    await server.start()
    async with Client(load(server.settings.kubeconfig)) as client:
        yield client
    await server.stop()


class Run:
    """An election that runs, and how often it turned."""

    def __init__(self, client: Client, identity: str) -> None:
        self.turns: list[bool] = []
        self.election = Election(client, PLACE, identity, now, lambda: self.turns.append(self.election.leads()))
        self.task = asyncio.create_task(self.election.run())

    async def until(self, *, leads: bool) -> None:
        async with asyncio.timeout(20):
            while self.turns[-1:] != [leads]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])
        await self.election.release()


async def test_one_of_many_leads_and_when_it_ends_another_does_at_once(client: Client) -> None:
    first = Run(client, "first")
    await first.until(leads=True)
    others = [Run(client, f"other-{number}") for number in range(4)]
    await asyncio.sleep(0.3)
    assert [run.election.leads() for run in others] == [False] * 4
    assert {run.election.holder for run in others} == {"first"}
    await first.end()
    assert not first.election.leads()
    async with asyncio.timeout(8):
        while not any(run.election.leads() for run in others):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert sum(run.election.leads() for run in others) == 1
    await asyncio.gather(*(run.end() for run in others))
    lease = await client.get(LEASE, PLACE, STATUS_LEASE)
    assert lease["spec"]["holderIdentity"] == ""


async def test_who_loses_the_lease_to_another_stops(client: Client) -> None:
    run = Run(client, "first")
    await run.until(leads=True)
    lease = await client.get(LEASE, PLACE, STATUS_LEASE)
    await client.replace(LEASE, PLACE, STATUS_LEASE, {**lease, "spec": {**lease["spec"], "holderIdentity": "second"}})
    await run.until(leads=False)
    assert run.turns == [True, False]
    await run.end()
    assert (await client.get(LEASE, PLACE, STATUS_LEASE))["spec"]["holderIdentity"] == "second"


async def test_a_missing_right_is_said_once_with_what_to_do(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    class Powerless(Client):
        async def get(self, *_: object) -> dict[str, object]:
            said = 'User "x" cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "y"'
            raise Forbidden(403, "Forbidden", said)

    async with Powerless(client.connection) as powerless:
        election = Election(powerless, PLACE, "first", now)
        await election._try()
        await election._try()
    assert not election.leads()
    (record,) = caplog.records
    assert 'Allow the verb "get" on leases.coordination.k8s.io' in record.getMessage()
