"""Clusters for as long as somebody needs them, with their endpoints."""

from dataclasses import replace

import pytest
from edits import AGES, ENDPOINT_SLICE, SERVICE, WORKLOAD, of

from pylae.api.meta import ObjectRef
from pylae.controlplane.fleet.backends import AHEAD, Backends
from pylae.controlplane.report.ledger import Ledger
from pylae.model import codes
from pylae.model.ir.cluster import Cluster, Discovery, Endpoint
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Snapshot
from pylae.translate.registry import ServiceRegistry
from pylae.xds.resource import Type
from pylae.xds.world import World

HOSTNAME = "x.shop.svc.cluster.local"
NAME = f"outbound|80||{HOSTNAME}"
CLUSTER = Cluster(NAME, HOSTNAME, 80, Origin(ObjectRef("Service", "shop", "x"), "spec.ports[0]"))
BY_NAME = replace(CLUSTER, discovery=Discovery.STRICT_DNS, endpoints=(Endpoint("ext.io", 80),))


class Stage:
    def __init__(self) -> None:
        self.snapshot, self.world, self.ledger = Snapshot(), World(), Ledger()
        ports = {"spec": {"ports": [{"name": "http", "port": 80}]}}
        self.snapshot.put("services", ("shop", "x"), of(SERVICE, "x", "shop", AGES[0], ports))
        self.backends = Backends(ServiceRegistry(self.snapshot, WORKLOAD), self.world, self.ledger)

    def put_endpoint(self) -> None:
        body = {
            "metadata": {"labels": {"kubernetes.io/service-name": "x"}},
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": 8080}],
            "endpoints": [{"addresses": ["10.0.0.1"]}],
        }
        self.snapshot.put("endpoint_slices", ("shop", "x-1"), of(ENDPOINT_SLICE, "x-1", "shop", AGES[0], body))
        self.backends.refresh([HOSTNAME])

    def version(self, type_: Type) -> str | None:
        found = self.world.get_resource((type_, NAME))
        return found.version if found else None

    @property
    def is_unready(self) -> bool:
        return any(finding.code is codes.NO_ENDPOINTS for finding in self.ledger.all())


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_cluster_is_there_as_long_as_anybody_holds_it(stage: Stage) -> None:
    stage.backends.hold("a.io", [CLUSTER])
    stage.backends.hold("b.io", [CLUSTER])
    assert len(stage.backends) == 1
    stage.backends.release("a.io")
    assert stage.version(Type.CLUSTER)
    stage.backends.hold("b.io", [])
    assert stage.version(Type.CLUSTER) is stage.version(Type.ENDPOINT) is None
    assert len(stage.backends) == len(stage.ledger) == 0
    assert not stage.backends._held
    assert not stage.backends._of_hostname


def test_a_service_without_endpoints_is_told_until_it_has_one(stage: Stage) -> None:
    stage.backends.hold("a.io", [CLUSTER])
    before = stage.version(Type.CLUSTER), stage.version(Type.ENDPOINT)
    assert stage.is_unready
    stage.put_endpoint()
    assert not stage.is_unready
    assert stage.version(Type.CLUSTER) == before[0]
    assert stage.version(Type.ENDPOINT) != before[1]


def test_statistics_are_counted_for_what_is_sent_ahead_and_for_as_long_as_it_is(stage: Stage) -> None:
    stage.backends.hold("a.io", [CLUSTER])
    waiting = stage.version(Type.CLUSTER)
    stage.backends.hold(AHEAD, [CLUSTER])
    counted = stage.version(Type.CLUSTER)
    assert counted != waiting
    stage.backends.hold("b.io", [CLUSTER])
    assert stage.version(Type.CLUSTER) == counted
    stage.backends.release(AHEAD)
    assert stage.version(Type.CLUSTER) == waiting


def test_a_cluster_that_finds_its_endpoints_in_another_way_by_now_has_those(stage: Stage) -> None:
    stage.backends.hold("a.io", [BY_NAME])
    assert stage.version(Type.ENDPOINT) is None
    stage.backends.hold("a.io", [CLUSTER])
    assert stage.version(Type.ENDPOINT)
    assert stage.is_unready
    stage.backends.hold("a.io", [BY_NAME])
    assert stage.version(Type.ENDPOINT) is None
    assert not stage.is_unready


def test_a_cluster_that_cannot_be_spelled_takes_no_other_down(stage: Stage) -> None:
    broken = replace(BY_NAME, name="broken", endpoints=(Endpoint("ext.io", -1),))
    stage.backends.hold("a.io", [broken, CLUSTER])
    assert list(stage.backends.broken) == [(Type.CLUSTER, "broken")]
    assert stage.version(Type.CLUSTER)
    stage.backends.release("a.io")
    assert not stage.backends.broken
