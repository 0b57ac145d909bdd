"""The HTTP connection manager as Istio configures it on a gateway; routes come on the same stream."""

from typing import Any, assert_never

from envoy.config.core.v3 import protocol_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.request_id.uuid.v3 import uuid_pb2
from google.protobuf.wrappers_pb2 import BoolValue

from pylae.model.ir.listener import HttpConnectionManager, ScopedRoutes
from pylae.xds.access_log import access_log
from pylae.xds.edge import limit
from pylae.xds.http_filters import http_filters
from pylae.xds.scoped_routes import naming_of_scope, scoped_routes
from pylae.xds.wellknown import NEVER, by_ads, pack

SERVER_NAME = "istio-envoy"

_Manager = http_connection_manager_pb2.HttpConnectionManager


def http_connection_manager(manager: HttpConnectionManager, *, asks_clients: bool = False) -> Any:
    """`HttpConnectionManager`: the gateway is the edge, so addresses and client certificates that a request claims to
    come with are replaced by what the connection shows; where nobody was asked for one (`asks_clients`), by nothing."""
    message = _Manager(
        codec_type=_Manager.AUTO,
        stat_prefix=manager.stat_prefix,
        http_filters=list(http_filters(manager)),
        access_log=[access_log(manager.access_log)] if manager.access_log else [],
        server_name=SERVER_NAME,
        server_header_transformation=_Manager.OVERWRITE,
        use_remote_address=BoolValue(value=True),
        http_protocol_options=protocol_pb2.Http1ProtocolOptions(),
        upgrade_configs=[_Manager.UpgradeConfig(upgrade_type="websocket")],
        proxy_100_continue=True,
        request_id_extension=_request_id(),
    )
    limit(message, manager.edge)
    if asks_clients:
        _tell_of_clients(message)
    _set_routes(message, manager.route_configuration)
    return message


def _tell_of_clients(message: Any) -> None:
    """The backend reads in `x-forwarded-client-cert` who the client is. The default drops such a header."""
    message.forward_client_cert_details = _Manager.SANITIZE_SET
    message.set_current_client_cert_details.CopyFrom(
        _Manager.SetCurrentClientCertDetails(subject=BoolValue(value=True), cert=True, dns=True, uri=True)
    )


def _set_routes(message: Any, routes: str | ScopedRoutes) -> None:
    match routes:
        case str(name):
            message.rds.route_config_name = name
            message.rds.config_source.CopyFrom(by_ads(initial_fetch_timeout=NEVER))
        case ScopedRoutes() as scoped:
            message.scoped_routes.CopyFrom(scoped_routes())
            message.early_header_mutation_extensions.append(naming_of_scope(scoped))
        case _:
            assert_never(routes)


def _request_id() -> Any:
    uuid = uuid_pb2.UuidRequestIdConfig(use_request_id_for_trace_sampling=BoolValue(value=True))
    return http_connection_manager_pb2.RequestIDExtension(typed_config=pack(uuid))
