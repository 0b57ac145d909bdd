"""What goes wrong on a real cluster, one after the other, while clients ask every gateway at a constant rate: none of
them loses a request, and what changed meanwhile is on the wire soon after. `-s` prints the figures.
"""

import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from api_proxy import ApiProxy
from attached import NAMESPACE, Replica, pause
from fault import Faults
from installation import Installation, an_installation
from joining import JoinedGateway, until_ready
from world import until

pytestmark = [pytest.mark.real, pytest.mark.cluster]

AWAY = 60
"""Seconds without an API."""

FROZEN = 20
"""Seconds: longer than a Lease lasts."""

HANDOVER = 30
"""Seconds until another leads: a lease of 15, two attempts, and a machine that is busy."""

ROOMS = (Path("/usr/lib"), Path(__file__).parents[2] / ".tools/usr/lib")
FAKETIME = [path for room in ROOMS for path in sorted(room.glob("*/faketime/libfaketimeMT.so.1"))]
"""Debian's libfaketime, installed or unpacked by `./test --cluster`."""


@pytest.fixture(scope="module")
def made() -> Iterator[Installation]:
    with an_installation() as installation:
        yield installation


@pytest.fixture(scope="module")
def faults(made: Installation) -> Iterator[Faults]:
    gathered = Faults(made)
    yield gathered
    print("", *gathered.seen, sep="\n")


def test_the_leader_is_killed(made: Installation, faults: Faults) -> None:
    with faults.fault("the leading control plane is killed") as fault:
        leader = made.leader()
        holder = made.kubectl.holder()
        leader.stop(signal.SIGKILL)
        fault.seen = made.change_and_see(time.monotonic())
        _restart_program(made.gateways[0])
        until(lambda: made.kubectl.holder() not in ("", holder), HANDOVER)
        until(lambda: _is_told(made), HANDOVER)
        leader.start()
        until_ready(*made.replicas)


def test_both_are_killed_and_one_comes_back(made: Installation, faults: Faults) -> None:
    one, other = made.replicas
    apart = made.gateways[2]
    with faults.fault("both control planes are killed, one comes back", *made.gateways[:2]) as fault:
        before = made.change()
        until(lambda: made.serves(before))
        for replica in made.replicas:
            replica.stop(signal.SIGKILL)
        _restart_program(made.gateways[0])
        apart.stop()
        apart.start()
        assert made.serves(before, apart), "what is stored is not served"
        after = made.change()
        with faults.fault("… of a gateway that began with what is stored", apart) as alone:
            one.start()
            began = time.monotonic()
            fault.seen = alone.seen = made.see(after, began, began)
        other.start()
        until_ready(*made.replicas)


def test_the_api_is_away_for_a_minute(made: Installation, faults: Faults) -> None:
    with faults.fault(f"the API server is away for {AWAY} s") as fault:
        began = time.monotonic()
        made.cluster.apiserver.stop(signal.SIGKILL)
        _restart_program(made.gateways[1])
        pause(AWAY - (time.monotonic() - began))
        made.cluster.start_apiserver()
        fault.seen = made.change_and_see(time.monotonic())
    assert all(replica.is_ready for replica in made.replicas)
    until(lambda: _is_told(made), HANDOVER)


def test_a_whole_gateway_starts_anew_while_the_api_is_away(made: Installation, faults: Faults) -> None:
    apart = made.gateways[1]
    with faults.fault("a whole gateway starts anew without an API", *_others(made, apart)) as fault:
        before = made.change()
        until(lambda: made.serves(before))
        made.cluster.apiserver.stop(signal.SIGKILL)
        apart.stop()
        apart.start()
        assert made.serves(before, apart)
        made.cluster.start_apiserver()
        fault.seen = made.change_and_see(time.monotonic())


def test_etcd_is_restarted(made: Installation, faults: Faults) -> None:
    with faults.fault("etcd is killed and starts again") as fault:
        made.cluster.etcd.stop(signal.SIGKILL)
        _restart_program(made.gateways[2])
        pause(3)
        made.cluster.restart_etcd()
        fault.seen = made.change_and_see(time.monotonic())


def test_watches_end_in_the_middle_of_an_event(made: Installation, faults: Faults) -> None:
    torn = ("secrets", "virtualservices", "serviceentries")
    with faults.fault("watches end in the middle of an event") as fault:
        for proxy in made.proxies:
            proxy.tear(*torn)
        fault.seen = made.change_and_see(time.monotonic())
        _restart_program(made.gateways[0])
    assert all(set(torn) <= set(proxy.torn) for proxy in made.proxies)


def test_a_leader_that_was_frozen_writes_nothing_any_more(made: Installation, faults: Faults) -> None:
    frozen = made.leader()
    holder, proxy = made.kubectl.holder(), _proxy(made, frozen)
    with faults.fault(f"the leading control plane stands still for {FROZEN} s") as fault:
        _signal(frozen, signal.SIGSTOP)
        began = time.monotonic()
        made.change()
        _restart_program(made.gateways[2])
        until(lambda: made.kubectl.holder() not in ("", holder), HANDOVER)
        pause(FROZEN - (time.monotonic() - began))
        asked = len(proxy.asked)
        _signal(frozen, signal.SIGCONT)
        fault.seen = made.change_and_see(time.monotonic())
        until(lambda: frozen.has_said("Not leading any more"), HANDOVER)
        until(lambda: _is_told(made), HANDOVER)
        assert [one for one in proxy.asked[asked:] if one.is_report] == []
        assert made.leader() is made.other(frozen)


@pytest.mark.skipif(not FAKETIME, reason="libfaketime is missing: ./test --cluster gets it from Debian's packages")
def test_the_clock_of_a_control_plane_jumps(made: Installation, faults: Faults, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    jumping, other = made.replicas
    jumping.environment = {
        "LD_PRELOAD": str(FAKETIME[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # a steady clock is one that does not jump
    }
    with faults.fault("the leader's clock jumps by an hour, there and back") as fault:
        jumping.stop()
        jumping.start()
        until_ready(jumping)
        other.stop()  # it is to have the gateways, and to lead
        assert made.leader() is jumping
        other.start()
        until_ready(other)
        for hours in (1, -1):
            clock.write_text(f"{hours:+}h")
            fault.seen = max(fault.seen, made.change_and_see(time.monotonic()))
            pause(5)  # two renewals of the Lease
            assert abs(_renewed(made) - datetime.now(UTC) - timedelta(hours=hours)) < timedelta(minutes=1)
            assert made.leader() is jumping
            until(lambda: _is_told(made), HANDOVER)
        jumping.environment = {}
        jumping.stop()
        jumping.start()
        until_ready(jumping)


def _restart_program(one: JoinedGateway) -> None:
    """Its Envoy goes on meanwhile, and is the same afterwards."""
    envoy = one.status()["envoy"]["pid"]
    one.kill()
    one.start()
    assert one.status()["envoy"]["pid"] == envoy


def _is_told(made: Installation) -> bool:
    """Whether every Gateway says of its present generation that it is programmed."""
    found = made.kubectl.json("get", "gateways.networking.istio.io", "-A")["items"]
    conditions = [_programmed(one) for one in found]
    return all(conditions)


def _programmed(document: dict) -> bool:
    status, generation = document.get("status") or {}, document["metadata"]["generation"]
    return any(
        one["type"] == "Programmed" and one["status"] == "True" and one["observedGeneration"] == generation
        for one in status.get("conditions", ())
    )


def _renewed(made: Installation) -> datetime:
    """When the Lease was renewed last, by the clock of its holder."""
    lease = made.kubectl.json("get", "lease", "-n", NAMESPACE, "pylae-status")
    return datetime.fromisoformat(lease["spec"]["renewTime"])


def _others(made: Installation, apart: JoinedGateway) -> list[JoinedGateway]:
    return [one for one in made.gateways if one is not apart]


def _proxy(made: Installation, replica: Replica) -> ApiProxy:
    return next(proxy for proxy in made.proxies if proxy.kubeconfig == replica.kubeconfig)


def _signal(replica: Replica, number: signal.Signals) -> None:
    assert replica.process
    replica.process.send_signal(number)
