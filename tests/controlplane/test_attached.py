"""`pylae run` on an API that is not its own, the embedded one and a real kube-apiserver: who serves, who reports, and
what is left alone."""

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from attached import NAMESPACE, Kubectl, a_replica, gateway, pause, teach, virtual_service
from constant_rate import requests
from engine import Engine, an_embedded_server
from joining import a_gateway, until_ready
from world import Answer, pair, secret, until

from cluster import a_cluster

pytestmark = pytest.mark.real

ENGINES = ["embedded", pytest.param("kubernetes", marks=pytest.mark.cluster)]

HANDOVER = 25
"""Seconds: a lease of 15, two attempts, and a machine that is busy."""


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with an_embedded_server() if request.param == "embedded" else a_cluster() as server:
        teach(server)
        yield server


@pytest.fixture
def kubectl(engine: Engine) -> Iterator[Kubectl]:
    """Objects of a test go with it."""
    made = Kubectl(engine.kubeconfig)
    yield made
    made("delete", "gateways.networking.istio.io,virtualservices", "--all", "-n", "edge")
    made("delete", "lease", "-n", NAMESPACE, "--all")


def curl(url: str, port: int, *arguments: str) -> Answer:
    host = url.split("/")[2]
    to = f"{host}:{443 if url.startswith('https') else 80}:127.0.0.1:{port}"
    command = ["curl", "-sS", "-i", "--max-time", "5", "--connect-to", to, *arguments, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


def version(kubectl: Kubectl, name: str) -> str:
    found: str = kubectl.json("get", "gateways.networking.istio.io", "-n", "edge", name)["metadata"]["resourceVersion"]
    return found


def conditions(kubectl: Kubectl, name: str) -> dict[str, str]:
    found = kubectl.json("get", "gateways.networking.istio.io", "-n", "edge", name).get("status") or {}
    return {one["type"]: one["status"] for one in found.get("conditions", ())}


def test_a_gateway_elsewhere_is_served_with_the_secrets_of_its_namespace(engine: Engine, kubectl: Kubectl) -> None:
    made = pair("shop.example")
    kubectl.apply(json.loads(secret("shop", namespace="edge", tls_crt=made.chain, tls_key=made.key)))
    kubectl.apply(gateway("shop", "shop.example", credential="shop"), virtual_service("shop", "shop.example", "hello"))
    with a_replica(engine.kubeconfig) as replica:
        with a_gateway(engine, replica) as (_, https):
            until(lambda: curl("https://shop.example/", https, "-k").body == "hello", 30)
            until(lambda: conditions(kubectl, "shop") == {"Accepted": "True", "Programmed": "True"}, 30)
        assert "PRIVATE KEY" not in replica.log


def test_of_two_one_reports_and_the_other_follows_when_it_is_killed(engine: Engine, kubectl: Kubectl) -> None:
    kubectl.apply(gateway("first", "first.example"), virtual_service("first", "first.example", "one"))
    with a_replica(engine.kubeconfig) as one, a_replica(engine.kubeconfig) as two, a_gateway(engine, one, two):
        until(lambda: conditions(kubectl, "first").get("Programmed") == "True", 30)
        (leader,) = [replica for replica in (one, two) if replica.has_said("Leading")]
        written, holder = version(kubectl, "first"), kubectl.holder()
        assert holder
        pause(1)
        assert version(kubectl, "first") == written
        leader.stop(signal.SIGKILL)
        kubectl.apply(gateway("second", "second.example"), virtual_service("second", "second.example", "two"))
        until(lambda: conditions(kubectl, "second").get("Programmed") == "True", HANDOVER)
        assert kubectl.holder() not in ("", holder)
        assert version(kubectl, "first") == written


def test_whoever_ends_in_peace_hands_over_at_once(engine: Engine, kubectl: Kubectl) -> None:
    with a_replica(engine.kubeconfig) as one, a_replica(engine.kubeconfig) as two:
        until_ready(one, two)
        until(kubectl.holder)
        leader, other = (one, two) if one.has_said("Leading") else (two, one)
        holder = kubectl.holder()
        began = time.monotonic()
        assert leader.stop() == 0
        until(lambda: other.has_said("Leading"), HANDOVER)
        assert time.monotonic() - began < 10
        assert kubectl.holder() not in ("", holder)


async def test_no_request_fails_whoever_is_killed_and_the_newest_state_is_served_soon_after(
    engine: Engine, kubectl: Kubectl
) -> None:
    made = pair("shop.example")
    kubectl.apply(json.loads(secret("shop", namespace="edge", tls_crt=made.chain, tls_key=made.key)))
    kubectl.apply(gateway("shop", "shop.example", credential="shop"), virtual_service("shop", "shop.example", "before"))
    with a_replica(engine.kubeconfig) as one, a_replica(engine.kubeconfig) as two, a_gateway(engine, one, two) as ports:

        def is_served(says: str) -> bool:
            return curl("https://shop.example/", ports[1], "-k").body == says

        def change(says: str) -> None:
            kubectl.apply(virtual_service("shop", "shop.example", says))
            began = time.monotonic()
            until(lambda: is_served(says), 20)
            assert time.monotonic() - began < 5, says

        def kill() -> None:
            leader, other = (one, two) if one.has_said("Leading") else (two, one)
            leader.stop(signal.SIGKILL)
            change("the leader is dead")
            other.stop(signal.SIGKILL)
            pause(1)
            one.start()
            two.start()
            until_ready(one, two)
            change("both were dead")
            engine.restart(by=signal.SIGKILL)
            change("the API was dead")

        until(lambda: is_served("before"), 30)
        async with requests("shop.example", ports[1]) as tally:
            await asyncio.to_thread(kill)
        assert tally.failed == []
        assert tally.asked > 50


def test_where_another_writes_the_status_there_are_only_events(engine: Engine, kubectl: Kubectl) -> None:
    kubectl.apply(gateway("theirs", "theirs.example", credential="missing"))
    theirs = '{"status": {"conditions": [{"type": "Reconciled", "status": "True"}]}}'
    place = ["gateways.networking.istio.io", "-n", "edge", "theirs"]
    kubectl("patch", *place, "--subresource=status", "--type=merge", "--field-manager=pilot-discovery", "-p", theirs)
    with a_replica(engine.kubeconfig) as replica, a_gateway(engine, replica):
        until(lambda: _told(kubectl), 30)
        assert conditions(kubectl, "theirs") == {"Reconciled": "True"}


def _told(kubectl: Kubectl) -> bool:
    events = kubectl.json("get", "events", "-n", "edge")["items"]
    return any(event["involvedObject"]["name"] == "theirs" for event in events)


def test_objects_of_another_revision_and_class_are_left_alone(engine: Engine, kubectl: Kubectl) -> None:
    kubectl.apply(
        gateway("ours", "ours.example"),
        gateway("revised", "revised.example", **{"istio.io/rev": "stable"}),
        gateway("classed", "classed.example", **{"pylae.dev/class": "inner"}),
    )
    with a_replica(engine.kubeconfig, "--revision", "canary") as replica, a_gateway(engine, replica):
        until(lambda: conditions(kubectl, "ours").get("Accepted") == "True", 30)
        pause(1)
        assert conditions(kubectl, "revised") == conditions(kubectl, "classed") == {}
