"""Route configurations, matches and actions in Envoy's words."""

from datetime import timedelta
from typing import Any

import pytest
from picture import ORIGIN, decoded, forwarding

from pylae.model.ir.route import (
    DirectResponse,
    Exact,
    Forward,
    HeaderChanges,
    HeaderMatch,
    Prefix,
    Present,
    QueryMatch,
    Redirect,
    Regex,
    RegexRewrite,
    Retry,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)
from pylae.xds.resource import Type
from pylae.xds.route import emit_route_configuration, empty_route_configuration

WEB = WeightedCluster("outbound|80||webapp")


def emitted(route: Route) -> dict[str, Any]:
    hosts = (VirtualHost("webapp.test:80", ("webapp.test",), (route,), ORIGIN),)
    [found] = decoded(emit_route_configuration(RouteConfiguration("http.8080", hosts)))["virtual_hosts"][0]["routes"]
    return dict(found)


def acting(action: RouteAction, **more: Any) -> dict[str, Any]:
    return emitted(Route("", RouteMatch(), action, ORIGIN, **more))


def matching(**match: Any) -> dict[str, Any]:
    found: dict[str, Any] = emitted(Route("", RouteMatch(**match), DirectResponse(200), ORIGIN))["match"]
    return found


def test_a_host_that_redirects_to_https_needs_no_route() -> None:
    hosts = (VirtualHost("webapp.test:80", ("webapp.test",), (), ORIGIN, require_tls=True),)
    assert decoded(emit_route_configuration(RouteConfiguration("http.8080", hosts))) == {
        "name": "http.8080",
        "validate_clusters": False,
        "ignore_port_in_host_matching": True,
        "max_direct_response_body_size_bytes": 1048576,
        "virtual_hosts": [
            {
                "name": "webapp.test:80",
                "domains": ["webapp.test"],
                "include_request_attempt_count": True,
                "request_body_buffer_limit": "1048576",
                "require_tls": "ALL",
            }
        ],
    }


def test_a_route_of_istios_defaults() -> None:
    config = "/apis/networking.istio.io/v1/namespaces/shop/virtual-service/webapp-vs"
    route = Route("", RouteMatch(), Forward((WEB,), retry=Retry()), ORIGIN, "webapp.shop:80/*", config)
    retry = emitted(route)["route"].pop("retry_policy")
    assert retry.pop("retry_host_predicate")[0]["name"] == "envoy.retry_host_predicates.previous_hosts"
    assert retry == {
        "retry_on": "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
        "num_retries": 2,
        "host_selection_retry_max_attempts": "5",
    }
    document = emitted(route)
    del document["route"]["retry_policy"]
    assert document == {
        "match": {"prefix": "/", "case_sensitive": True},
        "metadata": {"filter_metadata": {"istio": {"config": config}}},
        "decorator": {"operation": "webapp.shop:80/*"},
        "route": {
            "cluster": "outbound|80||webapp",
            "timeout": "0s",
            "max_stream_duration": {"max_stream_duration": "0s", "grpc_timeout_header_max": "0s"},
        },
    }


def test_the_clusters_that_routes_name_are_needed_each_once() -> None:
    assert emit_route_configuration(forwarding("http.8080", "web")).needs == ((Type.CLUSTER, "web"),)
    shares = (WeightedCluster("b"), WeightedCluster("a"), WeightedCluster("b"))
    route = Route("", RouteMatch(), Forward(shares), ORIGIN)
    hosts = (VirtualHost("any", ("*",), (route, route), ORIGIN),)
    assert emit_route_configuration(RouteConfiguration("r", hosts)).needs == ((Type.CLUSTER, "a"), (Type.CLUSTER, "b"))


def test_a_name_that_nobody_knows_gets_a_configuration_without_hosts() -> None:
    document = decoded(empty_route_configuration("https.443"))
    assert document["name"] == "https.443"
    assert "virtual_hosts" not in document


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (Exact("/a"), {"path": "/a"}),
        (Prefix("/a"), {"prefix": "/a"}),
        (Regex("/a.*"), {"safe_regex": {"regex": "/a.*"}}),
    ],
)
def test_a_path_is_matched_whole_by_its_beginning_or_by_an_expression(path: Any, expected: dict[str, Any]) -> None:
    assert matching(path=path) == {**expected, "case_sensitive": True}


def test_a_path_may_be_matched_whatever_its_case() -> None:
    assert matching(path=Prefix("/a"), case_sensitive=False) == {"prefix": "/a", "case_sensitive": False}


def test_headers_are_matched_by_value_or_presence_and_a_missing_one_has_not_the_value() -> None:
    headers = (
        HeaderMatch("end-user", Exact("jason")),
        HeaderMatch(":authority", Regex("a.*"), invert=True),
        HeaderMatch("x-debug", Present(), invert=True),
    )
    assert matching(headers=headers)["headers"] == [
        {"name": "end-user", "string_match": {"exact": "jason"}},
        {
            "name": ":authority",
            "string_match": {"safe_regex": {"regex": "a.*"}},
            "invert_match": True,
            "treat_missing_header_as_empty": True,
        },
        {"name": "x-debug", "present_match": True, "invert_match": True},
    ]


def test_query_parameters_are_matched_by_value_or_presence() -> None:
    query = (QueryMatch("v", Prefix("1")), QueryMatch("debug", Present()))
    assert matching(query=query)["query_parameters"] == [
        {"name": "v", "string_match": {"prefix": "1"}},
        {"name": "debug", "present_match": True},
    ]


def test_several_clusters_share_by_weight_each_with_its_own_headers_and_host() -> None:
    changes = HeaderChanges(set=(("a", "1"),), add=(("b", "2"),), remove=("c",))
    shares = (
        WeightedCluster("v1", 9, changes, host_rewrite="v1.test"),
        WeightedCluster("v2", 1, response_headers=changes),
    )
    document = acting(Forward(shares))
    added = [
        {"header": {"key": "a", "value": "1"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"},
        {"header": {"key": "b", "value": "2"}},  # appending is the default
    ]
    assert document["route"]["weighted_clusters"]["clusters"] == [
        {
            "name": "v1",
            "weight": 9,
            "request_headers_to_add": added,
            "request_headers_to_remove": ["c"],
            "host_rewrite_literal": "v1.test",
        },
        {"name": "v2", "weight": 1, "response_headers_to_add": added, "response_headers_to_remove": ["c"]},
    ]


def test_the_headers_of_a_single_cluster_follow_those_of_the_route() -> None:
    share = WeightedCluster("v1", request_headers=HeaderChanges(set=(("of-cluster", "1"),)), host_rewrite="v1.test")
    document = acting(Forward((share,)), request_headers=HeaderChanges(set=(("of-route", "1"),)))
    assert [option["header"]["key"] for option in document["request_headers_to_add"]] == ["of-route", "of-cluster"]
    assert document["route"]["host_rewrite_literal"] == "v1.test"


def test_the_routes_own_host_comes_before_the_clusters() -> None:
    share = WeightedCluster("v1", host_rewrite="v1.test")
    assert acting(Forward((share,), host_rewrite="route.test"))["route"]["host_rewrite_literal"] == "route.test"


def test_beside_a_timeout_there_is_no_other_limit_for_which_envoy_would_ignore_it() -> None:
    route = acting(Forward((WEB,), timeout=timedelta(seconds=2.5)))["route"]
    assert route["timeout"] == "2.500s"
    assert "max_stream_duration" not in route


def test_a_retry_with_everything_that_a_user_may_say() -> None:
    retry = Retry(
        attempts=5,
        on=("5xx", "retriable-status-codes"),
        statuses=(409, 425),
        per_try_timeout=timedelta(seconds=1),
        back_off=timedelta(milliseconds=25),
        avoid_previous_hosts=False,
        remote_localities=True,
    )
    policy = acting(Forward((WEB,), retry=retry))["route"]["retry_policy"]
    priority = policy.pop("retry_priority")
    assert priority["name"] == "envoy.retry_priorities.previous_priorities"
    assert priority["typed_config"]["update_frequency"] == 2
    assert policy == {
        "retry_on": "5xx,retriable-status-codes",
        "num_retries": 5,
        "retriable_status_codes": [409, 425],
        "per_try_timeout": "1s",
        "retry_back_off": {"base_interval": "0.025s"},
        "host_selection_retry_max_attempts": "5",
    }


def test_a_path_is_rewritten_by_its_beginning_or_by_an_expression() -> None:
    assert acting(Forward((WEB,), prefix_rewrite="/b"))["route"]["prefix_rewrite"] == "/b"
    rewrite = RegexRewrite("^/a/(.*)", r"/b/\1")
    assert acting(Forward((WEB,), regex_rewrite=rewrite))["route"]["regex_rewrite"] == {
        "pattern": {"regex": "^/a/(.*)"},
        "substitution": r"/b/\1",
    }


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Redirect(host="b.test"), {"host_redirect": "b.test"}),
        (Redirect(path="/b", code=302), {"path_redirect": "/b", "response_code": "FOUND"}),
        (Redirect(prefix_rewrite="/b", code=303), {"prefix_rewrite": "/b", "response_code": "SEE_OTHER"}),
        (
            Redirect(scheme="https", port=8443, code=307),
            {"scheme_redirect": "https", "port_redirect": 8443, "response_code": "TEMPORARY_REDIRECT"},
        ),
        (Redirect(host="b.test", code=308), {"host_redirect": "b.test", "response_code": "PERMANENT_REDIRECT"}),
    ],
)
def test_a_redirect_says_only_what_is_to_change(action: Redirect, expected: dict[str, Any]) -> None:
    assert acting(action)["redirect"] == expected


def test_the_gateway_answers_by_itself_with_or_without_a_body() -> None:
    assert acting(DirectResponse(503))["direct_response"] == {"status": 503}
    assert acting(DirectResponse(418, b"tea"))["direct_response"] == {"status": 418, "body": {"inline_bytes": "dGVh"}}
