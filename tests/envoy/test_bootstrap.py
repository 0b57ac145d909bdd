"""What Envoy is started with."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pylae.envoy.bootstrap import STATS_TAGS, Bootstrap
from pylae.envoy.limits import Limits

BOOTSTRAP = Bootstrap(Path("/run/xds.sock"), Path("/run/admin.sock"), labels={"istio": "ingressgateway"}, version="0.1")


def test_it_says_who_it_is_as_istios_gateways_do() -> None:
    node = json.loads(BOOTSTRAP.json())["node"]
    assert node["id"] == "router~127.0.0.1~istio-ingressgateway.istio-system~istio-system.svc.cluster.local"
    assert node["metadata"] == {
        "NAME": "istio-ingressgateway",
        "NAMESPACE": "istio-system",
        "LABELS": {"istio": "ingressgateway"},
        "PYLAE_VERSION": "0.1",
    }


def test_a_gateway_elsewhere_says_what_else_is_to_be_known_of_it() -> None:
    place = {"PYLAE_GATEWAY": {"bind": "127.0.0.2", "nodePorts": False, "publish": {"443": 30443}}}
    metadata = json.loads(replace(BOOTSTRAP, metadata=place).json())["node"]["metadata"]
    assert metadata["PYLAE_GATEWAY"] == {"bind": "127.0.0.2", "nodePorts": False, "publish": {"443": 30443}}
    assert metadata["NAME"] == "istio-ingressgateway"


def test_the_admin_page_is_its_owners_alone_and_on_no_port() -> None:
    document = json.loads(BOOTSTRAP.json())
    assert document["admin"]["address"] == {"pipe": {"path": "/run/admin.sock", "mode": 0o600}}
    assert "socket_address" not in BOOTSTRAP.json()


def test_everything_comes_by_delta_on_one_stream_over_a_unix_socket() -> None:
    document = json.loads(BOOTSTRAP.json())
    dynamic = document["dynamic_resources"]
    assert dynamic["ads_config"]["api_type"] == "DELTA_GRPC"
    assert dynamic["lds_config"]["ads"] == dynamic["cds_config"]["ads"] == {}
    [control_plane] = document["static_resources"]["clusters"]
    [[endpoint]] = [locality["lb_endpoints"] for locality in control_plane["load_assignment"]["endpoints"]]
    assert endpoint["endpoint"]["address"] == {"pipe": {"path": "/run/xds.sock"}}


def test_envoy_refuses_requests_before_memory_is_out_and_connections_beyond_the_limit() -> None:
    document = json.loads(replace(BOOTSTRAP, limits=Limits(512 * 2**20, 9000)).json())
    heap, connections = (row["typed_config"] for row in document["overload_manager"]["resource_monitors"])
    assert heap["max_heap_size_bytes"] == 512 * 2**20
    assert connections["max_active_downstream_connections"] == 9000
    actions = {row["name"]: row["triggers"] for row in document["overload_manager"]["actions"]}
    monitor = "envoy.resource_monitors.fixed_heap"
    assert actions == {
        "envoy.overload_actions.shrink_heap": [{"name": monitor, "threshold": {"value": 0.95}}],
        "envoy.overload_actions.stop_accepting_requests": [{"name": monitor, "threshold": {"value": 0.98}}],
    }


def test_memory_that_is_free_again_is_given_back_to_the_machine() -> None:
    allocator = json.loads(BOOTSTRAP.json())["memory_allocator_manager"]
    assert allocator == {"bytes_to_release": 100 * 2**20, "memory_release_interval": "1s"}


def test_a_flood_of_connections_does_not_shut_us_out_of_the_admin_page() -> None:
    assert json.loads(BOOTSTRAP.json())["admin"]["ignore_global_conn_limit"] is True


def test_statistics_of_single_hosts_on_demand_are_not_kept() -> None:
    document = json.loads(BOOTSTRAP.json())
    patterns = document["stats_config"]["stats_matcher"]["exclusion_list"]["patterns"]
    assert {"prefix": "sds."} in patterns
    assert document["stats_flush_on_admin"] is True


def test_the_same_settings_give_the_same_text() -> None:
    assert BOOTSTRAP.json() == BOOTSTRAP.json()


@pytest.mark.parametrize(
    ("tag", "statistic", "value", "rest"),
    [
        ("cluster_name", "cluster.outbound|80||web.shop.svc;.upstream_rq", "outbound|80||web.shop.svc", ";."),
        ("http_conn_manager_prefix", "http.outbound_0.0.0.0_8443;.downstream_rq", "outbound_0.0.0.0_8443", ";."),
        ("listener_address", "listener.127.0.0.1_30005.downstream_cx_total", "127.0.0.1_30005", "."),
        ("listener_address", "listener.[__1]_30005.downstream_cx_total", "[__1]_30005", "."),
    ],
)
def test_names_are_taken_out_of_statistics_as_labels(tag: str, statistic: str, value: str, rest: str) -> None:
    found = re.search(STATS_TAGS[tag], statistic)
    assert found is not None
    assert found.groups() == (value + rest, value)


@pytest.mark.parametrize(
    ("tag", "statistic", "value"),
    [
        ("response_code", "cluster.a;.upstream_rq_503", "503"),
        ("response_code_class", "cluster.a;.upstream_rq_5xx", "5xx"),
    ],
)
def test_response_codes_are_taken_out_of_statistics_as_labels(tag: str, statistic: str, value: str) -> None:
    found = re.search(STATS_TAGS[tag], statistic)
    assert found is not None
    assert found.groups() == (f"_{value}", value)
