"""TrafficPolicy: how a gateway speaks to a service: limits, choice of endpoints, TLS (Istio, DestinationRule)."""

from typing import Annotated

from msgspec import Meta

from pylae.api.connection_pool import ConnectionPoolSettings, OutlierDetection, RetryBudget
from pylae.api.destination import PortSelector
from pylae.api.load_balancing import LoadBalancerSettings
from pylae.api.meta import Part
from pylae.api.scalars import UInt32, at_most, one_of

CLIENT_TLS_MODES = ("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL")


class ClientTlsSettings(Part, frozen=True, kw_only=True):
    """How a connection to a service is encrypted, or that it is not."""

    mode: Annotated[
        str,
        one_of(*CLIENT_TLS_MODES),
        Meta(
            description="DISABLE speaks plain text, SIMPLE TLS, MUTUAL also shows a client certificate, ISTIO_MUTUAL "
            "one of the mesh."
        ),
    ] = "DISABLE"
    client_certificate: Annotated[str, Meta(description="Path of the client certificate in the proxy, PEM.")] = ""
    private_key: Annotated[str, Meta(description="Path of the client's private key in the proxy, PEM.")] = ""
    ca_certificates: Annotated[
        str, Meta(description="Path of the authorities that the service's certificate must come from, PEM.")
    ] = ""
    credential_name: Annotated[
        str, Meta(description="Secret with the authorities and, for MUTUAL, the client certificate and key.")
    ] = ""
    subject_alt_names: Annotated[
        tuple[str, ...], Meta(description="Names of which the service's certificate must carry one.")
    ] = ()
    sni: Annotated[str, Meta(description="Server name asked for; the request's host if left out.")] = ""
    insecure_skip_verify: Annotated[bool | None, Meta(description="Accept any certificate of the service.")] = None
    ca_crl: Annotated[str, Meta(description="Path of the list of revoked certificates in the proxy, PEM.")] = ""


class PortTrafficPolicy(Part, frozen=True, kw_only=True):
    """The policy for one port; what it leaves out has its default, not the general policy's value."""

    port: Annotated[PortSelector | None, Meta(description="Port of the service. Required.")] = None
    load_balancer: Annotated[LoadBalancerSettings | None, Meta(description="How endpoints are chosen.")] = None
    connection_pool: Annotated[ConnectionPoolSettings | None, Meta(description="Limits of what it is given.")] = None
    outlier_detection: Annotated[
        OutlierDetection | None, Meta(description="When an endpoint that fails is left alone.")
    ] = None
    tls: Annotated[ClientTlsSettings | None, Meta(description="How connections are encrypted.")] = None


class Tunnel(Part, frozen=True, kw_only=True):
    """A tunnel through a proxy, for TCP."""

    protocol: Annotated[str, Meta(description="CONNECT or POST; CONNECT if left out.")] = ""
    target_host: Annotated[str, Meta(description="Host that the tunnel leads to. Required.")] = ""
    target_port: Annotated[UInt32, Meta(description="Port that the tunnel leads to. Required.")] = 0


class ProxyProtocol(Part, frozen=True, kw_only=True):
    """Tells the service the client's address ahead of the data (HAProxy's PROXY protocol)."""

    version: Annotated[str, one_of("V1", "V2"), Meta(description="V1 is a line of text, V2 is binary.")] = "V1"


class TrafficPolicy(Part, frozen=True, kw_only=True):
    """The policy for a service or a subset of it."""

    load_balancer: Annotated[LoadBalancerSettings | None, Meta(description="How endpoints are chosen.")] = None
    connection_pool: Annotated[ConnectionPoolSettings | None, Meta(description="Limits of what it is given.")] = None
    outlier_detection: Annotated[
        OutlierDetection | None, Meta(description="When an endpoint that fails is left alone.")
    ] = None
    tls: Annotated[ClientTlsSettings | None, Meta(description="How connections are encrypted.")] = None
    port_level_settings: Annotated[
        tuple[PortTrafficPolicy, ...], at_most(items=4096), Meta(description="Policies for single ports.")
    ] = ()
    tunnel: Annotated[Tunnel | None, Meta(description="Reach the service through a proxy.")] = None
    proxy_protocol: Annotated[ProxyProtocol | None, Meta(description="Tell the service the client's address.")] = None
    retry_budget: Annotated[RetryBudget | None, Meta(description="How many retries may be under way.")] = None
