"""EndpointSlice: the addresses behind a Service, in slices (Kubernetes, discovery.k8s.io/v1)."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.meta import ApiVersion, KindName, Object, Part
from pylae.api.reference import ObjectReference
from pylae.api.scalars import Int32, at_most, one_of

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
"""The label that names the Service a slice belongs to."""


class EndpointConditions(Part, frozen=True, kw_only=True):
    """The state of an endpoint. Left out means unknown, which readers take for yes, save for `terminating`."""

    ready: Annotated[bool | None, Meta(description="Whether it takes traffic; unknown counts as yes.")] = None
    serving: Annotated[
        bool | None, Meta(description="Whether it could answer, were it not terminating; `ready` if unknown.")
    ] = None
    terminating: Annotated[bool | None, Meta(description="Whether it is on its way out.")] = None


class ForZone(Part, frozen=True, kw_only=True):
    """A zone that an endpoint is meant for."""

    name: Annotated[str, Meta(description="Name of the zone.")] = ""


class ForNode(Part, frozen=True, kw_only=True):
    """A node that an endpoint is meant for."""

    name: Annotated[str, Meta(description="Name of the node.")] = ""


class EndpointHints(Part, frozen=True, kw_only=True):
    """Who should preferably use an endpoint."""

    for_zones: Annotated[tuple[ForZone, ...], Meta(description="Zones that should use it, at most eight.")] = ()
    for_nodes: Annotated[tuple[ForNode, ...], Meta(description="Nodes that should use it, at most eight.")] = ()


class Endpoint(Part, frozen=True, kw_only=True):
    """One backend of a Service."""

    addresses: Annotated[
        tuple[str, ...], Meta(description="Addresses of the endpoint, of the slice's type; the first is used.")
    ] = ()
    conditions: Annotated[EndpointConditions, Meta(description="State of the endpoint.")] = field(
        default_factory=EndpointConditions
    )
    hostname: Annotated[str | None, Meta(description="Name of the endpoint in the Service's DNS domain.")] = None
    target_ref: Annotated[ObjectReference | None, Meta(description="Object behind the endpoint, such as a Pod.")] = None
    deprecated_topology: Annotated[
        dict[str, str], Meta(description="Deprecated: topology labels of the v1beta1 API, for reading only.")
    ] = field(default_factory=dict)
    node_name: Annotated[str | None, Meta(description="Node the endpoint is on.")] = None
    zone: Annotated[str | None, Meta(description="Zone the endpoint is in.")] = None
    hints: Annotated[EndpointHints | None, Meta(description="Who should preferably use the endpoint.")] = None


class EndpointPort(Part, frozen=True, kw_only=True):
    """A port that all endpoints of a slice have."""

    name: Annotated[str | None, Meta(description="Name of the Service's port that this one serves.")] = None
    protocol: Annotated[
        str | None, one_of("TCP", "UDP", "SCTP"), Meta(description="Transport protocol; TCP if left out.")
    ] = None
    port: Annotated[Int32 | None, Meta(description="Port number; any port if left out.")] = None
    app_protocol: Annotated[
        str | None, Meta(description="Application protocol, such as http, kubernetes.io/h2c or grpc.")
    ] = None


class EndpointSlice(Object, frozen=True, kw_only=True):
    """Some of the endpoints of the Service named by the label `kubernetes.io/service-name`."""

    api_version: ApiVersion = "discovery.k8s.io/v1"
    kind: KindName = "EndpointSlice"
    address_type: Annotated[
        str, one_of("IPv4", "IPv6", "FQDN"), Meta(description="What the addresses are: IPv4, IPv6 or FQDN. Required.")
    ] = ""
    endpoints: Annotated[tuple[Endpoint, ...], at_most(items=1000), Meta(description="Endpoints of the slice.")] = ()
    ports: Annotated[
        tuple[EndpointPort, ...], at_most(items=100), Meta(description="Ports that every endpoint of the slice has.")
    ] = ()
