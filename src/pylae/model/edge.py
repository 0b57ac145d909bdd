"""What the gateway allows whoever connects to it: limits that a stranger on the internet may reach, but not pass.

Fields, their names and the words of the actions are Envoy's own (HttpConnectionManager, Http2ProtocolOptions, Listener,
Cluster); the values are those of Envoy's guide "Configuring Envoy as an edge proxy", and where there is another reason,
it stands with the field.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

OFF = timedelta(0)
"""As a time-out: none."""


class EscapedSlashes(StrEnum):
    """What becomes of a path that holds `%2F`, `%5C` or the like (`path_with_escaped_slashes_action`)."""

    KEEP_UNCHANGED = "KEEP_UNCHANGED"
    REJECT_REQUEST = "REJECT_REQUEST"
    UNESCAPE_AND_REDIRECT = "UNESCAPE_AND_REDIRECT"
    UNESCAPE_AND_FORWARD = "UNESCAPE_AND_FORWARD"


class Underscores(StrEnum):
    """What becomes of a request with `_` in the name of a header (`headers_with_underscores_action`)."""

    ALLOW = "ALLOW"
    REJECT_REQUEST = "REJECT_REQUEST"
    DROP_HEADER = "DROP_HEADER"


@dataclass(frozen=True, slots=True)
class Edge:
    """The limits of one gateway, towards clients and, where it says so, towards backends."""

    per_connection_buffer_limit_bytes: int = 32_768
    """Bytes that are held for one connection of a client before the other side has to wait."""

    upstream_per_connection_buffer_limit_bytes: int = 262_144
    """The same for one to a backend. With 32 KiB, as in Envoy's guide, a response of 200 kB costs three times the
    processor time; a client that reads nothing holds this much instead of half of it."""

    max_concurrent_streams: int = 100
    """Requests at a time on one HTTP/2 connection of a client."""

    initial_stream_window_size: int = 65_536
    """Bytes that a client may send in one HTTP/2 stream before they are taken from it."""

    upstream_initial_stream_window_size: int = 262_144
    """The same for a backend that speaks HTTP/2; the reason is that of its buffer."""

    initial_connection_window_size: int = 1_048_576
    """The same for all streams of one HTTP/2 connection, of clients and of backends."""

    idle_timeout: timedelta = timedelta(hours=1)
    """After which a client's connection without any request is closed."""

    request_headers_timeout: timedelta = timedelta(seconds=60)
    """For a request's header to arrive, from its first byte (Istio's profile for the edge)."""

    stream_idle_timeout: timedelta = timedelta(minutes=5)
    """For a request, or what it was upgraded to, on which no byte moves in either direction."""

    request_timeout: timedelta = OFF
    """For a whole request to arrive. Off, where Envoy's guide has 300 s: a large upload over a slow line is no attack,
    and one that stands still ends by `stream_idle_timeout`."""

    max_request_headers_kb: int = 60
    """KiB that a request's header may have; larger ones get 431. Envoy's default."""

    headers_with_underscores_action: Underscores = Underscores.REJECT_REQUEST
    """Many a backend reads `_` and `-` as the same: so a client could send a header that the gateway sets itself."""

    normalize_path: bool = True
    """Whether `..`, `.` and `%61` are resolved before a route is chosen (RFC 3986, section 6)."""

    merge_slashes: bool = True
    """Whether `//` is `/`: else `//admin` passes a rule for `/admin` and reaches the page all the same."""

    path_with_escaped_slashes_action: EscapedSlashes = EscapedSlashes.UNESCAPE_AND_REDIRECT
    """Such a path is told to the client unescaped, so that gateway and backend judge the same one."""


DEFAULT_EDGE = Edge()
"""Where nobody asked for anything else."""
