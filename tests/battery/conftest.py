"""One battery, two servers: `engine` is the embedded API, and a real kube-apiserver where `./test --cluster` built
it."""

import asyncio
import json
import secrets
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from custom import DEFINITIONS, Defined, a_group, condition, definition
from differences import answer
from engine import Engine, an_embedded_server
from kubectls import Kubectl, aimed, kubectls
from rest import Json, Rest, session

from cluster import a_cluster
from pylae.apimachinery.custom.crd import definitions

ENGINES = ["embedded", pytest.param("kubernetes", marks=pytest.mark.cluster)]
ESTABLISHED = "--for=condition=Established"


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """One of each for all tests of a worker. A test has a namespace of its own there."""
    if request.param == "embedded":
        with an_embedded_server() as server:
            yield server
    else:
        with a_cluster() as cluster:
            _teach(cluster)
            yield cluster


def _teach(cluster: Engine) -> None:
    """Istio's kinds, which the embedded API knows by itself."""
    kubectl = ["kubectl", "--kubeconfig", str(cluster.kubeconfig)]
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": definitions()})
    subprocess.run([*kubectl, "create", "-f", "-"], input=listed, text=True, check=True, capture_output=True)
    names = [f"crd/{made['metadata']['name']}" for made in definitions()]
    subprocess.run([*kubectl, "wait", ESTABLISHED, *names, "--timeout=60s"], check=True, capture_output=True)


@pytest.fixture
async def api(engine: Engine) -> AsyncIterator[Rest]:
    """The administrator's client, and a namespace that nobody else uses."""
    namespace = f"battery-{secrets.token_hex(4)}"
    async with session(engine.kubeconfig) as opened:
        client = Rest(opened, engine.url, namespace)
        reply = await client("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
        assert reply.status == 201, reply.body
        yield client
        await client("DELETE", f"/api/v1/namespaces/{namespace}")


@pytest.fixture
async def nobody(engine: Engine) -> AsyncIterator[Rest]:
    """A client without credentials."""
    async with session(engine.kubeconfig, token="") as opened:
        yield Rest(opened, engine.url)


@pytest.fixture
def expected(engine: Engine) -> Callable[[str], object]:
    """What this engine answers where the two differ (see `differences.py`)."""
    return lambda name: answer(engine.name, name)


@pytest.fixture
def eventually() -> Callable[..., object]:
    """Waits for what comes about by itself, such as a new kind that is served."""

    async def wait(holds: Callable[[], Awaitable[object]]) -> None:
        async with asyncio.timeout(30):
            while not await holds():
                pass

    return wait


@pytest.fixture
async def define(api: Rest, eventually) -> AsyncIterator[Callable[..., Awaitable[Defined]]]:
    """Makes a kind of these versions and waits until it is served. It is gone after the test, with its objects."""
    made: list[Defined] = []

    async def create(*versions: Json, **fields: object) -> Defined:
        group = a_group()
        reply = await api("POST", DEFINITIONS, definition(group, *versions, **fields))
        assert reply.status == 201, reply.body
        kind = Defined(api, group, tuple(each["name"] for each in versions if each["served"]) or ("v1",))
        made.append(kind)

        async def served() -> bool:
            established = condition(await kind.definition(), "Established").get("status") == "True"
            return established and (await api("GET", f"/apis/{group}/{kind.versions[0]}/widgets")).status == 200

        await eventually(served)
        return kind

    yield create
    for kind in made:
        await api("DELETE", f"{DEFINITIONS}/{kind.name}")


@pytest.fixture(params=kubectls() or [pytest.param("", marks=pytest.mark.skip("there is no kubectl here"))])
async def kubectl(request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> AsyncIterator[Kubectl]:
    """Each kubectl at hand, in a namespace of this test's own."""
    client = await aimed(request.param, engine.kubeconfig, tmp_path / "home", f"sweep-{secrets.token_hex(4)}")
    yield client
    await client.run("delete", "namespace", client.namespace, "--wait=false")
