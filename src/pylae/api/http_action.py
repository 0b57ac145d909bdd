"""What an HTTP route does with a request, apart from forwarding it: rewrite, redirect, answer, retry, change headers
(Istio, VirtualService)."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.meta import Part
from pylae.api.scalars import Base64, Duration, Int32, UInt32, one_of

DERIVED_PORTS = ("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT")


class RegexRewrite(Part, frozen=True, kw_only=True):
    """Replaces what an expression finds in the path."""

    match: Annotated[str, Meta(description="RE2 expression looked for in the path.")] = ""
    rewrite: Annotated[
        str, Meta(description="What takes the place of each find; `\\1` stands for the first group.")
    ] = ""


class HttpRewrite(Part, frozen=True, kw_only=True):
    """Changes the path or the host before the request is forwarded."""

    uri: Annotated[
        str, Meta(description="Takes the place of the matched prefix, or of the whole path if that was matched.")
    ] = ""
    authority: Annotated[str, Meta(description="Takes the place of the Host header.")] = ""
    uri_regex_rewrite: Annotated[
        RegexRewrite | None, Meta(description="Rewrites the path by an expression, instead of `uri`.")
    ] = None


class HttpRedirect(Part, frozen=True, kw_only=True):
    """Sends the client elsewhere."""

    uri: Annotated[str, Meta(description="Path to go to, instead of the request's.")] = ""
    authority: Annotated[str, Meta(description="Host to go to, with a port if needed, instead of the request's.")] = ""
    port: Annotated[UInt32 | None, Meta(description="Port to go to.")] = None
    derive_port: Annotated[
        str | None,
        one_of(*DERIVED_PORTS),
        Meta(
            description="Where the port comes from, instead of `port`: FROM_PROTOCOL_DEFAULT is 80 or 443, "
            "FROM_REQUEST_PORT is the port that the request came to."
        ),
    ] = None
    scheme: Annotated[str, Meta(description="Scheme to go to, http or https, instead of the request's.")] = ""
    redirect_code: Annotated[
        UInt32, Meta(description="Status of the answer: 301 (also when left out), 302, 303, 307 or 308.")
    ] = 0
    prefix_rewrite: Annotated[str, Meta(description="Takes the place of the matched prefix in the location.")] = ""


class HttpBody(Part, frozen=True, kw_only=True):
    """Content of an answer, in one of two spellings."""

    string: Annotated[str | None, Meta(description="The content as text.")] = None
    bytes: Annotated[
        Base64 | None, Meta(description="The content as base64.", extra_json_schema={"format": "byte"})
    ] = None


class HttpDirectResponse(Part, frozen=True, kw_only=True):
    """Answers at the gateway, without asking any service."""

    status: Annotated[UInt32, Meta(description="Status of the answer, from 200 to 599. Required.")] = 0
    body: Annotated[HttpBody | None, Meta(description="Content of the answer, at most 1 MiB.")] = None


class HttpRetry(Part, frozen=True, kw_only=True):
    """How often and when a failed request is tried again."""

    attempts: Annotated[Int32, Meta(description="How many more times to try; 0 turns retries off.")] = 0
    per_try_timeout: Annotated[
        Duration | None, Meta(description="Time that each try may take; the route's timeout if left out.")
    ] = None
    retry_on: Annotated[
        str, Meta(description="Envoy's retry conditions and status codes, separated by commas, such as `5xx,reset`.")
    ] = ""
    retry_remote_localities: Annotated[bool | None, Meta(description="Try endpoints of other localities too.")] = None
    retry_ignore_previous_hosts: Annotated[
        bool | None, Meta(description="Avoid the endpoints that failed before; the default is yes.")
    ] = None
    backoff: Annotated[Duration | None, Meta(description="Shortest pause before a retry; it grows with each.")] = None


class HeaderOperations(Part, frozen=True, kw_only=True):
    """Changes to the headers of a request or of an answer."""

    set: Annotated[dict[str, str], Meta(description="Headers to write over, by name.")] = field(default_factory=dict)
    add: Annotated[dict[str, str], Meta(description="Values to append to headers, by name.")] = field(
        default_factory=dict
    )
    remove: Annotated[tuple[str, ...], Meta(description="Names of headers to take away.")] = ()


class Headers(Part, frozen=True, kw_only=True):
    """Changes to headers on the way there and on the way back."""

    request: Annotated[HeaderOperations | None, Meta(description="Changes before the request is forwarded.")] = None
    response: Annotated[HeaderOperations | None, Meta(description="Changes before the answer is given back.")] = None
