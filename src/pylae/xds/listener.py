"""Listeners: the sockets of the gateway and the filter chains behind them.

Nothing but the filter chains may tell one host's state, for Envoy updates a listener in place, without draining
anybody, only if the two versions differ in nothing else.

Each address has a listener of its own in Envoy. Were they one with `additional_addresses`, a single port that is taken
would refuse them all, and without `reuse_port` Envoy 1.40 cannot add an address to a listener that keeps another.
"""

from collections.abc import Iterator
from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.config.listener.v3 import listener_components_pb2, listener_pb2
from envoy.extensions.filters.listener.tls_inspector.v3 import tls_inspector_pb2
from google.protobuf.wrappers_pb2 import BoolValue, UInt32Value

from pylae.model.ir.listener import (
    FilterChain,
    HttpConnectionManager,
    Listener,
    ScopedRoutes,
    SocketAddress,
    TcpProxy,
    secret_refs,
)
from pylae.xds.access_log import access_log
from pylae.xds.filter_chain import filter_chain
from pylae.xds.filter_chain_matcher import filter_chain_matcher
from pylae.xds.pieces import Pieces
from pylae.xds.resource import ANY_NAME, Key, Resource, Type, sealed
from pylae.xds.wellknown import pack, socket_address

NO_ROUTE = "NR"
"""The response flag of a connection that no filter chain wanted."""

AT = "@"


def emit_listeners(listener: Listener, pieces: Pieces | None = None) -> tuple[Resource, ...]:
    """A `Listener` resource for each address. The first has the listener's own name, the others its name and theirs:
    `0.0.0.0_8443@127.0.0.1:31443`."""
    first, *others = listener.addresses
    names = [(listener.name, first), *((f"{listener.name}{AT}{other}", other) for other in others)]
    needs, template = _needs(listener), _template(listener, pieces or Pieces())
    return tuple(_emit(name, address, template, needs) for name, address in names)


def listener_of(name: str) -> str:
    """The name of the listener in the picture that the resource of this name was made of."""
    return name.partition(AT)[0]


def _emit(name: str, address: SocketAddress, template: bytes, needs: tuple[Key, ...]) -> Resource:
    message = listener_pb2.Listener(name=name, address=socket_address(address))
    return sealed(Type.LISTENER, name, message.SerializeToString(deterministic=True) + template, needs)


def _template(listener: Listener, pieces: Pieces) -> bytes:
    """All but the name and the address."""
    chains = (pieces.of(chain.name, chain, _only_chain) for chain in listener.chains)
    return b"".join((_frame(listener).SerializeToString(deterministic=True), *chains))


def _only_chain(chain: FilterChain) -> Any:
    return listener_pb2.Listener(filter_chains=[filter_chain(chain)])


def _frame(listener: Listener) -> Any:
    return listener_pb2.Listener(
        filter_chain_matcher=filter_chain_matcher(listener.chains),
        listener_filters=[_tls_inspector()] if listener.inspects_tls else [],
        access_log=[access_log(listener.access_log, only_flags=(NO_ROUTE,))] if listener.access_log else [],
        traffic_direction=base_pb2.TrafficDirection.OUTBOUND,
        per_connection_buffer_limit_bytes=UInt32Value(value=listener.edge.per_connection_buffer_limit_bytes),
        max_connections_to_accept_per_socket_event=UInt32Value(value=1),
        # With reuse_port a second gateway could bind the same port, and the two would share its connections at random.
        enable_reuse_port=BoolValue(value=False),
    )


def _tls_inspector() -> listener_components_pb2.ListenerFilter:
    inspector = tls_inspector_pb2.TlsInspector(initial_read_buffer_size=UInt32Value(value=512))
    return listener_components_pb2.ListenerFilter(
        name="envoy.filters.listener.tls_inspector", typed_config=pack(inspector)
    )


def _needs(listener: Listener) -> tuple[Key, ...]:
    return tuple(sorted({need for chain in listener.chains for need in _needs_of_chain(chain)}))


def _needs_of_chain(chain: FilterChain) -> Iterator[Key]:
    """What is asked for by SNI is needed by nobody before that; of the scopes, only that they were all asked for."""
    yield from ((Type.SECRET, secret.name) for secret in secret_refs(chain))
    match chain.payload:
        case HttpConnectionManager(route_configuration=routes):
            yield (Type.SCOPE, ANY_NAME) if isinstance(routes, ScopedRoutes) else (Type.ROUTE, routes)
        case TcpProxy(clusters=shares):
            yield from ((Type.CLUSTER, share.cluster) for share in shares)
