"""Clusters: the services that requests go to, with Istio's defaults."""

from datetime import timedelta
from typing import Any

from envoy.config.cluster.v3 import circuit_breaker_pb2, cluster_pb2
from envoy.config.core.v3 import extension_pb2, protocol_pb2
from envoy.extensions.clusters.dns.v3 import dns_cluster_pb2
from envoy.extensions.network.dns_resolver.cares.v3 import cares_dns_resolver_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2
from envoy.type.v3 import percent_pb2
from google.protobuf.wrappers_pb2 import UInt32Value

from pylae.model.ir.cluster import Cluster, Discovery, Endpoints
from pylae.xds.edge import upstream_streams
from pylae.xds.endpoint import load_assignment
from pylae.xds.resource import Key, Resource, Type, serialize
from pylae.xds.wellknown import NEVER, by_ads, duration, pack

UNLIMITED = 4294967295
DNS_REFRESH = timedelta(seconds=60)
DNS_JITTER = timedelta(milliseconds=100)
DNS_MAXIMUM_QUERIES = 100

UNCOUNTED = "on-demand"
"""What clusters that are not counted are called in statistics: together, they are counted as one. A name of its own
costs each more memory than all else that Envoy keeps of it."""

SELDOM_USED_IDLE = timedelta(seconds=15)
"""Until an unused connection to a backend of a host on demand is closed. Each is an open file, and of ten thousand
hosts that were asked for within the hour that Envoy would wait, each would keep one."""

HTTP_PROTOCOL_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def emit_cluster(cluster: Cluster) -> Resource:
    """The `Cluster` resource. Statistics keep the whole name: it ends in `;`, where a dashboard can cut it off."""
    message = cluster_pb2.Cluster(
        name=cluster.name,
        alt_stat_name=f"{cluster.name if cluster.counted else UNCOUNTED};",
        connect_timeout=duration(cluster.connect_timeout),
        lb_policy=cluster_pb2.Cluster.LEAST_REQUEST,
        per_connection_buffer_limit_bytes=UInt32Value(value=cluster.edge.upstream_per_connection_buffer_limit_bytes),
        circuit_breakers=_circuit_breakers(),
        common_lb_config=cluster_pb2.Cluster.CommonLbConfig(healthy_panic_threshold=percent_pb2.Percent(value=0)),
    )
    message.metadata.filter_metadata["istio"].update({"services": [_service(cluster)]})
    if (options := _protocol_options(cluster)) is not None:
        message.typed_extension_protocol_options[HTTP_PROTOCOL_OPTIONS].CopyFrom(pack(options))
    _set_discovery(message, cluster)
    return serialize(Type.CLUSTER, cluster.name, message, _needs(cluster))


def _needs(cluster: Cluster) -> tuple[Key, ...]:
    return ((Type.ENDPOINT, cluster.name),) if cluster.discovery is Discovery.EDS else ()


def _service(cluster: Cluster) -> dict[str, str]:
    about = cluster.origin.about
    return {"host": cluster.hostname, "name": about.name, "namespace": about.namespace}


def _circuit_breakers() -> Any:
    """None, for Envoy's own limit of 1024 surprises more people than it protects."""
    unlimited = UInt32Value(value=UNLIMITED)
    thresholds = circuit_breaker_pb2.CircuitBreakers.Thresholds(
        max_connections=unlimited, max_pending_requests=unlimited, max_requests=unlimited, max_retries=unlimited
    )
    return circuit_breaker_pb2.CircuitBreakers(thresholds=[thresholds])


def _protocol_options(cluster: Cluster) -> Any | None:
    """`HttpProtocolOptions`; None for HTTP/1.1 as Envoy has it."""
    if cluster.counted and not cluster.http2:
        return None
    options = http_protocol_options_pb2.HttpProtocolOptions()
    if cluster.http2:
        options.explicit_http_config.http2_protocol_options.CopyFrom(upstream_streams(cluster.edge))
    else:
        options.explicit_http_config.http_protocol_options.CopyFrom(protocol_pb2.Http1ProtocolOptions())
    if not cluster.counted:
        options.common_http_protocol_options.idle_timeout.CopyFrom(duration(SELDOM_USED_IDLE))
    return options


def _set_discovery(message: Any, cluster: Cluster) -> None:
    if cluster.discovery is Discovery.EDS:
        message.type = cluster_pb2.Cluster.EDS
        message.eds_cluster_config.service_name = cluster.name
        message.eds_cluster_config.eds_config.CopyFrom(by_ads(initial_fetch_timeout=NEVER))
        return
    message.cluster_type.name = "envoy.cluster.dns"
    message.cluster_type.typed_config.CopyFrom(pack(_dns(logical=cluster.discovery is Discovery.LOGICAL_DNS)))
    message.load_assignment.CopyFrom(load_assignment(Endpoints(cluster.name, cluster.endpoints)))


def _dns(*, logical: bool) -> Any:
    """Logical DNS connects to the first address of each answer, strict DNS balances over all of them."""
    resolver = cares_dns_resolver_pb2.CaresDnsResolverConfig(udp_max_queries=UInt32Value(value=DNS_MAXIMUM_QUERIES))
    return dns_cluster_pb2.DnsCluster(
        dns_refresh_rate=duration(DNS_REFRESH),
        dns_jitter=duration(DNS_JITTER),
        respect_dns_ttl=True,
        all_addresses_in_single_endpoint=logical,
        typed_dns_resolver_config=extension_pb2.TypedExtensionConfig(
            name="envoy.network.dns_resolver.cares", typed_config=pack(resolver)
        ),
    )
