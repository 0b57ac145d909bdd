"""What is wrong with users' objects, looked into when something about them changed.

A host that is served on demand is translated here for the sake of what is found, whether anybody asks for it or not:
its user hears of a missing Service when he forgets it, not when a client comes. What changed is examined first; at a
start everything is, in moments when there is nothing else to do.
"""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from pylae.api.scheme import GATEWAY, Kind
from pylae.controlplane.fleet.backends import unready
from pylae.controlplane.fleet.credentials import NEVER, Credentials
from pylae.controlplane.fleet.naming import Naming
from pylae.controlplane.report.voice import Voice
from pylae.model.finding import Finding
from pylae.model.ir.cluster import Discovery
from pylae.model.snapshot import Key
from pylae.model.translation import ServerPlan
from pylae.translate.endpoints import endpoints
from pylae.translate.on_demand import HostSite
from pylae.translate.translate import Touched, Translator
from pylae.validation.validate import validate


@dataclass(frozen=True, slots=True)
class _Binding:
    """A VirtualService and the Gateways that it names."""

    key: Key


@dataclass(frozen=True, slots=True)
class _Service:
    """A Service by itself, which nobody read at the start."""

    key: Key


@dataclass(frozen=True, slots=True)
class _Servers:
    """The servers of a Gateway and their secrets."""

    key: Key


@dataclass(frozen=True, slots=True)
class _Host:
    """A host of a Gateway that is served on demand, by its listener."""

    listener: str
    host: str


Subject = _Binding | _Service | _Servers | _Host


OUTDATED = 2
"""How many times as many dates as count may be kept before the others are thrown away: those of Gateways that are gone,
or whose certificates are others by now."""


@dataclass
class Examination:
    """`touch` says what may be another; `examine` looks into the next subject and tells what it finds."""

    translator: Translator
    credentials: Credentials
    voice: Voice
    clock: Callable[[], datetime]
    report: Callable[[Kind, Key], None] = lambda _kind, _key: None
    """Called with each Gateway that changed, once it was looked into: its status may have to be written anew."""

    _changed: OrderedDict[Subject, None] = field(default_factory=OrderedDict)
    """Of these the first is taken out again and again, for which a `dict` is slow."""
    _backlog: Iterator[Subject] = field(default_factory=lambda: iter(()))
    _is_over: bool = True
    _naming: Naming = field(default_factory=Naming)
    """The Gateways that were looked into, by the secrets that they name."""
    _due: list[tuple[datetime, Key]] = field(default_factory=list)
    """A heap; of a Gateway that was looked into again what it says first may hold no more."""
    _due_at: dict[Key, datetime] = field(default_factory=dict)
    _reading: dict[str, _Host | tuple[_Host, ...]] = field(default_factory=dict)
    """The hosts that look up a hostname: nearly always one, and there may be a hundred thousand."""
    _hostnames: dict[_Host, tuple[str, ...]] = field(default_factory=dict)
    _hosts_of: dict[Key, tuple[_Host, ...]] = field(default_factory=dict)

    @property
    def is_urgent(self) -> bool:
        """Whether something changed that was not looked into yet."""
        return bool(self._changed)

    @property
    def is_over(self) -> bool:
        """Whether everything that was there at the start was looked into."""
        return self._is_over

    def begin(self) -> None:
        """Everything that is there now has never been looked into."""
        snapshot = self.translator.snapshot
        routes, services = map(_Binding, tuple(snapshot.virtual_services)), map(_Service, tuple(snapshot.services))
        self._backlog = chain[Subject](self._served(tuple(snapshot.gateways)), routes, services)
        self._is_over = False

    def _served(self, gateways: tuple[Key, ...]) -> Iterator[Subject]:
        """Each Gateway before its hosts: they are known once it was looked into, which is when the next is taken."""
        for key in gateways:
            yield _Servers(key)
            yield from self._hosts_of.get(key, ())

    def touch(self, touched: Touched) -> None:
        """Something changed."""
        changed = self._changed
        changed.update(dict.fromkeys(map(_Binding, touched.bindings)))
        changed.update(dict.fromkeys(map(_Servers, touched.gateways)))
        changed.update(dict.fromkeys(_Host(*place) for place in touched.names))
        changed.update(dict.fromkeys(self._routed(touched.routes)))
        for hostname in touched.endpoints:
            changed.update(dict.fromkeys(self._readers(hostname)))

    def secrets(self, names: Iterable[str]) -> None:
        """These changed, by their names in secret discovery. Gateways that name them and were never looked into will be
        anyway."""
        self._changed.update((_Servers(gateway), None) for name in names for gateway in self._naming.of(name))

    def examine(self) -> bool:
        """Look into one subject; whether there was one."""
        now = self.clock()
        self._come_due(now)
        if self._changed:
            subject, _ = self._changed.popitem(last=False)
            self._look_into(subject, now)
            if isinstance(subject, _Servers):
                self.report(GATEWAY, subject.key)
            return True
        if (first := next(self._backlog, None)) is not None:
            self._look_into(first, now)
            return True
        self._is_over = True
        return False

    def _look_into(self, subject: Subject, now: datetime) -> None:
        match subject:
            case _Binding(key):
                self.voice.tell(subject, self.translator.judge(key))
            case _Service(key):
                if service := self.translator.snapshot.services.get(key):
                    self.voice.tell(service.ref, validate(service))
            case _Servers(key):
                self._look_into_servers(subject, key, now)
            case _Host():
                self._look_into_host(subject)

    def _look_into_servers(self, subject: Subject, key: Key, now: datetime) -> None:
        plans = self.translator.plans(key)
        self._naming.put(key, self.translator.snapshot.gateways.get(key))
        self.voice.tell(subject, [*self.translator.told(key), *self._secrets_of(plans, key, now)])
        waiting = (plan for plan in plans if plan.on_demand and not plan.redirect)
        self._note_hosts(key, {_Host(plan.listener, host) for plan in waiting for host in plan.hosts})

    def _secrets_of(self, plans: Iterable[ServerPlan], key: Key, now: datetime) -> Iterator[Finding]:
        until = NEVER
        for plan in plans:
            if plan.listener and plan.secrets:
                found, end = self.credentials.examine(plan, now)
                until = min(until, end)
                yield from found
        self._remind(key, until)

    def _remind(self, key: Key, until: datetime) -> None:
        """Look into a Gateway again then, and at no other time for time's sake."""
        if self._due_at.pop(key, NEVER) != until and until < NEVER:
            heapq.heappush(self._due, (until, key))
        if until < NEVER:
            self._due_at[key] = until
        if len(self._due) > OUTDATED * (len(self._due_at) + 1):
            self._due = sorted((until, key) for key, until in self._due_at.items())

    def _come_due(self, now: datetime) -> None:
        while self._due and self._due[0][0] <= now:
            until, key = heapq.heappop(self._due)
            if self._due_at.get(key) == until:
                del self._due_at[key]
                self._changed[_Servers(key)] = None

    def _look_into_host(self, subject: _Host) -> None:
        site = self.translator.examine(subject.listener, subject.host)
        if site is None:
            self._forget_host(subject)
            return
        self.voice.tell(subject, (*site.findings, *self._unready(site)))
        self._file(subject, tuple(site.hostnames))

    def _unready(self, site: HostSite) -> Iterator[Finding]:
        """What a host in use has no endpoints for, said before anybody asks."""
        for cluster in site.clusters:
            if cluster.discovery is Discovery.EDS:
                found = endpoints(cluster, self.translator.registry)
                if not any(endpoint.healthy for endpoint in found.endpoints):
                    yield unready(cluster)

    def _routed(self, routes: Iterable[tuple[Key, str]]) -> Iterator[_Host]:
        for gateway, host in routes:
            yield from (_Host(*place) for place in self.translator.hosts_on_demand(gateway, host))

    def _readers(self, hostname: str) -> tuple[_Host, ...]:
        found = self._reading.get(hostname, ())
        return (found,) if isinstance(found, _Host) else found

    def _file(self, subject: _Host, hostnames: tuple[str, ...]) -> None:
        before = self._hostnames.get(subject, ())
        if set(before) == set(hostnames):
            return
        self._unfile(subject)
        self._hostnames[subject] = hostnames
        for hostname in hostnames:
            others = self._readers(hostname)
            self._reading[hostname] = (*others, subject) if others else subject

    def _unfile(self, subject: _Host) -> None:
        for hostname in self._hostnames.pop(subject, ()):
            others = tuple(other for other in self._readers(hostname) if other != subject)
            if others:
                self._reading[hostname] = others[0] if len(others) == 1 else others
            else:
                self._reading.pop(hostname, None)

    def _note_hosts(self, key: Key, now: set[_Host]) -> None:
        """The Gateway has these hosts on demand, and no others."""
        before = self._hosts_of.pop(key, ())
        if now:
            self._hosts_of[key] = tuple(now)
        for gone in before:
            if gone not in now:
                self._changed[gone] = None

    def _forget_host(self, subject: _Host) -> None:
        self.voice.silence(subject)
        self._unfile(subject)
