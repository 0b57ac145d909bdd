"""The HTTP connection manager, its filters and its access log."""

from typing import Any

from google.protobuf.json_format import MessageToDict

from pylae.model.ir.listener import HttpConnectionManager
from pylae.model.workload import AccessLog
from pylae.xds.access_log import access_log, default_text
from pylae.xds.http_connection_manager import http_connection_manager
from pylae.xds.http_filters import HTTP_FILTERS


def manager(**more: Any) -> dict[str, Any]:
    message = http_connection_manager(HttpConnectionManager("http.8080", "outbound_0.0.0.0_8080;", **more))
    document: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return document


def test_it_is_istios_edge() -> None:
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
        "forward_client_cert_details": "SANITIZE_SET",
        "set_current_client_cert_details": {"subject": True, "cert": True, "dns": True, "uri": True},
        "http_protocol_options": {},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "stream_idle_timeout": "0s",
        "proxy_100_continue": True,
        "normalize_path": True,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
    }


def test_the_filters_stand_in_the_order_of_the_table_and_grpc_web_is_asked_for() -> None:
    usual = [row["name"].removeprefix("envoy.filters.http.") for row in manager()["http_filters"]]
    assert usual == ["grpc_stats", "fault", "cors", "router"]
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
