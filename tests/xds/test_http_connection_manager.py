"""The HTTP connection manager, its filters and its access log."""

from datetime import timedelta
from typing import Any

from google.protobuf.json_format import MessageToDict

from pylae.model.edge import OFF, Edge, EscapedSlashes, Underscores
from pylae.model.ir.listener import HttpConnectionManager, ScopedRoutes
from pylae.model.workload import AccessLog
from pylae.xds.access_log import access_log, default_text
from pylae.xds.http_connection_manager import http_connection_manager
from pylae.xds.http_filters import HTTP_FILTERS


def manager(**more: Any) -> dict[str, Any]:
    message = http_connection_manager(HttpConnectionManager("http.8080", "outbound_0.0.0.0_8080;", **more))
    document: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return document


def test_it_is_istios_edge_with_the_limits_of_envoys_guide() -> None:
    document = manager()
    assert document.pop("http_filters")
    uuid = document.pop("request_id_extension")["typed_config"]
    assert uuid["use_request_id_for_trace_sampling"] is True
    assert document == {
        "stat_prefix": "outbound_0.0.0.0_8080;",
        "rds": {
            "route_config_name": "http.8080",
            "config_source": {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"},
        },
        "use_remote_address": True,
        "server_name": "istio-envoy",
        "http_protocol_options": {},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "proxy_100_continue": True,
        "common_http_protocol_options": {
            "idle_timeout": "3600s",
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": 100,
            "initial_stream_window_size": 65536,
            "initial_connection_window_size": 1048576,
        },
        "request_headers_timeout": "60s",
        "stream_idle_timeout": "300s",
        "request_timeout": "0s",
        "max_request_headers_kb": 60,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "UNESCAPE_AND_REDIRECT",
    }


def test_every_limit_can_be_another() -> None:
    edge = Edge(
        max_concurrent_streams=7,
        stream_idle_timeout=OFF,
        request_timeout=timedelta(minutes=5),
        headers_with_underscores_action=Underscores.ALLOW,
        normalize_path=False,
        merge_slashes=False,
        path_with_escaped_slashes_action=EscapedSlashes.KEEP_UNCHANGED,
    )
    document = manager(edge=edge)
    assert document["http2_protocol_options"]["max_concurrent_streams"] == 7
    assert (document["stream_idle_timeout"], document["request_timeout"]) == ("0s", "300s")
    assert "headers_with_underscores_action" not in document["common_http_protocol_options"]
    assert document["normalize_path"] is False
    assert "merge_slashes" not in document
    assert document["path_with_escaped_slashes_action"] == "KEEP_UNCHANGED"


def test_backends_are_told_of_clients_only_where_clients_are_asked_who_they_are() -> None:
    assert "forward_client_cert_details" not in manager()  # Envoy's default drops the header
    message = http_connection_manager(HttpConnectionManager("http.8080", "p;"), asks_clients=True)
    document = MessageToDict(message, preserving_proto_field_name=True)
    assert document["forward_client_cert_details"] == "SANITIZE_SET"
    assert document["set_current_client_cert_details"] == {"subject": True, "cert": True, "dns": True, "uri": True}


def test_routes_by_scope_are_found_by_a_header_that_says_listener_and_server_name() -> None:
    message = http_connection_manager(HttpConnectionManager(ScopedRoutes("0.0.0.0_8443"), "outbound_0.0.0.0_8443;"))
    document: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    assert "rds" not in document
    by_ads = {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}
    assert document["scoped_routes"] == {
        "name": "on-demand",
        "scope_key_builder": {"fragments": [{"header_value_extractor": {"name": "x-pylae-scope", "index": 0}}]},
        "rds_config_source": by_ads,
        "scoped_rds": {"scoped_rds_config_source": by_ads},
    }
    [naming] = document["early_header_mutation_extensions"]
    [mutation] = naming["typed_config"]["mutations"]
    assert mutation["append"] == {
        "header": {"key": "x-pylae-scope", "value": "0.0.0.0_8443|%REQUESTED_SERVER_NAME%"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
    assert document["http_filters"][0]["name"] == "envoy.filters.http.on_demand"


def test_the_filters_stand_in_the_order_of_the_table_and_grpc_web_is_asked_for() -> None:
    usual = [row["name"].removeprefix("envoy.filters.http.") for row in manager()["http_filters"]]
    assert usual == ["router"]
    with_web = [row["name"].removeprefix("envoy.filters.http.") for row in manager(grpc_web=True)["http_filters"]]
    assert with_web == ["grpc_web", *usual]
    assert all(row.reason for row in HTTP_FILTERS)


def test_there_is_no_access_log_unless_one_is_asked_for() -> None:
    assert "access_log" not in manager()
    [log] = manager(access_log=AccessLog())["access_log"]
    assert log["name"] == "envoy.access_loggers.stdout"


def test_the_text_of_the_access_log_is_istios() -> None:
    assert default_text().startswith(
        '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS%'
    )
    assert default_text().endswith("%REQUESTED_SERVER_NAME% %ROUTE_NAME%\n")
    assert default_text().count('"') == 2 * 7


def test_a_format_of_the_users_own_is_taken_as_it_is() -> None:
    text = MessageToDict(access_log(AccessLog(format="%PROTOCOL%\n")))
    assert text["typedConfig"]["logFormat"]["textFormatSource"] == {"inlineString": "%PROTOCOL%\n"}
    json = MessageToDict(access_log(AccessLog("JSON", '{"p": "%PROTOCOL%", "nested": {"d": "%DURATION%"}}')))
    assert json["typedConfig"]["logFormat"]["jsonFormat"] == {"p": "%PROTOCOL%", "nested": {"d": "%DURATION%"}}


def test_json_without_a_format_has_istios_fields() -> None:
    document = MessageToDict(access_log(AccessLog("JSON")))
    fields = document["typedConfig"]["logFormat"]["jsonFormat"]
    assert len(fields) == 24
    assert fields["upstream_service_time"] == "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"
