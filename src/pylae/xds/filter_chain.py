"""Filter chains: which connections by SNI, how their TLS ends, and who reads what is inside."""

from datetime import timedelta
from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.config.listener.v3 import listener_components_pb2
from envoy.extensions.filters.network.tcp_proxy.v3 import tcp_proxy_pb2
from google.protobuf.message import Message

from pylae.model.ir.listener import FilterChain, HttpConnectionManager, TcpProxy
from pylae.xds.access_log import access_log
from pylae.xds.http_connection_manager import http_connection_manager
from pylae.xds.tls_context import downstream_tls_context
from pylae.xds.wellknown import duration, pack

HANDSHAKE_TIMEOUT = timedelta(seconds=15)
"""Istio's PILOT_GATEWAY_TRANSPORT_SOCKET_CONNECT_TIMEOUT: how long a client may take over its TLS handshake."""

ASKING_TIMEOUT = timedelta(seconds=5)
"""The same where the certificate is asked for: a handshake that waits for a silent control plane holds a socket."""


def filter_chain(chain: FilterChain) -> Any:
    """`FilterChain`, as one piece of its listener."""
    message = listener_components_pb2.FilterChain(name=chain.name, filters=[_network_filter(chain)])
    if chain.server_names:
        message.filter_chain_match.server_names.extend(chain.server_names)
    if chain.tls is not None:
        message.transport_socket.CopyFrom(
            base_pb2.TransportSocket(
                name="envoy.transport_sockets.tls", typed_config=pack(downstream_tls_context(chain.tls))
            )
        )
        message.transport_socket_connect_timeout.CopyFrom(
            duration(ASKING_TIMEOUT if chain.on_demand else HANDSHAKE_TIMEOUT)
        )
    return message


def _network_filter(chain: FilterChain) -> Any:
    match chain.payload:
        case HttpConnectionManager() as manager:
            asks = chain.tls is not None and chain.tls.asks_clients
            message = http_connection_manager(manager, asks_clients=asks)
            return _filter("envoy.filters.network.http_connection_manager", message)
        case TcpProxy() as proxy:
            return _filter("envoy.filters.network.tcp_proxy", _tcp_proxy(proxy))


def _filter(name: str, configuration: Message) -> Any:
    return listener_components_pb2.Filter(name=name, typed_config=pack(configuration))


def _tcp_proxy(proxy: TcpProxy) -> Any:
    message = tcp_proxy_pb2.TcpProxy(
        stat_prefix=proxy.stat_prefix, access_log=[access_log(proxy.access_log)] if proxy.access_log else []
    )
    if len(proxy.clusters) == 1:
        message.cluster = proxy.clusters[0].cluster
    else:
        message.weighted_clusters.clusters.extend(
            tcp_proxy_pb2.TcpProxy.WeightedCluster.ClusterWeight(name=share.cluster, weight=share.weight)
            for share in proxy.clusters
        )
    return message
