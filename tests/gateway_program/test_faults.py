"""What a gateway goes through without losing a request: control planes that go and come, and its own end."""

import asyncio
import os
import signal
import socket
import time
from typing import Self

import aiohttp
import pytest
from constant_rate import requests
from data_plane import Upstream, eventually, free_port
from joined import ControlPlane, Program
from picture import cluster, endpoints, forwarding, listener, plain, world
from seen import body, serial

from pylae.certs.authority import Authority

pytestmark = pytest.mark.real


async def test_a_control_plane_that_goes_and_comes_costs_no_request_and_sends_only_what_changed(
    plane: ControlPlane, program: Program, shop, port: int
) -> None:
    await program.start()
    await eventually(program.is_ready, "the gateway to serve")
    async with requests("shop.test", port) as tally:
        await plane.stop()
        await eventually(away(program), "the gateway to notice")
        plane.wanted = shop(serial=2)
        plane.sent.clear()
        await plane.start()
        await eventually(serves(port, number=2), "the new certificate")
    assert tally.asked > 10
    assert tally.failed == []
    assert {resource.type.short for resource in plane.sent} == {"SDS"}


async def test_probes_and_prometheus_are_told(plane: ControlPlane, program: Program) -> None:
    address = f"127.0.0.1:{free_port()}"
    await program.start("--telemetry", address)
    await eventually(program.is_ready, "the gateway to serve")
    assert await curl(f"http://{address}/readyz") == "ok\n"
    assert "envoy_server_live{} 1" in await curl(f"http://{address}/stats/prometheus")
    metrics = await curl(f"http://{address}/metrics")
    assert "pylae_gateway_control_plane_connected 1.0" in metrics
    assert "pylae_gateway_stored_resources 3.0" in metrics
    [end] = [line for line in metrics.splitlines() if line.startswith("pylae_gateway_certificate_not_after_seconds")]
    assert time.time() < float(end.split()[1]) <= time.time() + 86400
    await plane.stop()
    await eventually(away(program), "the gateway to notice")
    metrics = await curl(f"http://{address}/metrics")
    assert "pylae_gateway_control_plane_connected 0.0" in metrics
    assert await curl(f"http://{address}/readyz") == "ok\n"


async def test_another_control_plane_takes_over(
    plane: ControlPlane, program: Program, issuer: Authority, shop, port: int
) -> None:
    other = ControlPlane(issuer, shop())
    await other.start()
    program.control_planes = [plane.address, other.address]
    await program.start()
    await eventually(program.is_ready, "the gateway to serve")
    async with requests("shop.test", port) as tally:
        first, second = (plane, other) if plane.kinds else (other, plane)
        await first.stop()
        second.publish(shop(serial=2))
        await eventually(serves(port, number=2), "the other's certificate")
    assert tally.failed == []
    await other.stop()


async def test_a_gateway_that_starts_while_all_are_away_serves_what_it_accepted_last(
    plane: ControlPlane, program: Program, shop, port: int
) -> None:
    plane.publish(shop(serial=7))
    await program.start()
    await eventually(program.is_ready, "the gateway to serve")
    await plane.stop()
    assert await program.end() == 0
    assert await serial("shop.test", port) is None
    await program.start()
    await eventually(program.is_ready, "the gateway to serve what is stored")
    assert await serial("shop.test", port) == 7
    assert await body("shop.test", port) == "hello"
    code, page = await program.pylae("status")
    assert code == 0
    assert "none for" in page
    assert "stored" in page
    plane.wanted = shop("changed", serial=8)
    async with requests("shop.test", port) as tally:
        await plane.start()
        await eventually(serves(port, number=8), "what changed meanwhile")
    assert tally.failed == []


async def test_what_is_stored_longer_ago_than_asked_for_is_not_served(
    plane: ControlPlane, program: Program, port: int
) -> None:
    await program.start()
    await eventually(program.is_ready, "the gateway to serve")
    await plane.stop()
    await program.end()
    hour_ago = time.time() - 3600
    os.utime(program.data / "configuration.db", (hour_ago, hour_ago))
    await program.start("--serve-stored-for", "30m")

    async def told() -> bool:
        return "too old" in program.said

    await eventually(told, "the reason")
    assert await serial("shop.test", port) is None
    await program.end()
    await program.start("--serve-stored-for", "2h")
    await eventually(program.is_ready, "the gateway to serve what is stored")


async def test_what_was_stored_for_another_namespace_is_forgotten(plane: ControlPlane, program: Program) -> None:
    await program.start()
    await eventually(program.is_ready, "the gateway to serve")
    await plane.stop()
    await program.end()
    await program.start("-n", "another")

    async def told() -> bool:
        return "nothing is stored" in program.said

    await eventually(told, "the reason")


async def test_a_gateway_program_that_is_killed_leaves_its_envoy_and_the_next_one_takes_it_over(
    plane: ControlPlane, program: Program, shop, port: int
) -> None:
    await program.start()
    await eventually(program.is_ready, "the gateway to serve")
    envoy = (await program.status())["envoy"]["pid"]
    async with requests("shop.test", port) as tally:
        await program.end(signal.SIGKILL)
        await plane.stop()
        await program.start()
        await eventually(program.is_ready, "the gateway to serve")
        assert (await program.status())["envoy"]["pid"] == envoy
        plane.wanted = shop(serial=2)
        await plane.start()
        await eventually(serves(port, number=2), "what changed meanwhile")
    assert tally.failed == []


async def test_an_envoy_that_dies_while_all_are_away_is_given_what_is_stored(
    plane: ControlPlane, program: Program, port: int
) -> None:
    await program.start()
    await eventually(program.is_ready, "the gateway to serve")
    await plane.stop()
    os.kill((await program.status())["envoy"]["pid"], signal.SIGKILL)
    await eventually(serves(port, number=1), "the next Envoy")


async def test_a_control_plane_that_only_listens_does_not_hold_the_gateway(
    plane: ControlPlane, program: Program, issuer: Authority, port: int
) -> None:
    """One that is stopped or on a dead machine takes connections, and says nothing."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        program.control_planes = [f"127.0.0.1:{silent.getsockname()[1]}", plane.address]
        await program.start()
        await eventually(program.joined, "the other one to be found")


async def test_a_path_that_dies_without_a_word_is_noticed(plane: ControlPlane, program: Program, port: int) -> None:
    async with Wire(plane.port) as wire:
        program.control_planes = [f"127.0.0.1:{wire.port}"]
        await program.start()
        await eventually(program.is_ready, "the gateway to serve")
        wire.dead.set()
        async with requests("shop.test", port) as tally:
            await asyncio.sleep(10)
            await eventually(away(program), "the gateway to notice")
    assert tally.failed == []


async def test_requests_end_before_the_gateway_does(plane: ControlPlane, program: Program, port: int) -> None:
    async with Upstream("slow") as upstream:
        plane.publish(
            world(
                listener("http", port, plain("routes")),
                forwarding("routes", "slow"),
                cluster("slow"),
                endpoints("slow", upstream.port),
            )
        )
        await program.start()
        await eventually(program.is_ready, "the gateway to serve")
        envoy = (await program.status())["envoy"]["pid"]
        held = asyncio.create_task(curl(f"http://127.0.0.1:{port}/held"))
        await asyncio.wait_for(upstream.held.wait(), 10)
        ending = asyncio.create_task(program.end())
        await asyncio.sleep(0.5)
        upstream.release.set()
        assert await held == "slow"
        assert await ending == 0
    with pytest.raises(ProcessLookupError):
        os.kill(envoy, 0)


class Wire:
    """A way to a port of loopback that can be cut without either side being told."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._ways: list[asyncio.Task[None]] = []
        self.dead = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._lead, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for way in self._ways:
            way.cancel()
        await asyncio.gather(*self._ways, return_exceptions=True)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward, back = await asyncio.open_connection("127.0.0.1", self._to)
        for source, target in ((reader, back), (onward, writer)):
            self._ways.append(asyncio.create_task(self._carry(source, target)))

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while (some := await source.read(65536)) and not self.dead.is_set():
                target.write(some)
            await asyncio.sleep(60 if self.dead.is_set() else 0)
        finally:
            target.close()


async def curl(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()


def away(program: Program):
    async def is_away() -> bool:
        return not await program.joined()

    return is_away


def serves(port: int, *, number: int):
    async def does() -> bool:
        return await serial("shop.test", port) == number

    return does
