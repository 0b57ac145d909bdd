"""What serves now: a row for each host on a port, as `pylae status` prints it.

A row is made from the plan of its server, so that a server which does not serve has its rows as well, and from the
routes that its host got. A server that is served on demand has rows only while something is found on it: of all the
others there is nothing to tell but how many they are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pylae.api.meta import ObjectRef
from pylae.model.finding import Finding
from pylae.model.ir.listener import FilterChain, TcpProxy
from pylae.model.snapshot import Key
from pylae.model.translation import ServerPlan, Translation
from pylae.rules.hosts import ANY_HOST, covers
from pylae.rules.pem import CertificateFacts
from pylae.status.server import about_server, server_state

GATEWAY = "Gateway"
KUBERNETES = "kubernetes://"
REDIRECT = "→ https"


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One line of the table.

    - `tls`: the mode, `→ https` for a redirect, "" for plain text
    - `certificate`: the Secret's name; several are joined by commas
    - `expires`: the earliest end of its certificates, aware; None if there is none
    - `routes`: how many routes the host has; None where it needs none, or gets them on demand
    - `codes`: of the findings on the server, each once
    """

    host: str
    port: int
    tls: str
    certificate: str
    expires: datetime | None
    routes: int | None
    state: str
    codes: tuple[str, ...]


def _none(_: Key) -> tuple[ServerPlan, ...]:
    return ()


def site_rows(
    translation: Translation,
    certificates: Mapping[str, CertificateFacts],
    findings: Iterable[Finding],
    plans: Callable[[Key], Iterable[ServerPlan]] = _none,
) -> tuple[SiteRow, ...]:
    """The rows, by host, then by port with the highest first.

    `certificates` has what is known of them, by SDS name; `plans` gives the servers of one Gateway, by its namespace
    and name, where some are served on demand.
    """
    found = _by_gateway(findings)
    routes = _Routes(translation)
    ahead = [plan for plan in translation.servers if not plan.on_demand]
    told = [*ahead, *_on_demand(found, plans)]
    rows = [row for plan in told for row in _rows(plan, routes, certificates, found.get(plan.gateway, ()))]
    return tuple(sorted(rows, key=lambda row: (row.host, -row.port, row.state)))


def _by_gateway(findings: Iterable[Finding]) -> Mapping[ObjectRef, Sequence[Finding]]:
    found: dict[ObjectRef, list[Finding]] = {}
    for finding in findings:
        if finding.about.kind == GATEWAY:
            found.setdefault(finding.about, []).append(finding)
    return found


def _on_demand(
    found: Mapping[ObjectRef, Sequence[Finding]], plans: Callable[[Key], Iterable[ServerPlan]]
) -> Iterator[ServerPlan]:
    """The servers on which something is found."""
    for gateway, findings in found.items():
        for plan in plans((gateway.namespace, gateway.name)):
            if plan.on_demand and (plan.rejected or about_server(plan, findings)):
                yield plan


def _rows(
    plan: ServerPlan, routes: "_Routes", certificates: Mapping[str, CertificateFacts], findings: Sequence[Finding]
) -> Iterator[SiteRow]:
    state = server_state(plan, findings).state
    own = [*about_server(plan, findings), *([plan.rejected] if plan.rejected else [])]
    ends = [certificates[ref.name].not_after for ref in plan.credentials if ref.name in certificates]
    needs_no_routes = plan.redirect or plan.on_demand or not plan.listener
    for host in plan.hosts:
        yield SiteRow(
            host=host,
            port=plan.port,
            tls=REDIRECT if plan.redirect else plan.mode,
            certificate=", ".join(ref.name.removeprefix(KUBERNETES) for ref in plan.credentials),
            expires=min(ends, default=None),
            routes=None if needs_no_routes else routes.of(plan, host),
            state=state,
            codes=tuple(dict.fromkeys(finding.code.number for finding in own)),
        )


class _Routes:
    """How many routes each host has."""

    def __init__(self, translation: Translation) -> None:
        self._http = {
            configuration.name: {
                domain: len(host.routes) for host in configuration.virtual_hosts for domain in host.domains
            }
            for configuration in translation.route_configurations
        }
        self._forwarded = {
            listener.name: [name for chain in listener.chains for name in _forwarded_names(chain)]
            for listener in translation.listeners
        }

    def of(self, plan: ServerPlan, host: str) -> int:
        """Of a wildcard's hosts all routes count: they are what the row stands for."""
        if not plan.route_configuration:
            names = self._forwarded.get(plan.listener, ())
            return sum(1 for name in names if name == ANY_HOST or covers(host, name))
        domains = self._http.get(plan.route_configuration, {})
        if not host.startswith("*"):
            return domains.get(host, 0)
        return sum(count for domain, count in domains.items() if covers(host, domain))


def _forwarded_names(chain: FilterChain) -> tuple[str, ...]:
    """The names whose connections the chain forwards as bytes."""
    return (chain.server_names or (ANY_HOST,)) if isinstance(chain.payload, TcpProxy) else ()
