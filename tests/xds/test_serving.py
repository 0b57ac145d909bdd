"""What is emitted, on a real Envoy, asked by a real curl."""

import asyncio

import pytest
from lab import Lab, Upstream, eventually, free_port
from picture import (
    answering,
    certificate,
    cluster,
    endpoints,
    forwarding,
    listener,
    mismatched,
    plain,
    site,
    world,
)

from pylae.xds.delta import Accepted
from pylae.xds.resource import Type

pytestmark = pytest.mark.real


async def test_a_plain_host_and_a_tls_host_are_served(lab: Lab) -> None:
    http, https = free_port(), free_port()
    async with Upstream("webapp") as upstream:
        await lab.settle(
            world(
                listener("0.0.0.0_8080", http, plain("http.8080")),
                listener("0.0.0.0_8443", https, site("webapp.test", "kubernetes://webapp", "https.443")),
                forwarding("http.8080", "outbound|80||webapp"),
                forwarding("https.443", "outbound|80||webapp"),
                cluster("outbound|80||webapp"),
                endpoints("outbound|80||webapp", upstream.port),
                certificate("kubernetes://webapp", "webapp.test"),
            )
        )
        over_http = await lab.curl(f"http://webapp.test:{http}/")
        over_https = await lab.curl(f"https://webapp.test:{https}/")
    assert (over_http.status, over_http.body, over_http.version) == (200, "webapp", "1.1")
    assert (over_https.status, over_https.body, over_https.version) == (200, "webapp", "2")


async def test_a_secret_that_is_missing_keeps_nobody_else_waiting(lab: Lab) -> None:
    port = free_port()
    there = certificate("kubernetes://there", "there.test")
    nodes = (
        listener(
            "0.0.0.0_8443",
            port,
            site("there.test", "kubernetes://there", "https"),
            site("missing.test", "kubernetes://missing", "https"),
        ),
        answering("https", "here"),
        there,
    )
    await lab.settle(world(*nodes))
    assert (await lab.curl(f"https://there.test:{port}/")).body == "here"
    assert (await lab.curl(f"https://missing.test:{port}/")).code == 35

    before = await lab.listeners()
    await lab.settle(world(*nodes, certificate("kubernetes://missing", "missing.test")))
    assert (await lab.curl(f"https://missing.test:{port}/")).body == "here"
    assert await lab.listeners() == before


async def test_a_rotation_touches_no_listener(lab: Lab) -> None:
    port = free_port()
    nodes = (listener("0.0.0.0_8443", port, site("a.test", "kubernetes://a", "https")), answering("https", "here"))
    await lab.settle(world(*nodes, certificate("kubernetes://a", "a.test", serial=1)))
    before = await lab.listeners()
    for serial in range(2, 12):
        await lab.settle(world(*nodes, certificate("kubernetes://a", "a.test", serial=serial)))
        assert await lab.serial("a.test", port) == serial
    assert await lab.listeners() == before


async def test_a_key_of_another_certificate_is_refused_and_named_and_the_old_one_serves(lab: Lab) -> None:
    port = free_port()
    nodes = (
        listener(
            "0.0.0.0_8443", port, site("a.test", "kubernetes://a", "https"), site("b.test", "kubernetes://b", "https")
        ),
        answering("https", "here"),
        certificate("kubernetes://b", "b.test"),
    )
    await lab.settle(world(*nodes, certificate("kubernetes://a", "a.test", serial=7)))
    await lab.settle(world(*nodes, mismatched("kubernetes://a", "a.test")))
    assert list(lab.refused()) == ["kubernetes://a"]
    assert "KEY_VALUES_MISMATCH" in lab.refused()["kubernetes://a"]
    assert await lab.serial("a.test", port) == 7
    assert await lab.serial("b.test", port) == 1


async def test_a_refused_secret_does_not_spoil_the_listeners_that_come_later(lab: Lab) -> None:
    port = free_port()
    routes = answering("https", "here")
    good, bad = certificate("kubernetes://a", "a.test", serial=7), mismatched("kubernetes://a", "a.test")
    first, second = site("a.test", "kubernetes://a", "https"), site("a.test", "kubernetes://a", "other")
    await lab.settle(world(listener("0.0.0.0_8443", port, first), routes, good))
    await lab.settle(world(listener("0.0.0.0_8443", port, first), routes, bad))
    await lab.settle(world(listener("0.0.0.0_8443", port, second), answering("other", "new"), bad))
    assert list(lab.refused()) == ["kubernetes://a"]
    assert (await lab.curl(f"https://a.test:{port}/")).body == "new"


async def test_a_new_host_leaves_the_connections_of_the_others_open(lab: Lab) -> None:
    port = free_port()
    first, second = site("a.test", "kubernetes://a", "https"), site("b.test", "kubernetes://b", "https")
    async with Upstream("held") as upstream:
        nodes = (
            forwarding("https", "held"),
            cluster("held"),
            endpoints("held", upstream.port),
            certificate("kubernetes://a", "a.test"),
            certificate("kubernetes://b", "b.test"),
        )
        await lab.settle(world(listener("0.0.0.0_8443", port, first), *nodes))
        twice = (f"https://a.test:{port}/held", f"https://a.test:{port}/", "-w", "%{http_version} %{num_connects}\\n")
        client = await asyncio.create_subprocess_exec(
            *("curl", "-sk", "-o", "/dev/null", "-o", "/dev/null", "--connect-to", f"::127.0.0.1:{port}", *twice),
            stdout=asyncio.subprocess.PIPE,
        )
        await upstream.held.wait()
        await lab.settle(world(listener("0.0.0.0_8443", port, first, second), *nodes))
        assert (await lab.curl(f"https://b.test:{port}/")).body == "held"
        upstream.release.set()
        output, _ = await client.communicate()
    assert output.decode().split() == ["2", "1", "2", "0"]  # the second request found the connection of the first
    counts = await lab.listeners()
    assert (counts["listener_in_place_updated"], counts["total_listeners_draining"]) == (1, 0)


async def test_the_address_of_a_listener_is_changed_in_place(lab: Lab) -> None:
    old, new = free_port(), free_port()
    await lab.settle(world(listener("0.0.0.0_8080", old, plain("http")), answering("http", "here")))
    await lab.settle(world(listener("0.0.0.0_8080", new, plain("http")), answering("http", "here")))
    assert (await lab.curl(f"http://a.test:{new}/")).body == "here"
    assert (await lab.curl(f"http://a.test:{old}/")).code == 7
    assert (await lab.listeners())["listener_added"] == 1


async def test_an_address_comes_and_goes_without_the_others_noticing(lab: Lab) -> None:
    first, second = free_port(), free_port()
    await lab.settle(world(listener("0.0.0.0_8080", first, plain("http")), answering("http", "here")))
    await lab.settle(world(listener("0.0.0.0_8080", (first, second), plain("http")), answering("http", "here")))
    assert (await lab.curl(f"http://a.test:{first}/")).body == "here"
    assert (await lab.curl(f"http://a.test:{second}/")).body == "here"
    assert (await lab.listeners())["total_listeners_draining"] == 0
    await lab.settle(world(listener("0.0.0.0_8080", second, plain("http")), answering("http", "here")))
    assert (await lab.curl(f"http://a.test:{first}/")).code == 7
    assert (await lab.curl(f"http://a.test:{second}/")).body == "here"


async def test_a_route_whose_cluster_is_gone_answers_503_and_lives_on_when_it_is_back(lab: Lab) -> None:
    port = free_port()
    async with Upstream("here") as upstream:
        nodes = (listener("0.0.0.0_8080", port, plain("http")), forwarding("http", "web"))
        there = (cluster("web"), endpoints("web", upstream.port))
        await lab.settle(world(*nodes, *there))
        assert (await lab.curl(f"http://a.test:{port}/")).body == "here"
        await lab.settle(world(*nodes))
        assert (await lab.curl(f"http://a.test:{port}/")).status == 503
        await lab.settle(world(*nodes, *there))
        assert (await lab.curl(f"http://a.test:{port}/")).body == "here"


async def test_no_request_is_lost_while_routes_move_from_cluster_to_cluster(lab: Lab) -> None:
    port = free_port()
    nodes = (listener("0.0.0.0_8080", port, plain("http")),)
    async with Upstream("here") as upstream:

        def on(name: str) -> tuple[object, ...]:
            return forwarding("http", name), cluster(name), endpoints(name, upstream.port)

        await lab.settle(world(*nodes, *on("web-0")))
        load = Load(port)
        clients = [asyncio.create_task(load.run()) for _ in range(4)]
        for number in range(1, 31):
            await lab.settle(world(*nodes, *on(f"web-{number}")))
        load.over = True
        await asyncio.gather(*clients)
        await eventually(only_one_cluster(lab), "the clusters of before to be gone")
    assert load.failures == []
    assert load.answers > 100


def only_one_cluster(lab: Lab):
    async def probe() -> bool:
        held = lab.ads.connected()[0].types[Type.CLUSTER].versions
        return list(held) == ["web-30"]

    return probe


class Load:
    """Requests on kept connections, as fast as they are answered."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.over = False
        self.answers = 0
        self.failures: list[str] = []

    async def run(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while not self.over:
            writer.write(b"GET / HTTP/1.1\r\nhost: a.test\r\n\r\n")
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.partition("content-length: ")[2].split("\r\n")[0])
            await reader.readexactly(length)
            self.answers += 1
            if not head.startswith("http/1.1 200"):
                self.failures.append(head.splitlines()[0])
        writer.close()


async def test_what_was_accepted_is_reported_with_the_time_it_took(lab: Lab) -> None:
    await lab.settle(world(listener("0.0.0.0_8080", free_port(), plain("http")), answering("http", "here")))
    accepted = [seen for seen in lab.observations if isinstance(seen.event, Accepted)]
    assert {seen.event.type for seen in accepted} == {Type.LISTENER, Type.ROUTE}
    assert all(seen.seconds is not None and seen.seconds > 0 for seen in accepted)
    assert accepted[0].node.id == lab.bootstrap.node_id
    assert accepted[0].node.version == "1.40.0"
