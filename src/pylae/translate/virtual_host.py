"""Route configurations: the virtual hosts of servers that share their routes (plain HTTP on one port), or of a single
HTTPS server.

The steps are Istio's: every VirtualService gives its routes to the hosts that it has in common with a server; hosts of
redirecting servers that got none exist for the redirect alone; hosts with the same routes become one virtual host; and
in each, routes that catch all come last, so that no VirtualService hides another one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from pylae.model.codes import NO_ROUTES
from pylae.model.finding import Finding
from pylae.model.ir.origin import Origin
from pylae.model.ir.route import Route, RouteConfiguration, VirtualHost
from pylae.model.snapshot import Key
from pylae.rules.hosts import matches, specificity
from pylae.translate.guard import guarded
from pylae.translate.http_route import HttpRoutes, http_routes
from pylae.translate.server import Server
from pylae.translate.units import Units
from pylae.translate.view import Attachment, View, attachments

Contribution = tuple[Key, Key]
"""A Gateway and a VirtualService: what one VirtualService gives to the servers of one Gateway, once."""


@dataclass(slots=True)
class _Draft:
    """A virtual host while it is put together, by its domain."""

    name: str
    origin: Origin
    contributions: list[Contribution] = field(default_factory=list)
    require_tls: bool = False


@dataclass(slots=True)
class _Workpiece:
    """Virtual hosts by domain, and the routes of every contribution."""

    drafts: dict[str, _Draft] = field(default_factory=dict)
    routes: dict[Contribution, tuple[Route, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def routes_reach(self, host: str) -> bool:
        """Whether some request to the host finds a virtual host with routes."""
        if host in self.drafts and self.drafts[host].contributions:
            return True
        near = self.drafts if host.startswith("*") else [domain for domain in self.drafts if domain.startswith("*")]
        return any(self.drafts[domain].contributions and matches(host, domain) for domain in near)

    def draft(self, domain: str, server: Server, origin: Origin) -> _Draft:
        """The virtual host of the domain; the server that asks first gives it its name."""
        name = f"{domain}:{server.port.number}"
        draft = self.drafts.setdefault(domain, _Draft(name, origin))
        draft.require_tls |= server.redirects
        return draft


@dataclass(frozen=True, slots=True)
class RoutedHosts:
    """A route configuration, and what was found while it was made."""

    configuration: RouteConfiguration
    findings: tuple[Finding, ...] = ()


def route_configuration(
    servers: tuple[Server, ...], view: View, *, name: str = "", beside: tuple[VirtualHost, ...] = ()
) -> RoutedHosts:
    """The route configuration that these servers share; the order of the servers is their precedence.

    `name` is the first server's by default. `beside` are virtual hosts of nobody's, for domains that no server has.
    """
    work = _Workpiece()
    for server in servers:
        for attachment in attachments(server, view):
            with guarded(attachment.origin(), work.findings):
                _contribute(attachment, work)
        _redirect(server, work)
    work.findings += (finding for server in servers for finding in _unrouted(server, work))
    hosts = (*_collapse(work, view.units), *beside) or (_nothing(servers[0]),)
    named = tuple(sorted(hosts, key=lambda host: host.name))
    return RoutedHosts(RouteConfiguration(name or servers[0].route_configuration, named), tuple(work.findings))


def _contribute(attachment: Attachment, work: _Workpiece) -> None:
    """Adds the routes of a VirtualService to the hosts for which it speaks on this server.

    They are made once for all servers of a Gateway here, with the first one's port (as in Istio).
    """
    server, virtual_service, view = attachment.server, attachment.virtual_service, attachment.view
    hosts = view.unit(("hosts", server, attachment.key), (virtual_service,), lambda _: attachment.hosts)
    if not hosts:
        return
    if attachment.key not in work.routes:
        made = view.unit(("routes", attachment.key), (server, virtual_service), partial(_routes, attachment))
        work.routes[attachment.key] = made.routes
        work.findings += made.findings
    if not work.routes[attachment.key]:
        return
    for domain in hosts:
        draft = work.draft(domain, attachment.server, attachment.origin("spec.hosts"))
        draft.contributions.append(attachment.key)


def _routes(attachment: Attachment, view: View) -> HttpRoutes:
    return http_routes(Attachment(attachment.virtual_service, attachment.server, view))


def _redirect(server: Server, work: _Workpiece) -> None:
    """A redirecting server answers for all its hosts, whether they have routes or not."""
    if server.redirects:
        for domain in server.host_names:
            work.draft(domain, server, server.origin)


def _unrouted(server: Server, work: _Workpiece) -> Iterator[Finding]:
    """A server's hosts that no VirtualService gives a route; those of a redirecting server need none."""
    if server.redirects:
        return
    lacking = [host for host in server.host_names if not work.routes_reach(host)]
    if lacking:
        namespace, name = server.gateway_key
        hosts, verb = ", ".join(lacking), "has" if len(lacking) == 1 else "have"
        message = f"{hosts} {verb} no route on port {server.port.number}: requests get 404."
        cure = f"Create a VirtualService with the host and `gateways: [{namespace}/{name}]`."
        yield server.finding(NO_ROUTES, "hosts", message, cure)


def _nothing(server: Server) -> VirtualHost:
    """Where there is no host at all, Istio's answer to every request is 404."""
    return VirtualHost(f"blackhole:{server.port.number}", ("*",), (), server.origin)


def _collapse(work: _Workpiece, units: Units) -> tuple[VirtualHost, ...]:
    """Hosts with the same routes become one virtual host, named after the most specific of them."""
    domains: dict[tuple[tuple[Contribution, ...], bool], list[str]] = {}
    for domain in sorted(work.drafts, key=specificity):
        draft = work.drafts[domain]
        domains.setdefault((tuple(draft.contributions), draft.require_tls), []).append(domain)
    return tuple(_virtual_host(tuple(found), work, units) for found in domains.values())


def _virtual_host(domains: tuple[str, ...], work: _Workpiece, units: Units) -> VirtualHost:
    draft = work.drafts[domains[0]]
    given = tuple(work.routes[key] for key in draft.contributions)

    def make(_: Units) -> VirtualHost:
        routes = catch_alls_last(chain.from_iterable(given))
        return VirtualHost(draft.name, domains, routes, draft.origin, draft.require_tls)

    return units.of(("virtual host", draft.name), (domains, given, draft.origin, draft.require_tls), make)


def catch_alls_last(routes: Iterable[Route]) -> tuple[Route, ...]:
    """Stable: among themselves both kinds keep their order, so that the first catch-all wins."""
    return tuple(sorted(routes, key=lambda route: route.match.catches_all))
