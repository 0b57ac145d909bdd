"""The secrets that somebody asks Envoy for: what is served under each name, and what is wrong with it.

A chain that is sent ahead names its secret; a host on demand is asked for by its server name, and gets what its Gateway
names. A rotation costs what it changes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pylae.api.core import Secret
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.model.ir.listener import SecretRef
from pylae.model.ir.secret import SecretValue, TlsCertificate
from pylae.model.snapshot import Key as ObjectKey
from pylae.model.translation import ServerPlan
from pylae.rules import credentials
from pylae.rules.credentials import Doubt, Unusable
from pylae.rules.doubts import unchanged_until
from pylae.rules.pem import facts
from pylae.xds.resource import Key, Type
from pylae.xds.secret import emit_secret
from pylae.xds.world import World

NEVER = datetime.max.replace(tzinfo=UTC)

Standing = tuple[SecretValue | None, Unusable | None]
"""What is served of a secret, and why the newest value is not."""


@dataclass(slots=True)
class _Served:
    """A secret in use: its last good value, and the names that it goes by, with what each of them needs."""

    value: SecretValue | None = None
    names: dict[str, tuple[Key, ...]] = field(default_factory=dict)


class Credentials:
    """`serve`, `drop` and `refresh` write to the world; all else is read."""

    def __init__(
        self,
        namespace: str,
        secrets: Mapping[ObjectKey, Secret],
        world: World,
        *,
        expiry: Callable[[str, datetime | None], None] = lambda _name, _not_after: None,
    ) -> None:
        self.unusable: dict[str, Unusable] = {}
        """Why the newest value of a secret in use is not served."""
        self._namespace = namespace
        self._secrets = secrets
        self._world = world
        self._expiry = expiry
        self._served: dict[str, _Served] = {}
        self._ref_of: dict[str, str] = {}
        self._ahead: frozenset[str] = frozenset()

    @property
    def values(self) -> Mapping[str, SecretValue]:
        """What is served now of each secret in use: the last good value, where the newest cannot be used."""
        return {ref: served.value for ref, served in self._served.items() if served.value}

    def serve_ahead(self, refs: frozenset[str]) -> None:
        """These are named by chains that are sent ahead, and no others."""
        for gone in self._ahead - refs:
            self.drop(gone)
        for ref in sorted(refs - self._ahead):
            self.serve(ref, SecretRef(ref))
        self._ahead = refs

    def serve(self, name: str, ref: SecretRef, needs: tuple[Key, ...] = ()) -> bool:
        """Serve a secret under a name, after what it needs; whether there is anything to serve."""
        if self._ref_of.get(name, ref.name) != ref.name:
            self.drop(name)
        served = self._served.get(ref.name)
        if served is None:
            served = self._served[ref.name] = _Served()
            self._resolve(ref.name, served)
        self._ref_of[name] = ref.name
        served.names[name] = needs
        self._send(name, served)
        return served.value is not None

    def drop(self, name: str) -> None:
        """Nobody uses the name any more."""
        ref = self._ref_of.pop(name, None)
        if ref is None:
            return
        served = self._served[ref]
        del served.names[name]
        self._world.drop((Type.SECRET, name))
        if not served.names:
            del self._served[ref]
            self.unusable.pop(ref, None)
            self._expiry(ref, None)

    def end(self) -> None:
        """Nobody uses any of them any more."""
        for name in tuple(self._ref_of):
            self.drop(name)

    def expires(self, ref: str) -> datetime | None:
        """When the certificate ends that is served of a secret now; None where none is."""
        served = self._served.get(ref)
        return _expires(served.value) if served else None

    def refresh(self, changed: Iterable[str]) -> None:
        """The Secrets behind these names changed."""
        for ref in changed:
            if served := self._served.get(ref):
                self._resolve(ref, served)
                for name in served.names:
                    self._send(name, served)

    def _resolve(self, ref: str, served: _Served) -> None:
        """A Secret that is gone is forgotten; one that turned bad leaves its last good value in place."""
        value = credentials.resolve(SecretRef(ref), self._secrets, self._namespace)
        if isinstance(value, Unusable):
            self.unusable[ref] = value
            if value.code is not codes.CERTIFICATE_INVALID:
                served.value = None
        else:
            served.value = value
            self.unusable.pop(ref, None)
        self._expiry(ref, _expires(served.value))

    def _send(self, name: str, served: _Served) -> None:
        if served.value is None:
            self._world.drop((Type.SECRET, name))
            return
        made = emit_secret(replace(served.value, name=name))
        self._world.put(replace(made, needs=served.names[name]))

    def standing(self, ref: SecretRef) -> Standing:
        """What there is to say of a secret, whether it is in use or not."""
        if served := self._served.get(ref.name):
            return served.value, self.unusable.get(ref.name)
        value = credentials.resolve(ref, self._secrets, self._namespace)
        return (None, value) if isinstance(value, Unusable) else (value, None)

    def examine(self, server: ServerPlan, now: datetime) -> tuple[tuple[Finding, ...], datetime]:
        """What is wrong with a server's secrets at this moment, and until when time alone finds nothing else."""
        standings = [self.standing(ref) for ref in server.secrets]
        ends = [unchanged_until(value, now) for value, _ in standings if value]
        return tuple(_findings(server, standings, now)), min(ends, default=NEVER)


def _expires(value: SecretValue | None) -> datetime | None:
    return facts(value.chain).not_after if isinstance(value, TlsCertificate) else None


def _findings(server: ServerPlan, standings: Iterable[Standing], now: datetime) -> Iterable[Finding]:
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
