"""`pylae enroll` and `pylae gateway` beside a real `pylae up`: the way of a user from one machine to two."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from world import Answer, World, a_world, documents, free_port, gateway, pair, secret

pytestmark = pytest.mark.real

HOST, ASKED = "edge.test", "asked.test"


@pytest.fixture
def xds() -> int:
    return free_port()


@pytest.fixture
def home(xds: int) -> Iterator[World]:
    with a_world("--xds", f"127.0.0.1:{xds}") as made:
        yield made


@pytest.fixture
def edge(home: World) -> Iterator[World]:
    """The same user on another machine: a data directory of its own."""
    made = World(home.data.parent / "edge")
    yield made
    made.pylae("down")


def test_a_gateway_is_enrolled_joins_and_serves_what_its_namespace_has(home: World, edge: World, xds: int) -> None:
    files = home.data.parent / "id"
    enrolled = home.pylae("enroll", "-n", "edge", "--out", str(files))
    assert enrolled.code == 0, enrolled.err
    assert f"--ca {files}/ca.crt --certificate {files}/tls.crt --key {files}/tls.key" in enrolled.out
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.iterdir()} == {0o600}
    assert "is there already" in home.pylae("enroll", "-n", "edge", "--out", str(files)).err

    shown, hidden = pair(HOST), pair(HOST)
    home.kubectl("create", "namespace", "edge")
    served = documents(
        gateway("edge", HOST, "shop", namespace="edge"),
        gateway("asked", ASKED, "shop", namespace="edge", serve="on-demand"),
    ).replace("ingressgateway", "edge")
    applied = home.apply(
        documents(
            secret("shop", namespace="edge", tls_crt=shown.chain, tls_key=shown.key),
            secret("shop", tls_crt=hidden.chain, tls_key=hidden.key),
            served,
        )
    )
    assert applied.code == 0, applied.err
    started = join(edge, files, xds)
    assert started.code == 0, started.out + started.err
    assert f"127.0.0.1:{xds}" in started.out
    answer = edge.curl(f"https://{HOST}/", "--cacert", str(written(edge, shown.chain)))
    assert answer.body == "hello from edge", answer.err
    assert "edge.edge" in home.pylae("proxy-status").out
    assert edge.curl(f"https://{ASKED}/", "-k").body == "hello from asked"
    assert "No Service in front" not in home.pylae("status").out

    home.pylae("down")
    edge.pylae("down")
    assert join(edge, files, xds).code == 0
    for host, name in ((HOST, "edge"), (ASKED, "asked")):
        assert edge.curl(f"https://{host}/", "-k").body == f"hello from {name}"
    assert "stored" in edge.pylae("status").out
    assert "Ask where its control plane runs" in edge.pylae("proxy-status").err


def join(edge: World, files: Path, xds: int) -> Answer:
    identity = ("--ca", f"{files}/ca.crt", "--certificate", f"{files}/tls.crt", "--key", f"{files}/tls.key")
    return edge.pylae(
        *("gateway", "-d", "--control-plane", f"127.0.0.1:{xds}", "-n", "edge", "--name", "edge", "-l", "istio=edge"),
        *("--bind", "127.0.0.1", "-p", f"{edge.https}:443", *identity),
    )


def written(edge: World, chain: str) -> Path:
    path = edge.data.parent / "shop.crt"
    path.write_text(chain)
    return path
