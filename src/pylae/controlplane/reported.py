"""What the last report was made of: an object of which nothing changed since then needs no new status."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pylae.api.core import Service
from pylae.api.gateway import Gateway
from pylae.api.meta import ObjectRef
from pylae.api.scheme import GATEWAY, SERVICE, VIRTUAL_SERVICE, Kind
from pylae.api.virtual_service import VirtualService
from pylae.model.finding import Finding
from pylae.model.snapshot import Key, Snapshot
from pylae.model.translation import ServerPlan

Reporting = Gateway | VirtualService | Service


@dataclass(frozen=True, slots=True)
class Basis:
    """All that an object's status follows from, but for the time."""

    object_: Reporting
    servers: tuple[ServerPlan, ...]
    findings: tuple[Finding, ...]


class Reported:
    """The basis of every status that was written. Of Services only `front` gets one, the gateway's own."""

    def __init__(self, front: Key) -> None:
        self._front = front
        self._done: dict[Kind, dict[Key, Basis]] = {GATEWAY: {}, VIRTUAL_SERVICE: {}, SERVICE: {}}
        self._servers: tuple[ServerPlan, ...] = ()
        self._servers_of: Mapping[Key, tuple[ServerPlan, ...]] = {}

    def news(
        self, snapshot: Snapshot, servers: tuple[ServerPlan, ...], findings: Iterable[Finding]
    ) -> Iterator[tuple[Kind, Key, Basis]]:
        """The objects whose status may have to be written anew."""
        if servers is not self._servers:
            self._servers, self._servers_of = servers, _by_gateway(servers)
        found = _by_object(findings)
        for kind, objects in self._objects(snapshot).items():
            done, of_kind = self._done[kind], found.get(kind.kind, {})
            servers_of = self._servers_of if kind is GATEWAY else {}
            for key, object_ in objects.items():
                told, plans, known = of_kind.get(key, ()), servers_of.get(key, ()), done.get(key)
                if known is None or known.object_ is not object_ or (known.servers, known.findings) != (plans, told):
                    yield kind, key, Basis(object_, plans, told)

    def done(self, kind: Kind, key: Key, basis: Basis) -> None:
        """The status that follows from this is written."""
        self._done[kind][key] = basis

    def forget_gone(self, snapshot: Snapshot) -> tuple[tuple[Kind, Key], ...]:
        """Forgets the objects that are gone, and says which."""
        objects = self._objects(snapshot)
        gone = tuple((kind, key) for kind, done in self._done.items() for key in done.keys() - objects[kind].keys())
        for kind, key in gone:
            del self._done[kind][key]
        return gone

    def _objects(self, snapshot: Snapshot) -> Mapping[Kind, Mapping[Key, Reporting]]:
        front = snapshot.services.get(self._front)
        return {
            GATEWAY: snapshot.gateways,
            VIRTUAL_SERVICE: snapshot.virtual_services,
            SERVICE: {self._front: front} if front else {},
        }


def _by_gateway(servers: Iterable[ServerPlan]) -> Mapping[Key, tuple[ServerPlan, ...]]:
    found: dict[Key, tuple[ServerPlan, ...]] = {}
    for server in servers:
        key = (server.gateway.namespace, server.gateway.name)
        found[key] = (*found.get(key, ()), server)
    return found


def _by_object(findings: Iterable[Finding]) -> Mapping[str, Mapping[Key, tuple[Finding, ...]]]:
    """By kind, namespace and name."""
    found: dict[str, dict[Key, tuple[Finding, ...]]] = {}
    for finding in findings:
        about: ObjectRef = finding.about
        of_kind, key = found.setdefault(about.kind, {}), (about.namespace, about.name)
        of_kind[key] = (*of_kind.get(key, ()), finding)
    return found
