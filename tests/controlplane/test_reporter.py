"""A mistake of ours in a report ends neither the reporter nor, with it, the control plane."""

import asyncio
from datetime import UTC, datetime

from pylae.controlplane.configuration import Configuration
from pylae.controlplane.metrics import Metrics
from pylae.controlplane.reporter import Reporter
from pylae.kube.client import Client
from pylae.kube.connection import Connection
from pylae.model.finding import Finding
from pylae.model.workload import GatewayWorkload


async def test_findings_that_cannot_be_made_are_asked_for_again_at_the_next_change() -> None:
    asked = asyncio.Event()

    def crashes(_: datetime) -> tuple[Finding, ...]:
        asked.set()
        raise RuntimeError("odd")

    client = Client(Connection("http://127.0.0.1:9"))  # never opened: nothing gets as far as writing
    reporter = Reporter(client, Configuration(GatewayWorkload()), Metrics(), crashes, lambda: datetime.now(UTC))
    task = asyncio.create_task(reporter.run())
    for _ in range(2):
        asked.clear()
        reporter.wake()
        await asyncio.wait_for(asked.wait(), 10)
    assert not task.done()
    task.cancel()
