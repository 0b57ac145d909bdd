from datetime import UTC, datetime

from pylae.cli.proxy_status import by_subscription, by_type

NOW = datetime(2026, 1, 1, 12, 5, tzinfo=UTC)
TYPES = {
    "CDS": {"state": "SYNCED", "since": "2026-01-01T12:00:00Z"},
    "LDS": {"state": "STALE", "since": "2026-01-01T12:04:58Z"},
    "RDS": {"state": "NOT SENT"},
}
PROXY = {
    "name": "istio-ingressgateway-0.istio-system",
    "cluster": "Kubernetes",
    "controlPlane": "pylae",
    "version": "1.40.0",
    "types": TYPES,
}


def test_the_types_that_an_envoy_follows_are_counted_in_istioctls_order() -> None:
    assert by_subscription([PROXY]).splitlines()[1].endswith("1.40.0      3 (CDS,LDS,RDS)")


def test_each_type_has_its_state_and_for_how_long() -> None:
    head, line = by_type([PROXY], NOW).splitlines()
    assert head.split() == ["NAME", "CLUSTER", "CDS", "LDS", "EDS", "RDS", "SDS", "ISTIOD", "VERSION"]
    assert "SYNCED (5m)     STALE (2s)     NOT SENT     NOT SENT     NOT SENT     pylae      1.40.0" in line


def test_scopes_are_told_of_an_envoy_that_serves_on_demand() -> None:
    scoped = {**PROXY, "types": {**TYPES, "SRDS": {"state": "SYNCED"}}}
    assert by_subscription([scoped]).splitlines()[1].endswith("4 (CDS,LDS,RDS,SRDS)")
    assert "SRDS" in by_type([scoped], NOW).splitlines()[0]


def test_who_came_from_elsewhere_is_told_by_what_it_proved_to_be() -> None:
    joined = {**PROXY, "name": "edge-0.shop", "identity": "system:serviceaccount:shop:edge", "peer": "ipv4:10.0.0.7:1"}
    head, local, remote = by_subscription([PROXY, joined]).splitlines()
    assert head.endswith("IDENTITY")
    assert local.endswith("this machine")
    assert remote.endswith("system:serviceaccount:shop:edge")
    assert by_type([joined], NOW).splitlines()[1].endswith("system:serviceaccount:shop:edge")
