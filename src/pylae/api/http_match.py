"""What an HTTP route looks for in a request (Istio, VirtualService: HTTPMatchRequest)."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.meta import Part
from pylae.api.scalars import UInt32


class StringMatch(Part, frozen=True, kw_only=True):
    """A pattern for a string, of which one form is set; none at all asks only that the value is there."""

    exact: Annotated[str | None, Meta(description="The whole value.")] = None
    prefix: Annotated[str | None, Meta(description="What the value begins with.")] = None
    regex: Annotated[str | None, Meta(description="RE2 expression that the whole value matches.")] = None


class HttpMatchRequest(Part, frozen=True, kw_only=True):
    """Conditions on a request; all that are set must hold."""

    name: Annotated[str, Meta(description="Name of the match; the route's statistics and logs carry it.")] = ""
    uri: Annotated[StringMatch | None, Meta(description="Pattern for the path, without the query.")] = None
    scheme: Annotated[StringMatch | None, Meta(description="Pattern for the scheme, http or https.")] = None
    method: Annotated[StringMatch | None, Meta(description="Pattern for the method, such as GET.")] = None
    authority: Annotated[StringMatch | None, Meta(description="Pattern for the Host header or :authority.")] = None
    headers: Annotated[
        dict[str, StringMatch], Meta(description="Patterns for headers, by lower-case name; all must match.")
    ] = field(default_factory=dict)
    port: Annotated[UInt32, Meta(description="Port of the gateway's server that the request came to.")] = 0
    source_labels: Annotated[
        dict[str, str], Meta(description="Labels that the workload applying the rule must carry.")
    ] = field(default_factory=dict)
    gateways: Annotated[
        tuple[str, ...], Meta(description="Gateways on which the match counts, instead of those of the VirtualService.")
    ] = ()
    query_params: Annotated[
        dict[str, StringMatch], Meta(description="Patterns for query parameters, by name; all must match.")
    ] = field(default_factory=dict)
    ignore_uri_case: Annotated[
        bool, Meta(description="Compare exact and prefix paths without regard to upper and lower case.")
    ] = False
    without_headers: Annotated[
        dict[str, StringMatch], Meta(description="Patterns for headers of which none may match, by lower-case name.")
    ] = field(default_factory=dict)
    source_namespace: Annotated[str, Meta(description="Namespace that the workload applying the rule must be in.")] = ""
    stat_prefix: Annotated[str, Meta(description="Prefix of the statistics that Envoy keeps for the route.")] = ""
