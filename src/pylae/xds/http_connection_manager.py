"""The HTTP connection manager as Istio configures it on a gateway; routes come by name on the same stream."""

from typing import Any

from envoy.config.core.v3 import protocol_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.request_id.uuid.v3 import uuid_pb2
from google.protobuf.wrappers_pb2 import BoolValue

from pylae.model.ir.listener import HttpConnectionManager
from pylae.xds.access_log import access_log
from pylae.xds.http_filters import http_filters
from pylae.xds.wellknown import NEVER, by_ads, duration, pack

SERVER_NAME = "istio-envoy"

_Manager = http_connection_manager_pb2.HttpConnectionManager


def http_connection_manager(manager: HttpConnectionManager) -> Any:
    """`HttpConnectionManager`: the gateway is the edge, so addresses and client certificates that a request claims to
    come with are replaced by what the connection shows."""
    return _Manager(
        codec_type=_Manager.AUTO,
        stat_prefix=manager.stat_prefix,
        rds=http_connection_manager_pb2.Rds(
            route_config_name=manager.route_configuration, config_source=by_ads(initial_fetch_timeout=NEVER)
        ),
        http_filters=list(http_filters(manager)),
        access_log=[access_log(manager.access_log)] if manager.access_log else [],
        server_name=SERVER_NAME,
        server_header_transformation=_Manager.OVERWRITE,
        use_remote_address=BoolValue(value=True),
        forward_client_cert_details=_Manager.SANITIZE_SET,
        set_current_client_cert_details=_Manager.SetCurrentClientCertDetails(
            subject=BoolValue(value=True), cert=True, dns=True, uri=True
        ),
        http_protocol_options=protocol_pb2.Http1ProtocolOptions(),
        upgrade_configs=[_Manager.UpgradeConfig(upgrade_type="websocket")],
        stream_idle_timeout=duration(NEVER),
        proxy_100_continue=True,
        normalize_path=BoolValue(value=True),
        path_with_escaped_slashes_action=_Manager.KEEP_UNCHANGED,
        request_id_extension=_request_id(),
    )


def _request_id() -> Any:
    uuid = uuid_pb2.UuidRequestIdConfig(use_request_id_for_trace_sampling=BoolValue(value=True))
    return http_connection_manager_pb2.RequestIDExtension(typed_config=pack(uuid))
