"""Endpoints: where a cluster's service really runs."""

from typing import Any

from envoy.config.core.v3 import health_check_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2
from google.protobuf.wrappers_pb2 import UInt32Value

from pylae.model.ir.cluster import Endpoint, Endpoints
from pylae.model.ir.listener import SocketAddress
from pylae.xds.resource import Resource, Type, serialize
from pylae.xds.wellknown import socket_address


def emit_endpoints(endpoints: Endpoints) -> Resource:
    """The `ClusterLoadAssignment` resource, under the cluster's name."""
    return serialize(Type.ENDPOINT, endpoints.cluster, load_assignment(endpoints))


def empty_endpoints(cluster: str) -> Resource:
    """The answer for a cluster that nobody knows endpoints of: it can be used, and its requests get 503."""
    return emit_endpoints(Endpoints(cluster, ()))


def load_assignment(endpoints: Endpoints) -> Any:
    """`ClusterLoadAssignment`: one locality, since one machine is one place."""
    message = endpoint_pb2.ClusterLoadAssignment(cluster_name=endpoints.cluster)
    if endpoints.endpoints:
        weight = sum(endpoint.weight for endpoint in endpoints.endpoints)
        message.endpoints.append(
            endpoint_components_pb2.LocalityLbEndpoints(
                lb_endpoints=[_lb_endpoint(endpoint) for endpoint in endpoints.endpoints],
                load_balancing_weight=UInt32Value(value=weight),
            )
        )
    return message


def _lb_endpoint(endpoint: Endpoint) -> Any:
    """One that is not ready is told to Envoy too, as unhealthy: it gets no request, and the admin page shows it."""
    status = health_check_pb2.HealthStatus
    return endpoint_components_pb2.LbEndpoint(
        endpoint=endpoint_components_pb2.Endpoint(
            address=socket_address(SocketAddress(endpoint.address, endpoint.port))
        ),
        health_status=status.HEALTHY if endpoint.healthy else status.UNHEALTHY,
        load_balancing_weight=UInt32Value(value=endpoint.weight),
    )
