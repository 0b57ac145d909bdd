"""Hosts in use: what was made for those that an Envoy asked for, for as long as it does.

A client's handshake has Envoy ask for a certificate by the server name. The host's clusters, its scope and the
certificate are made then, in this order, and follow every change from there on. A name that nobody owns is answered as
absent and leaves nothing behind.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field

from pylae.controlplane.fleet.backends import Backends
from pylae.controlplane.fleet.credentials import Credentials
from pylae.model.ir.cluster import Cluster
from pylae.model.ir.listener import AskedBySni
from pylae.model.ir.scope import NO_SNI, Scope
from pylae.rules.hosts import covers
from pylae.translate.on_demand import HostSite
from pylae.translate.translate import Touched, Translator
from pylae.xds.resource import ASKED_ROUTES, Key, Type
from pylae.xds.scope import emit_asked_routes, emit_probe, emit_scope
from pylae.xds.world import World

SPELLINGS = 4
"""Ways to spell one host (`Shop.Example.com`) that are answered at the same time: each costs Envoy a secret. In lower
case it always is, so that nobody takes a host from others by spelling it oddly."""

NAMES_BELOW_A_WILDCARD = 10_000
"""Names below one wildcard host that may be in use at the same time; whoever asks for more is refused until some have
gone out of use."""


@dataclass(slots=True)
class Use:
    """A host in use, by the spellings under which its certificate was asked for.

    With `probe` its scopes are sent without their routes, which Envoy asks for by a name that begins so as soon as a
    request needs them; `used` says that there was one. A host that `rests` has neither certificate nor clusters any
    more: its scopes are there for connections that may still be open. A request on one of those wakes it, and until a
    client comes anew it is in use without a spelling.
    """

    host: str
    pattern: str = ""
    """The host of the Gateway that it belongs to: the same, or a wildcard."""
    sites: tuple[HostSite, ...] = ()
    """One for each listener that serves it."""
    spellings: set[str] = field(default_factory=set)
    probe: str = ""
    used: bool = True
    rests: bool = False
    since: float = 0.0
    """When it was put to rest."""

    def routes_of(self, scope: Scope) -> str:
        """The name under which Envoy asks for the routes of a scope that is probed."""
        return f"{self.probe}{scope.name}"


class OnDemand:
    """`ask`, `leave` and `touch` write to the world; `uses` is read, and let go of by the sweep."""

    def __init__(self, translator: Translator, world: World, backends: Backends, credentials: Credentials) -> None:
        self.uses: dict[str, Use] = {}
        self.room_below = NAMES_BELOW_A_WILDCARD
        self._translator = translator
        self._world = world
        self._backends = backends
        self._credentials = credentials
        self._below: Counter[str] = Counter()
        self._reading: dict[Hashable, set[str]] = {}
        """The hosts in use whose site reads something of a Gateway, or of who provides a hostname."""

    def ask(self, key: Key) -> None:
        """An Envoy asked for this name. The world speaks about it then, whatever there is to say."""
        type_, name = key
        questions = {Type.SECRET: self._ask_certificate, Type.ROUTE: self._ask_routes, Type.SCOPE: self._ask_scope}
        try:
            questions[type_](name)
        finally:
            self._world.answer(key)

    def leave(self, key: Key) -> None:
        """No Envoy uses the name any more."""
        type_, name = key
        match type_:
            case Type.SECRET:
                self._leave_certificate(name)
            case Type.SCOPE:
                self._leave_use(self.uses.get(_host_of_scope(name)))
            case _:
                self._world.drop(key)

    def touch(self, touched: Touched) -> None:
        """Make anew what a change may have changed."""
        for host in dict.fromkeys(self._touched(touched)):
            if use := self.uses.get(host):
                self._follow(use)

    def probe(self, use: Use, probe: str) -> None:
        """Take the routes out of the host's scopes: who needs them asks, but for an Envoy that has routes of this very
        name, from a control plane before this one."""
        for site in use.sites if use.probe else ():
            self._world.drop((Type.ROUTE, use.routes_of(site.scope)))
        use.probe, use.used = probe, False
        for site in use.sites:
            routes = use.routes_of(site.scope)
            use.used |= self._world.get_resource((Type.ROUTE, routes)) is not None
            self._world.put(emit_probe(site.scope, routes))

    def rest(self, use: Use) -> None:
        """Nobody needed the host for long: let go of all but its scopes."""
        use.rests = True
        for name in use.spellings:
            self._credentials.drop(name)
        use.spellings.clear()
        self._backends.release(use.host)

    def close(self, use: Use) -> None:
        """Nothing of the host is needed any more."""
        del self.uses[use.host]
        self._unfile(use)
        for name in use.spellings:
            self._credentials.drop(name)
        for site in use.sites:
            self._drop(use, site)
        self._backends.release(use.host)

    def _ask_certificate(self, name: str) -> None:
        """Where there is no certificate, a host that was in use stays for connections that may be open."""
        host = host_of(name)
        known = self.uses.get(host)
        use = known or self._open(host)
        if use is None or (name not in {host, *use.spellings} and len(use.spellings) >= SPELLINGS):
            return
        if not self._serve(use, name):
            self._credentials.drop(name)
            use.spellings.discard(name)
            if known is None:
                self.close(use)
            return
        use.spellings.add(name)
        use.used = True
        if use.rests:
            self._wake(use)

    def _ask_routes(self, name: str) -> None:
        """A probed scope is needed by a request. Its clusters come before its routes, if they had been let go.

        It may have been probed by a control plane before this one, under a name of that one's.
        """
        _, _, scope = name.removeprefix(ASKED_ROUTES).partition("/")
        self._ask_scope(scope)
        use = self.uses.get(_host_of_scope(name))
        for site in use.sites if use else ():
            if use and site.scope.name == scope:
                use.used, use.rests = True, False
                self._backends.hold(use.host, _clusters(use))
                self._world.put(emit_asked_routes(site.scope, name))

    def _ask_scope(self, name: str) -> None:
        """An Envoy came with the scope of a host: connections may be open that need it."""
        host = _host_of_scope(name)
        known, kept = self.uses.get(host), (name.removesuffix(f"|{host}"),)
        use = known or self._open(host, kept)
        if use is None or any(site.scope.name == name for site in use.sites):
            return
        if known:
            self._follow(use, kept)
        else:
            self.close(use)

    def _leave_certificate(self, name: str) -> None:
        """Envoy also leaves a certificate that was taken from it. That says nothing of connections: the host stays for
        those that may be open."""
        use = self.uses.get(host_of(name))
        if use is None or name not in use.spellings:
            return
        was_there = self._world.get_resource((Type.SECRET, name)) is not None
        self._credentials.drop(name)
        use.spellings.discard(name)
        if was_there:
            self._leave_use(use)

    def _leave_use(self, use: Use | None) -> None:
        if use and not (use.spellings or use.rests):
            self.close(use)

    def _open(self, host: str, kept: Collection[str] = ()) -> Use | None:
        pattern, sites = self._translator.ask(host, kept)
        if not sites or (pattern != host and self._below[pattern] >= self.room_below):
            return None
        use = self.uses[host] = Use(host, pattern, sites)
        self._file(use)
        self._send(use)
        return use

    def _wake(self, use: Use) -> None:
        use.rests, use.probe = False, ""
        self._send(use)

    def _follow(self, use: Use, kept: tuple[str, ...] = ()) -> None:
        """A host that is sent ahead by now stays for the connections that are open, as long as it is served at all."""
        before = use.sites
        self._unfile(use)
        kept = (*kept, *(site.scope.listener for site in before))
        use.pattern, use.sites = self._translator.ask(use.host, kept)
        self._file(use)
        scopes = {site.scope.name for site in use.sites}
        for site in before:
            if site.scope.name not in scopes:
                self._drop(use, site)
        if not use.sites:
            self.close(use)
            return
        self._send(use)
        for name in tuple(use.spellings):
            self._serve(use, name)

    def _send(self, use: Use) -> None:
        if not use.rests:
            self._backends.hold(use.host, _clusters(use))
        for site in use.sites:
            if not use.probe:
                self._world.put(emit_scope(site.scope))
                continue
            routes = use.routes_of(site.scope)
            self._world.put(emit_probe(site.scope, routes))
            if self._world.get_resource((Type.ROUTE, routes)):
                self._world.put(emit_asked_routes(site.scope, routes))

    def _serve(self, use: Use, name: str) -> bool:
        needs = tuple((Type.SCOPE, site.scope.name) for site in use.sites)
        return self._credentials.serve(name, use.sites[0].certificate, needs)

    def _drop(self, use: Use, site: HostSite) -> None:
        self._world.drop((Type.SCOPE, site.scope.name))
        if use.probe:
            self._world.drop((Type.ROUTE, use.routes_of(site.scope)))

    def _file(self, use: Use) -> None:
        self._below[use.pattern] += 1
        for read in _reads(use):
            self._reading.setdefault(read, set()).add(use.host)

    def _unfile(self, use: Use) -> None:
        """As it was filed: by the sites and the pattern that it had then."""
        self._below[use.pattern] -= 1
        if not self._below[use.pattern]:
            del self._below[use.pattern]
        for read in _reads(use):
            hosts = self._reading.get(read, set())
            hosts.discard(use.host)
            if not hosts:
                self._reading.pop(read, None)

    def _touched(self, touched: Touched) -> Iterator[str]:
        for hostname in touched.hostnames:
            yield from tuple(self._reading.get(hostname, ()))
        for _, pattern in touched.names:
            yield from self._below_pattern(pattern, self.uses)
        for gateway, pattern in touched.routes:
            yield from self._below_pattern(pattern, self._reading.get(gateway, set()))

    def _below_pattern(self, pattern: str, hosts: dict[str, Use] | set[str]) -> Iterator[str]:
        """Those of `hosts` that a host of a Gateway or VirtualService speaks of; clients without a name each may be
        one of."""
        if pattern.startswith("*"):
            yield from [host for host in hosts if host == NO_SNI or covers(pattern, host)]
            return
        yield from (host for host in (pattern, NO_SNI) if host in hosts)


def host_of(name: str) -> str:
    """The host that a name in secret discovery asks for."""
    return NO_SNI if name == AskedBySni().without_sni else name.lower()


def _host_of_scope(name: str) -> str:
    """The host of a scope, or of routes that were asked for, which end in the name of their scope."""
    return name.rpartition("|")[2]


def _clusters(use: Use) -> list[Cluster]:
    return [cluster for site in use.sites for cluster in site.clusters]


def _reads(use: Use) -> Iterator[Hashable]:
    for site in use.sites:
        yield site.gateway
        yield from site.hostnames
