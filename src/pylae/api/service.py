"""Service: a name and a set of ports in front of endpoints (Kubernetes, core/v1)."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.meta import ApiVersion, Condition, KindName, Object, Part
from pylae.api.scalars import Int32, IntOrString, one_of

TRANSPORTS = ("TCP", "UDP", "SCTP")


class ServicePort(Part, frozen=True, kw_only=True):
    """A port of a Service."""

    name: Annotated[str, Meta(description="Name of the port; required where there are several.")] = ""
    protocol: Annotated[str, one_of(*TRANSPORTS), Meta(description="Transport protocol.")] = "TCP"
    app_protocol: Annotated[
        str | None, Meta(description="Application protocol, such as http, kubernetes.io/h2c or grpc.")
    ] = None
    port: Annotated[Int32, Meta(description="Port that clients of the Service use. Required.")] = 0
    target_port: Annotated[
        IntOrString, Meta(description="Port of the endpoints, by number or by name; the same number if left out.")
    ] = 0
    node_port: Annotated[
        Int32, Meta(description="Port on the node, for types NodePort and LoadBalancer; chosen if left out.")
    ] = 0


class ClientIpConfig(Part, frozen=True, kw_only=True):
    """How long a client keeps its endpoint."""

    timeout_seconds: Annotated[Int32 | None, Meta(description="Seconds; three hours if left out.")] = None


class SessionAffinityConfig(Part, frozen=True, kw_only=True):
    """Details of session affinity."""

    client_ip: Annotated[ClientIpConfig | None, Meta(description="Affinity by the client's address.")] = field(
        name="clientIP", default=None
    )


class ServiceSpec(Part, frozen=True, kw_only=True):
    """How a Service is reached, and which pods stand behind it."""

    ports: Annotated[tuple[ServicePort, ...], Meta(description="Ports of the Service.")] = ()
    selector: Annotated[
        dict[str, str],
        Meta(description="Labels of the pods behind the Service; without it, endpoints are given by hand."),
    ] = field(default_factory=dict)
    cluster_ip: Annotated[
        str,
        Meta(description="Address of the Service within the cluster; `None` for a headless one; chosen if left out."),
    ] = field(name="clusterIP", default="")
    cluster_ips: Annotated[
        tuple[str, ...], Meta(description="Addresses of the Service, one per IP family; the first is `clusterIP`.")
    ] = field(name="clusterIPs", default=())
    type: Annotated[
        str,
        one_of("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
        Meta(description="How the Service is exposed: ClusterIP, NodePort, LoadBalancer or ExternalName."),
    ] = "ClusterIP"
    external_ips: Annotated[tuple[str, ...], Meta(description="Further addresses that nodes accept traffic for.")] = (
        field(name="externalIPs", default=())
    )
    session_affinity: Annotated[
        str, one_of("None", "ClientIP"), Meta(description="Whether a client keeps its endpoint: None or ClientIP.")
    ] = "None"
    load_balancer_ip: Annotated[str, Meta(description="Deprecated: address that the load balancer should get.")] = (
        field(name="loadBalancerIP", default="")
    )
    load_balancer_source_ranges: Annotated[
        tuple[str, ...], Meta(description="Client subnets that the load balancer lets through.")
    ] = ()
    external_name: Annotated[str, Meta(description="DNS name that a Service of type ExternalName stands for.")] = ""
    external_traffic_policy: Annotated[
        str, Meta(description="Whether traffic from outside stays on its node: Cluster or Local.")
    ] = ""
    health_check_node_port: Annotated[
        Int32, Meta(description="Port on the node for the load balancer's health checks, with policy Local.")
    ] = 0
    publish_not_ready_addresses: Annotated[bool, Meta(description="Publish endpoints that are not ready, too.")] = False
    session_affinity_config: Annotated[
        SessionAffinityConfig | None, Meta(description="Details of session affinity.")
    ] = None
    ip_families: Annotated[tuple[str, ...], Meta(description="IP families of the Service: IPv4, IPv6.")] = ()
    ip_family_policy: Annotated[str | None, Meta(description="SingleStack, PreferDualStack or RequireDualStack.")] = (
        None
    )
    allocate_load_balancer_node_ports: Annotated[
        bool | None, Meta(description="Whether a LoadBalancer gets node ports; the default is yes.")
    ] = None
    load_balancer_class: Annotated[
        str | None, Meta(description="Which implementation of load balancers takes care of it.")
    ] = None
    internal_traffic_policy: Annotated[
        str | None, Meta(description="Whether traffic from within stays on its node: Cluster or Local.")
    ] = None
    traffic_distribution: Annotated[
        str | None, Meta(description="Which endpoints are preferred, such as PreferClose.")
    ] = None


class PortStatus(Part, frozen=True, kw_only=True):
    """What became of a port at the load balancer."""

    port: Annotated[Int32, Meta(description="Number of the port.")] = 0
    protocol: Annotated[str, Meta(description="Transport protocol of the port.")] = ""
    error: Annotated[str | None, Meta(description="Why the port is not served, in one CamelCase word.")] = None


class LoadBalancerIngress(Part, frozen=True, kw_only=True):
    """An address at which the load balancer takes traffic."""

    ip: Annotated[str, Meta(description="IP address.")] = ""
    hostname: Annotated[str, Meta(description="DNS name, where the load balancer has one.")] = ""
    ip_mode: Annotated[str | None, Meta(description="VIP or Proxy: how traffic to the address arrives.")] = None
    ports: Annotated[tuple[PortStatus, ...], Meta(description="State of each port.")] = ()


class LoadBalancerStatus(Part, frozen=True, kw_only=True):
    """State of the load balancer."""

    ingress: Annotated[tuple[LoadBalancerIngress, ...], Meta(description="Addresses that take traffic.")] = ()


class ServiceStatus(Part, frozen=True, kw_only=True):
    """What became of a Service."""

    load_balancer: Annotated[LoadBalancerStatus, Meta(description="State of the load balancer.")] = field(
        default_factory=LoadBalancerStatus
    )
    conditions: Annotated[tuple[Condition, ...], Meta(description="State of the Service, aspect by aspect.")] = ()


class Service(Object, frozen=True, kw_only=True):
    """Gives a set of endpoints one name and one set of ports."""

    api_version: ApiVersion = "v1"
    kind: KindName = "Service"
    spec: Annotated[ServiceSpec, Meta(description="Ports, type and selector that are wanted.")] = field(
        default_factory=ServiceSpec
    )
    status: Annotated[ServiceStatus, Meta(description="What became of the Service.")] = field(
        default_factory=ServiceStatus
    )
