"""The HTTP filters of every connection manager, in one table, since their order is their meaning.

Istio's own filters (peer metadata, alpn, stats) are in no stock Envoy and are left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from envoy.extensions.filters.http.cors.v3 import cors_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.extensions.filters.http.grpc_stats.v3 import config_pb2 as grpc_stats_pb2
from envoy.extensions.filters.http.grpc_web.v3 import grpc_web_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import BoolValue

from pylae.model.ir.listener import HttpConnectionManager
from pylae.xds.wellknown import pack


def _always(_: HttpConnectionManager) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class HttpFilter:
    """One row of the table: when it is there, what it is configured with, and why it stands where it stands."""

    name: str
    configuration: Callable[[], Message]
    reason: str
    present: Callable[[HttpConnectionManager], bool] = _always


HTTP_FILTERS: tuple[HttpFilter, ...] = (
    HttpFilter(
        "envoy.filters.http.grpc_web",
        grpc_web_pb2.GrpcWeb,
        "turns gRPC-Web into gRPC, so all that follows sees gRPC",
        present=lambda manager: manager.grpc_web,
    ),
    HttpFilter(
        "envoy.filters.http.grpc_stats",
        lambda: grpc_stats_pb2.FilterConfig(emit_filter_state=True, stats_for_all_methods=BoolValue(value=False)),
        "counts calls before a later filter can answer them",
    ),
    HttpFilter(
        "envoy.filters.http.fault",
        fault_pb2.HTTPFault,
        "does nothing unless a route says so; before cors, as in Istio, so that a fault can hit a preflight",
    ),
    HttpFilter(
        "envoy.filters.http.cors",
        cors_pb2.Cors,
        "answers preflights of routes that have a policy; the router would send them upstream",
    ),
    HttpFilter("envoy.filters.http.router", router_pb2.Router, "ends the chain: it sends the request upstream"),
)


def http_filters(manager: HttpConnectionManager) -> Iterator[Any]:
    """The connection manager's `http_filters`."""
    for row in HTTP_FILTERS:
        if row.present(manager):
            yield http_connection_manager_pb2.HttpFilter(name=row.name, typed_config=pack(row.configuration()))
