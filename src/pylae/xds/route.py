"""Route configurations: virtual hosts and their routes, as Istio shapes them for a gateway."""

from collections.abc import Iterator
from typing import Any, assert_never

from envoy.config.route.v3 import route_components_pb2, route_pb2
from google.protobuf.wrappers_pb2 import BoolValue, UInt32Value, UInt64Value

from pylae.model.ir.route import DirectResponse, Forward, Redirect, Route, RouteConfiguration, VirtualHost
from pylae.xds.header_changes import apply_header_changes
from pylae.xds.matcher import route_match
from pylae.xds.pieces import Pieces
from pylae.xds.resource import Key, Resource, Type, sealed
from pylae.xds.route_action import direct_response, forward, redirect

DIRECT_RESPONSE_LIMIT = 1024 * 1024
"""Bytes of a direct response's body; Envoy's own limit of 4 kB is less than Istio's API allows."""

REPEATABLE_BODY = 1024 * 1024
"""Bytes of a request that are kept until it need not be tried again: Envoy's own default. With less, such as the
connection's buffer, Envoy answers 507 to a larger request whose first backend was not there."""


def emit_route_configuration(configuration: RouteConfiguration, pieces: Pieces | None = None) -> Resource:
    """The `RouteConfiguration` resource. A cluster that does not exist is no error here: its requests get 503."""
    known = pieces or Pieces()
    hosts = (known.of(host.name, host, _only_host) for host in configuration.virtual_hosts)
    encoded = b"".join((_frame(configuration).SerializeToString(deterministic=True), *hosts))
    return sealed(Type.ROUTE, configuration.name, encoded, needs_of_routes(configuration.virtual_hosts))


def route_configuration(configuration: RouteConfiguration) -> Any:
    """`RouteConfiguration`, as a part of a scope or by itself."""
    message = _frame(configuration)
    message.virtual_hosts.extend(_virtual_host(host) for host in configuration.virtual_hosts)
    return message


def _only_host(host: VirtualHost) -> Any:
    return route_pb2.RouteConfiguration(virtual_hosts=[_virtual_host(host)])


def _frame(configuration: RouteConfiguration) -> Any:
    return route_pb2.RouteConfiguration(
        name=configuration.name,
        validate_clusters=BoolValue(value=False),
        max_direct_response_body_size_bytes=UInt32Value(value=DIRECT_RESPONSE_LIMIT),
        ignore_port_in_host_matching=True,
    )


def empty_route_configuration(name: str) -> Resource:
    """The answer for a name that nobody knows: every request gets 404, and the listener that asked can open."""
    return emit_route_configuration(RouteConfiguration(name, ()))


def _virtual_host(host: VirtualHost) -> Any:
    """Domains carry no port, for it is ignored in matching."""
    kind = route_components_pb2.VirtualHost
    return kind(
        name=host.name,
        domains=host.domains,
        routes=[_route(route) for route in host.routes],
        require_tls=kind.ALL if host.require_tls else kind.NONE,
        include_request_attempt_count=True,
        request_body_buffer_limit=UInt64Value(value=REPEATABLE_BODY),
    )


def _route(route: Route) -> Any:
    message = route_components_pb2.Route(name=route.name, match=route_match(route.match), stat_prefix=route.stat_prefix)
    if route.config:
        message.metadata.filter_metadata["istio"].update({"config": route.config})
    if route.operation:
        message.decorator.operation = route.operation
    apply_header_changes(message, route.request_headers, route.response_headers)
    _set_action(message, route)
    return message


def _set_action(message: Any, route: Route) -> None:
    match route.action:
        case Forward(clusters=shares) as action:
            message.route.CopyFrom(forward(action))
            if len(shares) == 1:
                apply_header_changes(message, shares[0].request_headers, shares[0].response_headers)
        case Redirect() as action:
            message.redirect.CopyFrom(redirect(action))
        case DirectResponse() as action:
            message.direct_response.CopyFrom(direct_response(action))
        case _:
            assert_never(route.action)


def needs_of_routes(hosts: tuple[VirtualHost, ...]) -> tuple[Key, ...]:
    """The clusters that requests to these hosts may go to."""
    return tuple((Type.CLUSTER, name) for name in sorted(set(_cluster_names(hosts))))


def _cluster_names(hosts: tuple[VirtualHost, ...]) -> Iterator[str]:
    for host in hosts:
        for route in host.routes:
            if isinstance(route.action, Forward):
                yield from (share.cluster for share in route.action.clusters)
