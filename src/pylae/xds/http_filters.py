"""The HTTP filters of every connection manager, in one table, since their order is their meaning.

A filter is there only where something uses it, for each costs every request a little. Istio's own (peer metadata, alpn,
stats) are in no stock Envoy, and what Istio's grpc_stats counts was for them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from envoy.extensions.filters.http.grpc_web.v3 import grpc_web_pb2
from envoy.extensions.filters.http.on_demand.v3 import on_demand_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from google.protobuf.message import Message

from pylae.model.ir.listener import HttpConnectionManager, ScopedRoutes
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
        "envoy.filters.http.on_demand",
        on_demand_pb2.OnDemand,
        "holds a request until its routes have come; first, for every filter may have a say in a route",
        present=lambda manager: isinstance(manager.route_configuration, ScopedRoutes),
    ),
    HttpFilter(
        "envoy.filters.http.grpc_web",
        grpc_web_pb2.GrpcWeb,
        "turns gRPC-Web into gRPC, so all that follows sees gRPC",
        present=lambda manager: manager.grpc_web,
    ),
    HttpFilter("envoy.filters.http.router", router_pb2.Router, "ends the chain: it sends the request upstream"),
)


def http_filters(manager: HttpConnectionManager) -> Iterator[Any]:
    """The connection manager's `http_filters`."""
    for row in HTTP_FILTERS:
        if row.present(manager):
            yield http_connection_manager_pb2.HttpFilter(name=row.name, typed_config=pack(row.configuration()))
