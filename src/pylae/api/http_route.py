"""HttpRoute: one rule of a VirtualService for HTTP, from what it looks for to where the request goes."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.destination import Destination, Percent
from pylae.api.honour import NOT_YET
from pylae.api.http_action import Headers, HttpDirectResponse, HttpRedirect, HttpRetry, HttpRewrite
from pylae.api.http_match import HttpMatchRequest
from pylae.api.http_policy import CorsPolicy, Delegate, HttpFaultInjection, HttpMirrorPolicy
from pylae.api.meta import Part
from pylae.api.scalars import Duration, Int32, UInt32


class HttpRouteDestination(Part, frozen=True, kw_only=True):
    """Where a request goes, and how often."""

    destination: Annotated[Destination | None, Meta(description="Service that the request goes to. Required.")] = None
    weight: Annotated[Int32, Meta(description="Share of the requests, relative to the other destinations.")] = 0
    headers: Annotated[Headers | None, Meta(description="Changes to headers for this destination alone.")] = None


class HttpRoute(Part, frozen=True, kw_only=True):
    """Conditions, and what happens to a request that meets them: forward, redirect or answer."""

    name: Annotated[str, Meta(description="Name of the route, which logs carry.")] = ""
    match: Annotated[
        tuple[HttpMatchRequest, ...], Meta(description="Conditions of which one must hold; every request if empty.")
    ] = ()
    route: Annotated[tuple[HttpRouteDestination, ...], Meta(description="Services that share the requests.")] = ()
    redirect: Annotated[HttpRedirect | None, Meta(description="Send the client elsewhere instead of forwarding.")] = (
        None
    )
    direct_response: Annotated[
        HttpDirectResponse | None, Meta(description="Answer at the gateway instead of forwarding.")
    ] = None
    delegate: Annotated[
        Delegate | None, Meta(description="VirtualService whose routes stand in this place.", extra=NOT_YET)
    ] = None
    rewrite: Annotated[HttpRewrite | None, Meta(description="Change path or host before forwarding.")] = None
    timeout: Annotated[
        Duration | None, Meta(description="Time until the whole answer must be there; no limit if left out.")
    ] = None
    retries: Annotated[
        HttpRetry | None, Meta(description="How failed requests are tried again; twice if left out.")
    ] = None
    fault: Annotated[
        HttpFaultInjection | None, Meta(description="Faults made on purpose, for tests.", extra=NOT_YET)
    ] = None
    mirror: Annotated[
        Destination | None, Meta(description="Service that gets a copy of the requests.", extra=NOT_YET)
    ] = None
    mirrors: Annotated[
        tuple[HttpMirrorPolicy, ...], Meta(description="Services that get a copy of the requests.", extra=NOT_YET)
    ] = ()
    mirror_percent: Annotated[
        UInt32 | None, Meta(description="Deprecated: whole percent of requests that `mirror` gets.", extra=NOT_YET)
    ] = None
    old_mirror_percent: Annotated[
        UInt32 | None, Meta(description="Deprecated: an older spelling of `mirrorPercent`.", extra=NOT_YET)
    ] = field(name="mirror_percent", default=None)
    mirror_percentage: Annotated[
        Percent | None, Meta(description="Share of the requests that `mirror` gets; all if left out.", extra=NOT_YET)
    ] = None
    cors_policy: Annotated[
        CorsPolicy | None, Meta(description="Which scripts of other origins may call.", extra=NOT_YET)
    ] = None
    headers: Annotated[Headers | None, Meta(description="Changes to headers of requests and answers.")] = None
