"""What else an HTTP route can ask for: injected faults, mirrored traffic, cross-origin answers, delegation (Istio,
VirtualService)."""

from typing import Annotated

from msgspec import Meta

from pylae.api.destination import Destination, Percent
from pylae.api.http_match import StringMatch
from pylae.api.meta import Part
from pylae.api.scalars import Duration, Int32, one_of

UNMATCHED_PREFLIGHTS = ("UNSPECIFIED", "FORWARD", "IGNORE")


class Delay(Part, frozen=True, kw_only=True):
    """Makes requests wait."""

    percent: Annotated[Int32, Meta(description="Deprecated: whole percent of requests; use `percentage`.")] = 0
    fixed_delay: Annotated[Duration | None, Meta(description="How long a request waits.")] = None
    exponential_delay: Annotated[
        Duration | None, Meta(description="Mean of an exponential delay; Istio declares it and does not act on it.")
    ] = None
    percentage: Annotated[Percent | None, Meta(description="Share of the requests that wait; none if left out.")] = None


class Abort(Part, frozen=True, kw_only=True):
    """Ends requests with an error."""

    http_status: Annotated[Int32 | None, Meta(description="Status that the request is answered with.")] = None
    grpc_status: Annotated[
        str | None, Meta(description="gRPC status that the request is answered with, such as UNAVAILABLE.")
    ] = None
    http2_error: Annotated[
        str | None, Meta(description="HTTP/2 error to end the stream with; Istio declares it and does not act on it.")
    ] = None
    percentage: Annotated[Percent | None, Meta(description="Share of the requests that fail; none if left out.")] = None


class HttpFaultInjection(Part, frozen=True, kw_only=True):
    """Faults made on purpose, to see how clients bear them."""

    delay: Annotated[Delay | None, Meta(description="Makes requests wait before they are forwarded.")] = None
    abort: Annotated[Abort | None, Meta(description="Answers requests with an error instead of forwarding them.")] = (
        None
    )


class HttpMirrorPolicy(Part, frozen=True, kw_only=True):
    """Where copies of requests go."""

    destination: Annotated[Destination | None, Meta(description="Service that gets the copies. Required.")] = None
    percentage: Annotated[Percent | None, Meta(description="Share of the requests copied; all if left out.")] = None


class CorsPolicy(Part, frozen=True, kw_only=True):
    """Which scripts of other origins may call (the CORS protocol of the Fetch standard)."""

    allow_origin: Annotated[
        tuple[str, ...], Meta(description="Deprecated: origins that may call, word for word; use `allowOrigins`.")
    ] = ()
    allow_origins: Annotated[tuple[StringMatch, ...], Meta(description="Patterns of the origins that may call.")] = ()
    allow_methods: Annotated[tuple[str, ...], Meta(description="Methods that may be called.")] = ()
    allow_headers: Annotated[tuple[str, ...], Meta(description="Headers that a request may carry.")] = ()
    expose_headers: Annotated[tuple[str, ...], Meta(description="Headers of the answer that a script may read.")] = ()
    max_age: Annotated[
        Duration | None, Meta(description="How long a browser may remember the answer to a preflight.")
    ] = None
    allow_credentials: Annotated[bool | None, Meta(description="Whether requests may carry credentials.")] = None
    unmatched_preflights: Annotated[
        str,
        one_of(*UNMATCHED_PREFLIGHTS),
        Meta(description="FORWARD (the default) or IGNORE: whether preflights of other origins reach the service."),
    ] = "UNSPECIFIED"


class Delegate(Part, frozen=True, kw_only=True):
    """Another VirtualService whose routes stand here."""

    name: Annotated[str, Meta(description="Name of the VirtualService.")] = ""
    namespace: Annotated[str, Meta(description="Its namespace; this VirtualService's own if left out.")] = ""
