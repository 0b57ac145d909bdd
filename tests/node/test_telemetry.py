"""What probes and Prometheus are told."""

import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from pylae.controlplane.metrics import Metrics
from pylae.node.telemetry import application, serve


class Observed:
    ready = False

    async def envoy_metrics(self) -> str:
        return "envoy_server_live 1\n"


@pytest.fixture
async def address() -> AsyncIterator[str]:
    runner, port = await serve(application(Observed(), Metrics().registry), 0)
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/livez", 200, "ok"),
        ("/readyz", 503, "not ready"),
        ("/metrics", 200, "pilot_proxy_convergence_time"),
        ("/stats/prometheus", 200, "envoy_server_live"),
    ],
)
async def test_each_path_tells_what_it_is_for(address: str, path: str, status: int, words: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(address + path) as answer:
        assert answer.status == status
        assert words in await answer.text()


async def test_nothing_can_be_changed_by_it(address: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(address + "/metrics") as answer:
        assert answer.status == 405


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
async def test_a_page_of_the_web_is_refused(address: str, header: dict[str, str]) -> None:
    async with aiohttp.ClientSession() as session, session.get(address + "/metrics", headers=header) as answer:
        assert answer.status == 403


async def test_a_port_that_is_taken_is_replaced_by_a_free_one() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        runner, port = await serve(application(Observed(), Metrics().registry), taken)
        await runner.cleanup()
    assert port != taken
