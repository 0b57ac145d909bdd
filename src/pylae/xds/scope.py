"""Scoped route configurations: the routes of a host that is served on demand, sent when it is first asked for.

The routes are inline, so that they cost no question of their own. A host that may have fallen out of use is probed: its
scope names a route configuration instead, which Envoy asks for with the next request, if there is one. Connections that
are open notice neither.
"""

from collections.abc import Iterator
from typing import Any

from envoy.config.route.v3 import scoped_route_pb2

from pylae.model.ir.route import DirectResponse, Route, RouteConfiguration, RouteMatch, VirtualHost
from pylae.model.ir.scope import Scope
from pylae.rules.hosts import ANY_HOST, covers
from pylae.xds.resource import Resource, Type, serialize
from pylae.xds.route import needs_of_routes, route_configuration
from pylae.xds.scoped_routes import SCOPE_HEADER

MISDIRECTED = 421


def emit_scope(scope: Scope) -> Resource:
    """The `ScopedRouteConfiguration` resource, its routes inline. Their clusters need not have come before it."""
    message = _scope(scope)
    message.route_configuration.CopyFrom(_routes(scope, scope.name))
    return _sent(scope, message)


def emit_probe(scope: Scope, routes: str) -> Resource:
    """The scope without its routes, which Envoy asks for by the name `routes` when a request needs them. It goes on
    needing their clusters: there may be a request at any time."""
    return _sent(scope, _scope(scope, on_demand=True, route_configuration_name=routes))


def emit_asked_routes(scope: Scope, routes: str) -> Resource:
    """The answer to a probe: the routes of the scope as a `RouteConfiguration` of their own."""
    return serialize(Type.ROUTE, routes, _routes(scope, routes), needs_of_routes(scope.virtual_hosts))


def _sent(scope: Scope, message: Any) -> Resource:
    return serialize(Type.SCOPE, scope.name, message, needs_of_routes(scope.virtual_hosts))


def _scope(scope: Scope, **more: Any) -> Any:
    message = scoped_route_pb2.ScopedRouteConfiguration(name=scope.name, **more)
    message.key.fragments.add(string_key=scope.key)
    return message


def _routes(scope: Scope, name: str) -> Any:
    message = route_configuration(RouteConfiguration(name, (*scope.virtual_hosts, *_beside(scope))))
    message.request_headers_to_remove.append(SCOPE_HEADER)
    return message


def _beside(scope: Scope) -> Iterator[VirtualHost]:
    """What a strict scope says of authorities that no virtual host has: its own host has no routes, others are
    elsewhere. One that is not strict needs to say nothing, for that is 404."""
    domains = [domain for host in scope.virtual_hosts for domain in host.domains]
    if scope.strict and not any(covers(domain, scope.host) for domain in domains):
        yield VirtualHost(f"{scope.host}:none", (scope.host,), (), scope.origin)
    if scope.strict and ANY_HOST not in domains:
        answer = Route("misdirected", RouteMatch(), DirectResponse(MISDIRECTED), scope.origin)
        yield VirtualHost("misdirected", (ANY_HOST,), (answer,), scope.origin)
