"""The limits of the edge in Envoy's words, for the connection managers and the clusters that they hold for."""

from typing import Any

from envoy.config.core.v3 import protocol_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from google.protobuf.wrappers_pb2 import BoolValue, UInt32Value

from pylae.model.edge import Edge
from pylae.xds.wellknown import duration

_Manager = http_connection_manager_pb2.HttpConnectionManager
_Options = protocol_pb2.HttpProtocolOptions


def limit(manager: Any, edge: Edge) -> None:
    """Sets on an `HttpConnectionManager` how long, how large and how odd a client's requests may be."""
    manager.MergeFrom(
        _Manager(
            common_http_protocol_options=_Options(
                idle_timeout=duration(edge.idle_timeout),
                headers_with_underscores_action=_Options.HeadersWithUnderscoresAction.Value(
                    edge.headers_with_underscores_action
                ),
            ),
            http2_protocol_options=streams(edge),
            request_headers_timeout=duration(edge.request_headers_timeout),
            stream_idle_timeout=duration(edge.stream_idle_timeout),
            request_timeout=duration(edge.request_timeout),
            max_request_headers_kb=UInt32Value(value=edge.max_request_headers_kb),
            normalize_path=BoolValue(value=edge.normalize_path),
            merge_slashes=edge.merge_slashes,
            path_with_escaped_slashes_action=_Manager.PathWithEscapedSlashesAction.Value(
                edge.path_with_escaped_slashes_action
            ),
        )
    )


def streams(edge: Edge) -> Any:
    """`Http2ProtocolOptions` for clients."""
    options = _windows(edge.initial_stream_window_size, edge.initial_connection_window_size)
    options.max_concurrent_streams.value = edge.max_concurrent_streams
    return options


def upstream_streams(edge: Edge) -> Any:
    """`Http2ProtocolOptions` for backends: how many streams there may be is for them to say."""
    return _windows(edge.upstream_initial_stream_window_size, edge.initial_connection_window_size)


def _windows(stream: int, connection: int) -> Any:
    return protocol_pb2.Http2ProtocolOptions(
        initial_stream_window_size=UInt32Value(value=stream),
        initial_connection_window_size=UInt32Value(value=connection),
    )
