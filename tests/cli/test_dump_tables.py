"""istioctl's tables, drawn from a real Envoy's dump: columns, order and spacing are compared with what stands in
golden/.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pylae.cli.dump import cluster, endpoint, listener, route, secret
from pylae.cli.dump.source import Table
from pylae.cli.output import columns

Json = dict[str, Any]

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 11, 24, tzinfo=UTC)

TABLES: dict[str, Callable[[Json, Json], Table]] = {
    "secret": lambda dump, clusters: secret.table(dump, NOW),
    "listener": lambda dump, clusters: listener.table(dump, listener.Filter()),
    "listener-brief": lambda dump, clusters: listener.brief_table(dump, listener.Filter()),
    "route": lambda dump, clusters: route.table(dump, ""),
    "route-brief": lambda dump, clusters: route.brief_table(dump, ""),
    "cluster": lambda dump, clusters: cluster.table(dump, cluster.Filter()),
    "endpoint": lambda dump, clusters: endpoint.table(clusters, endpoint.Filter()),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_reads_as_istioctl_prints_it(name: str, dump: Json, clusters: Json) -> None:
    table = TABLES[name](dump, clusters)
    assert columns(table.head, table.rows, gap=table.gap) + "\n" == (GOLDEN / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_dump_has_the_head_alone(name: str) -> None:
    assert TABLES[name]({}, {}).rows == ()


def first(table: Table) -> list[str]:
    return [row[0] for row in table.rows]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (cluster.Filter(fqdn="catalog"), ["catalog.istioinaction.svc.cluster.local"]),
        (cluster.Filter(subset="v1"), ["webapp.istioinaction.svc.cluster.local"]),
        (cluster.Filter(port=443), []),
        (cluster.Filter(direction="outbound", fqdn="webapp"), ["webapp.istioinaction.svc.cluster.local"] * 2),
        (cluster.Filter(direction="inbound"), []),
    ],
)
def test_clusters_are_picked_by_host_subset_port_and_direction(
    dump: Json, wanted: cluster.Filter, found: list[str]
) -> None:
    assert first(cluster.table(dump, wanted)) == found


@pytest.mark.parametrize(
    ("wanted", "ports"),
    [
        (listener.Filter(port=30906), {"30905,30906"}),
        (listener.Filter(port=8443), {"30905,30906"}),
        (listener.Filter(type="http"), {"30900"}),
        (listener.Filter(address="10.0.0.1"), set()),
    ],
)
def test_listeners_are_picked_by_the_port_they_bind_or_are_named_after_and_by_type(
    dump: Json, wanted: listener.Filter, ports: set[str]
) -> None:
    assert {row[1] for row in listener.table(dump, wanted).rows} == ports


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (endpoint.Filter(port=8080), 2),
        (endpoint.Filter(status="healthy"), 3),
        (endpoint.Filter(status="unhealthy"), 0),
        (endpoint.Filter(cluster="outbound|80||webapp.istioinaction.svc.cluster.local"), 1),
        (endpoint.Filter(address="127.0.0.1", port=3000), 1),
    ],
)
def test_endpoints_are_picked_by_address_port_cluster_and_health(
    clusters: Json, wanted: endpoint.Filter, number: int
) -> None:
    assert len(endpoint.table(clusters, wanted).rows) == number


def test_a_route_configuration_is_picked_by_its_name(dump: Json) -> None:
    assert first(route.table(dump, "http.8080")) == ["http.8080"]
    assert route.table(dump, "http.80").rows == ()


@pytest.mark.parametrize(
    ("health", "status", "check"),
    [
        ({}, "HEALTHY", "OK"),
        ({"failed_outlier_check": True}, "HEALTHY", "FAILED"),
        ({"failed_active_health_check": True, "eds_health_status": "HEALTHY"}, "UNHEALTHY", "OK"),
        ({"eds_health_status": "DRAINING"}, "DRAINING", "OK"),
    ],
)
def test_the_health_of_an_endpoint_in_istioctls_words(health: Json, status: str, check: str) -> None:
    host = {"address": {"pipe": {"path": "/run/x"}}, "health_status": health}
    (row,) = endpoint.table({"cluster_statuses": [{"name": "c", "host_statuses": [host]}]}, endpoint.Filter()).rows
    assert row == ("unix:///run/x", status, check, "c")
