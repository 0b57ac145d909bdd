"""Which endpoint of a service gets the next request (Istio, DestinationRule: LoadBalancerSettings)."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.meta import Part
from pylae.api.scalars import Double, Duration, UInt32, UInt64, one_of

SIMPLE_BALANCERS = ("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST")


class HttpCookieAttribute(Part, frozen=True, kw_only=True):
    """An attribute of the cookie, such as SameSite."""

    name: Annotated[str, Meta(description="Name of the attribute. Required.")] = ""
    value: Annotated[str, Meta(description="Value of the attribute, if it has one.")] = ""


class HttpCookie(Part, frozen=True, kw_only=True):
    """A cookie that keeps a client with its endpoint."""

    name: Annotated[str, Meta(description="Name of the cookie. Required.")] = ""
    path: Annotated[str, Meta(description="Path of the cookie.")] = ""
    ttl: Annotated[
        Duration | None, Meta(description="Life of the cookie; set, the gateway makes one for clients without it.")
    ] = None
    attributes: Annotated[tuple[HttpCookieAttribute, ...], Meta(description="Further attributes of the cookie.")] = ()


class RingHash(Part, frozen=True, kw_only=True):
    """Consistent hashing on a ring."""

    minimum_ring_size: Annotated[
        UInt64, Meta(description="Fewest points on the ring; more spread the load evener.")
    ] = 0


class Maglev(Part, frozen=True, kw_only=True):
    """Consistent hashing by Google's Maglev."""

    table_size: Annotated[UInt64, Meta(description="Size of the table, a prime number; 65537 if left out.")] = 0


class ConsistentHash(Part, frozen=True, kw_only=True):
    """Sends like requests to the same endpoint; one key and at most one algorithm is set."""

    http_header_name: Annotated[str | None, Meta(description="Hash this header.")] = None
    http_cookie: Annotated[HttpCookie | None, Meta(description="Hash this cookie.")] = None
    use_source_ip: Annotated[bool | None, Meta(description="Hash the client's address.")] = None
    http_query_parameter_name: Annotated[str | None, Meta(description="Hash this query parameter.")] = None
    ring_hash: Annotated[RingHash | None, Meta(description="Use a ring, which is also the default.")] = None
    maglev: Annotated[Maglev | None, Meta(description="Use Maglev's table.")] = None
    minimum_ring_size: Annotated[UInt64, Meta(description="Deprecated: fewest points on the ring; use `ringHash`.")] = 0


class LocalityDistribution(Part, frozen=True, kw_only=True):
    """How traffic from one locality is spread over others."""

    from_: Annotated[str, Meta(description="Locality the traffic comes from, region/zone/subzone; `*` is any.")] = (
        field(name="from", default="")
    )
    to: Annotated[dict[str, UInt32], Meta(description="Percent of the traffic per locality; together 100.")] = field(
        default_factory=dict
    )


class LocalityFailover(Part, frozen=True, kw_only=True):
    """Where traffic goes once the endpoints of a region fail."""

    from_: Annotated[str, Meta(description="Region whose endpoints failed.")] = field(name="from", default="")
    to: Annotated[str, Meta(description="Region that takes over.")] = ""


class LocalityLbSetting(Part, frozen=True, kw_only=True):
    """Preference for endpoints nearby."""

    distribute: Annotated[
        tuple[LocalityDistribution, ...], Meta(description="How traffic is spread over localities.")
    ] = ()
    failover: Annotated[tuple[LocalityFailover, ...], Meta(description="Where traffic goes when a region fails.")] = ()
    failover_priority: Annotated[
        tuple[str, ...], Meta(description="Labels by which endpoints are ranked, the weightiest first.")
    ] = ()
    enabled: Annotated[bool | None, Meta(description="Whether it applies; the mesh's setting if left out.")] = None


class ZoneAwareLbSetting(Part, frozen=True, kw_only=True):
    """Preference for endpoints of the same zone, as far as the load stays even."""

    enabled: Annotated[bool | None, Meta(description="Whether it applies; the mesh's setting if left out.")] = None
    min_cluster_size: Annotated[
        UInt32 | None,
        Meta(description="Fewest endpoints for zones to matter."),
        Meta(extra_json_schema={"minimum": 1}),
    ] = None
    failover: Annotated[tuple[LocalityFailover, ...], Meta(description="Where traffic goes when a region fails.")] = ()
    failover_priority: Annotated[
        tuple[str, ...], Meta(description="Labels by which endpoints are ranked, the weightiest first.")
    ] = ()


class BackendUtilization(Part, frozen=True, kw_only=True):
    """Weights by the load that endpoints report themselves (ORCA)."""

    weight_update_period: Annotated[Duration | None, Meta(description="Time between two weightings.")] = None
    weight_expiration_period: Annotated[
        Duration | None, Meta(description="How long a report counts when no new one comes.")
    ] = None
    weight_stabilization_period: Annotated[
        Duration | None, Meta(description="How long reports come in before they count.")
    ] = None
    error_utilization_penalty_percent: Annotated[
        UInt32, Meta(description="How much errors add to the load of an endpoint, in percent.")
    ] = 0
    metric_names_for_computing_utilization: Annotated[
        tuple[str, ...], Meta(description="Reported metrics that make up the load.")
    ] = ()


class Warmup(Part, frozen=True, kw_only=True):
    """Lets the traffic of a new endpoint grow."""

    duration: Annotated[Duration | None, Meta(description="Time until it gets its full share. Required.")] = None
    minimum_percent: Annotated[
        Double | None,
        Meta(description="Share that it begins with, in percent; 10 if left out."),
        Meta(extra_json_schema={"minimum": 0, "maximum": 100}),
    ] = None
    aggression: Annotated[
        Double | None,
        Meta(description="How the share grows: evenly at 1, which is the default; faster at first above 1."),
        Meta(extra_json_schema={"minimum": 0}),
    ] = None


class LoadBalancerSettings(Part, frozen=True, kw_only=True):
    """How endpoints are chosen; one of `simple`, `consistentHash` and `backendUtilization` is set."""

    simple: Annotated[
        str | None, one_of(*SIMPLE_BALANCERS), Meta(description="A plain algorithm; LEAST_REQUEST is the default.")
    ] = None
    consistent_hash: Annotated[ConsistentHash | None, Meta(description="Send like requests to the same endpoint.")] = (
        None
    )
    backend_utilization: Annotated[
        BackendUtilization | None, Meta(description="Weigh endpoints by the load that they report.")
    ] = None
    locality_lb_setting: Annotated[LocalityLbSetting | None, Meta(description="Prefer endpoints nearby.")] = None
    zone_aware_lb_setting: Annotated[
        ZoneAwareLbSetting | None, Meta(description="Prefer endpoints of the same zone.")
    ] = None
    warmup_duration_secs: Annotated[
        Duration | None, Meta(description="Deprecated: how long the traffic of a new endpoint grows; use `warmup`.")
    ] = None
    warmup: Annotated[Warmup | None, Meta(description="Let the traffic of a new endpoint grow.")] = None
