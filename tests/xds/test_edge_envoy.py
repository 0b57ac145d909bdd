"""The limits of the edge on a real Envoy: what a stranger cannot do, and what goes on as if there were no limits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from data_plane import Upstream, eventually, free_port
from lab import Lab
from picture import certificate, cluster, endpoints, forwarding, listener, plain, routes, site, world

from pylae.envoy.limits import Limits
from pylae.model.edge import OFF, Edge, EscapedSlashes
from pylae.model.ir.listener import HttpConnectionManager
from pylae.model.ir.route import Forward, Retry, RouteConfiguration, WeightedCluster
from pylae.xds.resource import ResourceSet

pytestmark = pytest.mark.real

WEB = "outbound|80||web"
SHORT = timedelta(milliseconds=200)


@pytest.fixture
async def web() -> AsyncIterator[Upstream]:
    async with Upstream("web") as made:
        yield made


def gateway(port: int, upstream: int, edge: Edge, made: RouteConfiguration | None = None, **more: bool) -> ResourceSet:
    """Everything that comes to the port goes to the upstream."""
    chain = replace(plain("http"), payload=HttpConnectionManager("http", "p;", edge=edge))
    return world(
        replace(listener("0.0.0.0_8080", port, chain), edge=edge),
        made or forwarding("http", WEB),
        cluster(WEB, edge=edge, **more),
        endpoints(WEB, upstream),
    )


async def begun(lab: Lab, web: Upstream, edge: Edge, made: RouteConfiguration | None = None) -> str:
    port = free_port()
    await lab.settle(gateway(port, web.port, edge, made))
    return f"http://web.test:{port}"


async def test_gateway_and_backend_judge_the_same_path(lab: Lab, web: Upstream) -> None:
    url = await begun(lab, web, Edge())
    for path in ("/a%2Fheaders", "/a%5Cheaders"):
        assert (await lab.curl(f"{url}{path}")).status == 307
    for path in ("//headers", "/a/../headers", "/a/%2e%2e/headers", "/h%65aders"):
        assert "host" in (await lab.curl(f"{url}{path}", "--path-as-is")).body.split()


async def test_paths_are_left_alone_where_that_was_asked_for(lab: Lab, web: Upstream) -> None:
    url = await begun(
        lab, web, Edge(merge_slashes=False, path_with_escaped_slashes_action=EscapedSlashes.KEEP_UNCHANGED)
    )
    for path in ("/a%2Fheaders", "//headers"):
        assert (await lab.curl(f"{url}{path}", "--path-as-is")).body == "web"


async def test_a_header_that_a_backend_could_take_for_another_is_refused(lab: Lab, web: Upstream) -> None:
    url = await begun(lab, web, Edge())
    assert (await lab.curl(url + "/", "-H", "x_forwarded_for: 1.1.1.1")).status == 400
    assert (await lab.curl(url + "/", "-H", "x-plain: 1")).status == 200


async def test_a_header_that_is_too_large_is_refused_as_before(lab: Lab, web: Upstream) -> None:
    url = await begun(lab, web, Edge(max_request_headers_kb=4))
    assert (await lab.curl(url + "/", "-H", f"cookie: {'a' * 3_500}")).status == 200
    assert (await lab.curl(url + "/", "-H", f"cookie: {'a' * 4_500}")).status == 431


async def test_what_stands_still_is_ended_unless_its_route_gives_it_longer(lab: Lab, web: Upstream) -> None:
    edge = Edge(stream_idle_timeout=SHORT)
    url = await begun(lab, web, edge)
    assert (await lab.curl(f"{url}/held")).status == 504
    patient = Forward((WeightedCluster(WEB),), timeout=timedelta(seconds=30), idle_timeout=timedelta(seconds=30))
    lab.publish(gateway(int(url.rpartition(":")[2]), web.port, edge, routes("http", patient)))
    await lab.settle()
    web.held.clear()
    held = asyncio.create_task(lab.curl(f"{url}/held"))
    await web.held.wait()
    done, _ = await asyncio.wait([held], timeout=3 * SHORT.total_seconds())
    assert not done
    web.release.set()
    assert (await held).body == "web"


async def test_a_websocket_that_is_used_lives_on_and_one_that_is_not_is_ended(lab: Lab, web: Upstream) -> None:
    url = await begun(lab, web, Edge(stream_idle_timeout=SHORT))
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    writer.write(
        f"GET /socket HTTP/1.1\r\nHost: web.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n".encode()
    )
    assert b"101" in (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0]
    loop = asyncio.get_running_loop()
    opened = loop.time()
    while loop.time() < opened + 3 * SHORT.total_seconds():
        writer.write(b"\x81\x82\x00\x00\x00\x00hi")
        assert await reader.readexactly(4) == b"\x81\x02hi"
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()


@pytest.mark.parametrize("size", [20_000, 100_000, 900_000])
async def test_a_request_larger_than_the_buffer_is_tried_again_elsewhere(lab: Lab, web: Upstream, size: int) -> None:
    port = free_port()
    body = lab.directory / "body"
    body.write_bytes(b"x" * size)
    made = Forward((WeightedCluster(WEB),), retry=Retry(attempts=10))  # chance may send some of them to nobody again
    nobody = (free_port(), free_port())
    edge = Edge()
    chain = replace(plain("http"), payload=HttpConnectionManager("http", "p;", edge=edge))
    await lab.settle(
        world(
            replace(listener("0.0.0.0_8080", port, chain), edge=edge),
            routes("http", made),
            cluster(WEB),
            endpoints(WEB, web.port, *nobody),
        )
    )
    for _ in range(8):
        answer = await lab.curl(f"http://web.test:{port}/", "-H", "expect:", "--data-binary", f"@{body}")
        assert answer.status == 200


async def test_nobody_takes_more_connections_than_there_may_be_and_we_still_see_what_goes_on() -> None:
    lab = Lab(limits=Limits(max_connections=3))
    async with lab, Upstream("web") as web:
        port = int((await begun(lab, web, Edge())).rpartition(":")[2])
        async with AsyncExitStack() as opened:
            for _ in range(3):
                assert await _asks(port, opened)
            assert not await _asks(port, opened)
            assert await lab.admin.ready()
        await eventually(lambda: _asks(port), "room for another connection")


async def _asks(port: int, opened: AsyncExitStack | None = None) -> bool:
    """Whether a new connection, kept open if there is somewhere to keep it, is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    (opened.callback if opened else lambda close: None)(writer.close)
    try:
        writer.write(b"GET / HTTP/1.1\r\nhost: web.test\r\n\r\n")
        return b"200" in await reader.readline()
    except ConnectionError:
        return False
    finally:
        if opened is None:
            writer.close()


async def test_a_client_certificate_is_told_only_by_the_gateway(lab: Lab, web: Upstream) -> None:
    port, https = free_port(), free_port()
    await lab.settle(
        world(
            listener("0.0.0.0_8080", port, plain("http")),
            listener("0.0.0.0_8443", https, site("web.test", "kubernetes://web", "http")),
            forwarding("http", WEB),
            cluster(WEB),
            endpoints(WEB, web.port),
            certificate("kubernetes://web", "web.test"),
        )
    )
    for url in (f"http://web.test:{port}/headers", f"https://web.test:{https}/headers"):
        answer = await lab.curl(url, "-H", "x-forwarded-client-cert: Subject=admin")
        assert "host" in answer.body.split()
        assert "x-forwarded-client-cert" not in answer.body.split()


async def test_clusters_that_are_not_counted_are_counted_as_one(lab: Lab, web: Upstream) -> None:
    port = free_port()
    await lab.settle(gateway(port, web.port, Edge(), counted=False))
    assert (await lab.curl(f"http://web.test:{port}/")).status == 200
    stats = await lab.admin.stats("^cluster")
    assert stats["cluster.on-demand;.upstream_rq_total"] == 1
    assert not [name for name in stats if WEB in name or "membership" in name.partition("on-demand")[2]]


async def test_numbers_are_right_the_moment_they_are_asked_for(lab: Lab, web: Upstream) -> None:
    url = await begun(lab, web, Edge())
    for number in range(1, 4):
        assert (await lab.curl(url + "/")).status == 200
        text = await lab.admin.stats_prometheus()
        assert f'envoy_cluster_upstream_rq_total{{cluster_name="{WEB}"}} {number}\n' in text
        assert f'envoy_cluster_upstream_rq_time_count{{cluster_name="{WEB}"}} {number}\n' in text


async def test_streams_of_one_connection_are_limited(lab: Lab, web: Upstream) -> None:
    url = await begun(lab, web, Edge(max_concurrent_streams=2, stream_idle_timeout=OFF))
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04\x00" + bytes(4))
    length = int.from_bytes(await reader.readexactly(3), "big")
    assert (await reader.readexactly(6))[0] == 4  # SETTINGS
    told = await reader.readexactly(length)
    pairs = {
        int.from_bytes(told[at : at + 2], "big"): int.from_bytes(told[at + 2 : at + 6], "big")
        for at in range(0, length, 6)
    }
    assert pairs[3] == 2  # SETTINGS_MAX_CONCURRENT_STREAMS
    assert pairs.get(4, 65_535) == 65_536  # SETTINGS_INITIAL_WINDOW_SIZE
    writer.close()
