"""How many connections and requests a service is given, and when an endpoint is left alone (Istio, DestinationRule)."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.meta import Part
from pylae.api.scalars import Double, Duration, Int32, UInt32, one_of

H2_UPGRADES = ("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE")


class TcpKeepalive(Part, frozen=True, kw_only=True):
    """Keep-alive probes on idle connections; the system's own numbers where one is left out."""

    probes: Annotated[UInt32, Meta(description="Probes without an answer until the connection is given up.")] = 0
    time: Annotated[Duration | None, Meta(description="How long a connection is idle before the first probe.")] = None
    interval: Annotated[Duration | None, Meta(description="Time between two probes.")] = None


class TcpSettings(Part, frozen=True, kw_only=True):
    """Limits of connections, for HTTP too."""

    max_connections: Annotated[Int32, Meta(description="Most connections to the service; no limit if 0.")] = 0
    connect_timeout: Annotated[
        Duration | None, Meta(description="Time that connecting may take; 10 s if left out.")
    ] = None
    tcp_keepalive: Annotated[TcpKeepalive | None, Meta(description="Keep-alive probes; none if left out.")] = None
    max_connection_duration: Annotated[
        Duration | None, Meta(description="Longest life of a connection; no limit if left out.")
    ] = None
    idle_timeout: Annotated[Duration | None, Meta(description="How long an idle connection is kept.")] = None


class Http2KeepAlive(Part, frozen=True, kw_only=True):
    """PING frames on HTTP/2 connections."""

    interval: Annotated[Duration | None, Meta(description="Time between two PING frames.")] = None
    timeout: Annotated[
        Duration | None, Meta(description="How long an answer may take until the connection is closed.")
    ] = None


class HttpSettings(Part, frozen=True, kw_only=True):
    """Limits of HTTP requests."""

    http1_max_pending_requests: Annotated[
        Int32, Meta(description="Most requests that wait for a connection; no limit if 0.")
    ] = 0
    http2_max_requests: Annotated[Int32, Meta(description="Most requests under way; no limit if 0.")] = 0
    max_requests_per_connection: Annotated[
        Int32, Meta(description="Requests after which a connection is closed; no limit if 0.")
    ] = 0
    max_retries: Annotated[Int32, Meta(description="Most retries under way; no limit if 0.")] = 0
    idle_timeout: Annotated[
        Duration | None, Meta(description="How long a connection without requests is kept; one hour if left out.")
    ] = None
    h2_upgrade_policy: Annotated[
        str, one_of(*H2_UPGRADES), Meta(description="Whether HTTP/1.1 becomes HTTP/2 on the way to the service.")
    ] = "DEFAULT"
    use_client_protocol: Annotated[bool, Meta(description="Speak to the service as the client spoke.")] = False
    max_concurrent_streams: Annotated[Int32, Meta(description="Most requests at once on one HTTP/2 connection.")] = 0
    http2_keep_alive: Annotated[
        Http2KeepAlive | None, Meta(description="PING frames on HTTP/2 connections; none if left out.")
    ] = None


class ConnectionPoolSettings(Part, frozen=True, kw_only=True):
    """Limits of what a service is given."""

    tcp: Annotated[TcpSettings | None, Meta(description="Limits of connections.")] = None
    http: Annotated[HttpSettings | None, Meta(description="Limits of HTTP requests.")] = None


class OutlierDetection(Part, frozen=True, kw_only=True):
    """When an endpoint that fails is left alone for a while."""

    consecutive_errors: Annotated[
        Int32, Meta(description="Deprecated: failures in a row; use `consecutiveGatewayErrors`.")
    ] = 0
    split_external_local_origin_errors: Annotated[
        bool, Meta(description="Count failures to reach the endpoint apart from its own error answers.")
    ] = False
    consecutive_local_origin_failures: Annotated[
        UInt32 | None, Meta(description="Failures to reach it in a row, where they are counted apart.")
    ] = None
    consecutive_gateway_errors: Annotated[
        UInt32 | None, Meta(description="Answers 502, 503 or 504 in a row; 0 turns this off.")
    ] = None
    consecutive_5xx_errors: Annotated[
        UInt32 | None, Meta(description="Answers 5xx in a row; 5 if left out, 0 turns this off.")
    ] = field(name="consecutive5xxErrors", default=None)
    interval: Annotated[Duration | None, Meta(description="Time between two looks at it; 10 s if left out.")] = None
    base_ejection_time: Annotated[
        Duration | None, Meta(description="Shortest time out, times how often it was out; 30 s if left out.")
    ] = None
    max_ejection_percent: Annotated[
        Int32, Meta(description="Largest share of endpoints that may be out; 10 % if left out.")
    ] = 0
    min_health_percent: Annotated[
        Int32, Meta(description="Share of healthy endpoints below which all get traffic again.")
    ] = 0
    outlier_detection_http_error_codes: Annotated[
        tuple[Annotated[int, Meta(extra_json_schema={"minimum": 100, "maximum": 599})], ...],
        Meta(description="Status codes that count as failures, instead of all 5xx."),
    ] = ()


class RetryBudget(Part, frozen=True, kw_only=True):
    """How many retries may be under way, measured by the requests under way."""

    percent: Annotated[
        Double | None,
        Meta(description="Retries in percent of the requests; 20 if left out."),
        Meta(extra_json_schema={"minimum": 0, "maximum": 100}),
    ] = None
    min_retry_concurrency: Annotated[UInt32, Meta(description="Retries that are always allowed; 3 if left out.")] = 0
    budget_interval: Annotated[
        Duration | None, Meta(description="Span of time whose requests count; those under way if left out.")
    ] = None
