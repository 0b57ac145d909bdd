"""Route configurations: which request goes where, and what is changed on the way."""

from dataclasses import dataclass, field
from datetime import timedelta

from pylae.model.ir.origin import Origin


@dataclass(frozen=True, slots=True)
class Exact:
    value: str


@dataclass(frozen=True, slots=True)
class Prefix:
    value: str


@dataclass(frozen=True, slots=True)
class Regex:
    """RE2, matched against the whole value."""

    value: str


@dataclass(frozen=True, slots=True)
class Present:
    """Any value, as long as there is one."""


StringMatch = Exact | Prefix | Regex
PathMatch = Exact | Prefix | Regex


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """`name` may be a pseudo-header (`:method`, `:authority`, `:scheme`). An inverted match treats a missing
    header as empty."""

    name: str
    match: StringMatch | Present
    invert: bool = False


@dataclass(frozen=True, slots=True)
class QueryMatch:
    name: str
    match: StringMatch | Present


@dataclass(frozen=True, slots=True)
class RouteMatch:
    path: PathMatch = field(default=Prefix("/"))
    case_sensitive: bool = True
    headers: tuple[HeaderMatch, ...] = ()
    query: tuple[QueryMatch, ...] = ()

    @property
    def catches_all(self) -> bool:
        """Whether every request matches: nothing after such a route can be reached."""
        return self.path in (Prefix("/"), Regex(".*")) and not self.headers and not self.query


@dataclass(frozen=True, slots=True)
class HeaderChanges:
    """In this order: `set` replaces, `add` appends, `remove` takes away. Pairs are sorted by name."""

    set: tuple[tuple[str, str], ...] = ()
    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()


NO_CHANGES = HeaderChanges()


@dataclass(frozen=True, slots=True)
class WeightedCluster:
    """A cluster by name. The name need not exist: Envoy then answers 503 (`NC`), and a finding tells the user."""

    cluster: str
    weight: int = 1
    request_headers: HeaderChanges = NO_CHANGES
    response_headers: HeaderChanges = NO_CHANGES
    host_rewrite: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """`on` are Envoy's conditions, `statuses` the codes for `retriable-status-codes`."""

    attempts: int = 2
    on: tuple[str, ...] = ("connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes")
    statuses: tuple[int, ...] = ()
    per_try_timeout: timedelta | None = None
    back_off: timedelta | None = None
    avoid_previous_hosts: bool = True
    remote_localities: bool = False


@dataclass(frozen=True, slots=True)
class RegexRewrite:
    pattern: str
    substitution: str


@dataclass(frozen=True, slots=True)
class Forward:
    """To one cluster, or to several by weight. `timeout` zero means none, which is Istio's default; `idle_timeout` is
    the edge's unless the route has one of its own."""

    clusters: tuple[WeightedCluster, ...]
    timeout: timedelta = timedelta(0)
    retry: Retry | None = None
    prefix_rewrite: str = ""
    regex_rewrite: RegexRewrite | None = None
    host_rewrite: str = ""
    idle_timeout: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """Empty fields leave that part of the request's URL as it is. `code` is one of 301, 302, 303, 307, 308."""

    host: str = ""
    path: str = ""
    prefix_rewrite: str = ""
    scheme: str = ""
    port: int = 0
    code: int = 301


@dataclass(frozen=True, slots=True)
class DirectResponse:
    status: int
    body: bytes = b""


RouteAction = Forward | Redirect | DirectResponse


@dataclass(frozen=True, slots=True)
class Route:
    """`operation` names the route in traces, as Istio's decorator does; `config` is Istio's `istio.config`
    metadata, by which istioctl finds the VirtualService."""

    name: str
    match: RouteMatch
    action: RouteAction
    origin: Origin
    operation: str = ""
    config: str = ""
    stat_prefix: str = ""
    request_headers: HeaderChanges = NO_CHANGES
    response_headers: HeaderChanges = NO_CHANGES


@dataclass(frozen=True, slots=True)
class VirtualHost:
    """With `require_tls` every plain request is answered 301 to https (Envoy's `require_tls: ALL`)."""

    name: str
    domains: tuple[str, ...]
    routes: tuple[Route, ...]
    origin: Origin
    require_tls: bool = False


@dataclass(frozen=True, slots=True)
class RouteConfiguration:
    """`virtual_hosts` are sorted by name."""

    name: str
    virtual_hosts: tuple[VirtualHost, ...]
