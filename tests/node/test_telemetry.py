"""What probes and Prometheus are told."""

import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from pylae.controlplane.metrics import Metrics
from pylae.node.address import Address
from pylae.node.telemetry import application, serve, serve_at


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


async def test_on_an_address_that_others_reach_they_may_ask_by_its_name() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    anywhere = Address("0.0.0.0", port)
    runner = await serve_at(application(Observed(), Metrics().registry, anywhere), anywhere)
    headers = {"Host": "edge.example"}
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/livez", headers=headers) as it:
        assert it.status == 200
    await runner.cleanup()


async def test_an_address_that_was_asked_for_is_not_replaced() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = Address("127.0.0.1", other.getsockname()[1])
        with pytest.raises(OSError, match="address already in use"):
            await serve_at(application(Observed(), Metrics().registry, taken), taken)
