"""VirtualService: where the traffic of a host goes, by route (Istio, networking.istio.io)."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.destination import Destination, Percent, PortSelector, RouteDestination
from pylae.api.honour import NOT_YET
from pylae.api.http_action import (
    HeaderOperations,
    Headers,
    HttpBody,
    HttpDirectResponse,
    HttpRedirect,
    HttpRetry,
    HttpRewrite,
    RegexRewrite,
)
from pylae.api.http_match import HttpMatchRequest, StringMatch
from pylae.api.http_policy import Abort, CorsPolicy, Delay, Delegate, HttpFaultInjection, HttpMirrorPolicy
from pylae.api.http_route import HttpRoute, HttpRouteDestination
from pylae.api.meta import ApiVersion, KindName, Object, Part
from pylae.api.scalars import Open, UInt32

__all__ = [
    "Abort",
    "CorsPolicy",
    "Delay",
    "Delegate",
    "Destination",
    "HeaderOperations",
    "Headers",
    "HttpBody",
    "HttpDirectResponse",
    "HttpFaultInjection",
    "HttpMatchRequest",
    "HttpMirrorPolicy",
    "HttpRedirect",
    "HttpRetry",
    "HttpRewrite",
    "HttpRoute",
    "HttpRouteDestination",
    "L4MatchAttributes",
    "Percent",
    "PortSelector",
    "RegexRewrite",
    "RouteDestination",
    "StringMatch",
    "TcpRoute",
    "TlsMatchAttributes",
    "TlsRoute",
    "VirtualService",
    "VirtualServiceSpec",
]


class TlsMatchAttributes(Part, frozen=True, kw_only=True):
    """Conditions on a TLS connection that is not terminated; all that are set must hold."""

    sni_hosts: Annotated[
        tuple[str, ...], Meta(description="Server names that the client asks for, `*.suffix` included. Required.")
    ] = ()
    destination_subnets: Annotated[
        tuple[str, ...], Meta(description="Addresses or subnets that the client connected to.", extra=NOT_YET)
    ] = ()
    port: Annotated[UInt32, Meta(description="Port of the gateway's server that the client connected to.")] = 0
    source_labels: Annotated[
        dict[str, str], Meta(description="Labels that the workload applying the rule must carry.", extra=NOT_YET)
    ] = field(default_factory=dict)
    gateways: Annotated[
        tuple[str, ...], Meta(description="Gateways on which the match counts, instead of those of the VirtualService.")
    ] = ()
    source_namespace: Annotated[
        str, Meta(description="Namespace that the workload applying the rule must be in.", extra=NOT_YET)
    ] = ""


class L4MatchAttributes(Part, frozen=True, kw_only=True):
    """Conditions on a TCP connection; all that are set must hold."""

    destination_subnets: Annotated[
        tuple[str, ...], Meta(description="Addresses or subnets that the client connected to.", extra=NOT_YET)
    ] = ()
    port: Annotated[UInt32, Meta(description="Port of the gateway's server that the client connected to.")] = 0
    source_subnet: Annotated[
        str, Meta(description="Address or subnet that the client connects from.", extra=NOT_YET)
    ] = ""
    source_labels: Annotated[
        dict[str, str], Meta(description="Labels that the workload applying the rule must carry.", extra=NOT_YET)
    ] = field(default_factory=dict)
    gateways: Annotated[
        tuple[str, ...], Meta(description="Gateways on which the match counts, instead of those of the VirtualService.")
    ] = ()
    source_namespace: Annotated[
        str, Meta(description="Namespace that the workload applying the rule must be in.", extra=NOT_YET)
    ] = ""


class TlsRoute(Part, frozen=True, kw_only=True):
    """Where TLS connections go that the gateway does not terminate."""

    match: Annotated[
        tuple[TlsMatchAttributes, ...], Meta(description="Conditions of which one must hold. Required.")
    ] = ()
    route: Annotated[tuple[RouteDestination, ...], Meta(description="Services that share the connections.")] = ()


class TcpRoute(Part, frozen=True, kw_only=True):
    """Where TCP connections go."""

    match: Annotated[
        tuple[L4MatchAttributes, ...], Meta(description="Conditions of which one must hold; every connection if empty.")
    ] = ()
    route: Annotated[tuple[RouteDestination, ...], Meta(description="Services that share the connections.")] = ()


class VirtualServiceSpec(Part, frozen=True, kw_only=True):
    """Hosts and their routes."""

    hosts: Annotated[
        tuple[str, ...], Meta(description="Hosts that the routes are for: a name, `*.suffix` or `*`.")
    ] = ()
    gateways: Annotated[
        tuple[str, ...],
        Meta(description="Gateways that serve the routes, by `name` or `namespace/name`; on none if left out."),
    ] = ()
    http: Annotated[tuple[HttpRoute, ...], Meta(description="Routes for HTTP; the first that matches is taken.")] = ()
    tls: Annotated[
        tuple[TlsRoute, ...], Meta(description="Routes for TLS that is passed through; the first match is taken.")
    ] = ()
    tcp: Annotated[tuple[TcpRoute, ...], Meta(description="Routes for TCP; the first that matches is taken.")] = ()
    export_to: Annotated[
        tuple[str, ...], Meta(description="Namespaces that see the routes: names, `.` (its own) or `*` (all).")
    ] = ()


class VirtualService(Object, frozen=True, kw_only=True):
    """Says where the traffic of its hosts goes."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: KindName = "VirtualService"
    spec: Annotated[VirtualServiceSpec, Meta(description="Hosts and routes that are wanted.")] = field(
        default_factory=VirtualServiceSpec
    )
    status: Annotated[Open, Meta(description="What became of it, as conditions.")] = field(default_factory=dict)
