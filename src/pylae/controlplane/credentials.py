"""The secrets that servers name: what is served under each name, and what is wrong with it.

A rotation costs what it changes, and a report costs next to nothing: doubts about a certificate are kept until the
certificate, its server or the time gives other ones.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from pylae.api.core import Secret
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.model.ir.listener import SecretRef
from pylae.model.ir.secret import SecretValue, TlsCertificate
from pylae.model.snapshot import Key
from pylae.model.translation import ServerPlan
from pylae.rules import credentials
from pylae.rules.credentials import Doubt, Unusable
from pylae.rules.doubts import unchanged_until
from pylae.xds.emit import emit_secret
from pylae.xds.resource import NOTHING, Named, Resource


@dataclass(frozen=True, slots=True)
class _Doubts:
    """Findings on one server, what they were made of, and from when until when time alone gives no others."""

    of: tuple[object, ...]
    since: datetime
    until: datetime
    findings: tuple[Finding, ...]

    def holds(self, of: tuple[object, ...], now: datetime) -> bool:
        return self.since <= now <= self.until and self.of == of


class Credentials:
    """`refresh` is its only verb; all else is read."""

    def __init__(self, namespace: str) -> None:
        self.values: dict[str, SecretValue] = {}
        """What is served now under each SDS name: the last good value, where the newest cannot be used."""
        self.unusable: dict[str, Unusable] = {}
        self.resources: Named = NOTHING
        """The very same mapping as long as nothing in it changes."""
        self._namespace = namespace
        self._servers: tuple[ServerPlan, ...] = ()
        self._named: frozenset[str] = frozenset()
        self._made: dict[str, Resource] = {}
        self._doubts: dict[int, _Doubts] = {}

    def refresh(
        self, servers: tuple[ServerPlan, ...], changed: AbstractSet[str], secrets: Mapping[Key, Secret]
    ) -> None:
        """Secrets that servers name: those newly named, those missing so far, and those whose Secret changed."""
        touched = self._named & changed
        if servers is not self._servers:
            touched |= self._rename(servers)
        for name in sorted(touched):
            self._resolve(name, secrets)
        if touched or len(self._made) != len(self.resources):
            self.resources = MappingProxyType(dict(self._made))

    def findings(self, now: datetime) -> Iterable[Finding]:
        """What is wrong with the credentials of each server at this moment."""
        for place, server in enumerate(self._servers):
            if server.listener and (secrets := server.secrets):
                yield from self._findings(place, server, secrets, now)

    def _findings(
        self, place: int, server: ServerPlan, secrets: tuple[SecretRef, ...], now: datetime
    ) -> tuple[Finding, ...]:
        values = tuple((self.values.get(ref.name), self.unusable.get(ref.name)) for ref in secrets)
        known = self._doubts.get(place)
        if known is None or not known.holds((server, values), now):
            ends = [unchanged_until(value, now) for value, _ in values if value]
            until = min(ends, default=datetime.max.replace(tzinfo=UTC))
            known = _Doubts((server, values), now, until, tuple(_credential_findings(server, values, now)))
            self._doubts[place] = known
        return known.findings

    def _rename(self, servers: tuple[ServerPlan, ...]) -> frozenset[str]:
        """Forgets the names that no server has any more; gives back those of which nothing is known."""
        self._servers = servers
        self._named = frozenset(ref.name for server in servers if server.listener for ref in server.secrets)
        for gone in (self.values.keys() | self.unusable.keys()) - self._named:
            self._forget(gone)
        for place in [place for place in self._doubts if place >= len(servers)]:
            del self._doubts[place]
        return self._named - self.values.keys() - self.unusable.keys()

    def _resolve(self, name: str, secrets: Mapping[Key, Secret]) -> None:
        """A Secret that is gone is forgotten; one that turned bad leaves its last good value in place."""
        value = credentials.resolve(SecretRef(name), secrets, self._namespace)
        if isinstance(value, Unusable):
            if value.code is not codes.CERTIFICATE_INVALID:
                self._forget(name)
            self.unusable[name] = value
            return
        self.unusable.pop(name, None)
        self.values[name] = value
        self._made[name] = emit_secret(value)

    def _forget(self, name: str) -> None:
        self.unusable.pop(name, None)
        self.values.pop(name, None)
        self._made.pop(name, None)


Standing = tuple[SecretValue | None, Unusable | None]
"""What is served under a name, and why the newest value is not."""


def _credential_findings(server: ServerPlan, standings: Iterable[Standing], now: datetime) -> Iterable[Finding]:
    where = f"{server.origin.path.removeprefix('spec.')} ({', '.join(server.hosts)})"
    path = f"{server.origin.path}.tls.credentialName"
    for value, unusable in standings:
        for code, message, cure in _troubles(value, unusable, server, now):
            yield Finding(code, server.gateway, path, f"{where}: {message}", cure)


def _troubles(
    value: SecretValue | None, unusable: Unusable | None, server: ServerPlan, now: datetime
) -> Iterable[Doubt]:
    if unusable:
        yield Doubt(unusable.code, unusable.message, unusable.cure)
    if isinstance(value, TlsCertificate):
        yield from credentials.warnings(value, server.hosts, now)
