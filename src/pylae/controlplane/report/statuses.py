"""The statuses of users' objects: each is made of what is found on its object at the moment, and written if it differs
from what the object says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pylae.api.core import Service
from pylae.api.gateway import Gateway
from pylae.api.meta import Object
from pylae.api.scheme import Kind
from pylae.api.virtual_service import VirtualService
from pylae.controlplane.report.backlog import Seen
from pylae.controlplane.report.concern import Concerns, everything
from pylae.controlplane.report.ledger import Ledger
from pylae.kube.store import PLACES
from pylae.kube.writer import Made, StatusWriter
from pylae.model.snapshot import Key, Snapshot
from pylae.model.translation import ServerPlan
from pylae.status.gateway import gateway_status
from pylae.status.service import service_status
from pylae.status.virtual_service import virtual_service_status


@dataclass(frozen=True, slots=True)
class Statuses:
    """`plans` are those of one Gateway; an object that does not concern us is spoken about only if we have before. All
    verbs raise what the writer raises."""

    writer: StatusWriter
    ledger: Ledger
    snapshot: Callable[[], Snapshot]
    plans: Callable[[Key], tuple[ServerPlan, ...]]
    clock: Callable[[], datetime]
    concerns: Concerns = everything

    async def write(self, kind: Kind, key: Key) -> None:
        """The status of one object as it follows now; one that is gone is forgotten."""
        if object_ := self.find(kind, key):
            await self.writer.write(kind, object_, self._made(object_), unasked=self.concerns(object_))
        else:
            self.writer.forget(kind, key)

    async def look_at(self, seen: Seen) -> None:
        """The same over the status that an object had at the start, unless it was reported since."""
        object_ = self.find(seen.kind, seen.key)
        if object_ and not self.writer.knows(seen.kind, seen.key):
            unasked = self.concerns(object_)
            await self.writer.write_over(seen.kind, object_, seen.present, self._made(object_), unasked=unasked)

    def find(self, kind: Kind, key: Key) -> Object | None:
        """The object, if it is still there."""
        objects: Mapping[Key, Object] = getattr(self.snapshot(), PLACES[kind])
        return objects.get(key)

    def _made(self, object_: Object) -> Made:
        found, now = self.ledger.about(object_.ref), self.clock()
        match object_:
            case Gateway(metadata=metadata):
                return partial(gateway_status, object_, self.plans((metadata.namespace, metadata.name)), found, now)
            case VirtualService():
                return partial(virtual_service_status, object_, found, now)
            case Service():
                return partial(service_status, object_, found, now)
            case _:
                raise TypeError(f"{object_.ref} has no status of ours")
