"""Which objects are spoken about, where gateways of others share the cluster: Gateways that choose a gateway of ours,
and VirtualServices that name such a Gateway. What we say of all others would be true and of no use to anybody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pylae.api.gateway import Gateway
from pylae.api.meta import Object
from pylae.api.virtual_service import VirtualService
from pylae.model.snapshot import Key, Snapshot
from pylae.rules.names import MESH, gateway_reference
from pylae.translate.select import selects

Concerns = Callable[[Object], bool]


def everything(_: Object) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Concern:
    """`labels` are those of the kinds of gateways that are known at present."""

    snapshot: Snapshot
    labels: Callable[[], tuple[Mapping[str, str], ...]]

    def __call__(self, object_: Object) -> bool:
        match object_:
            case Gateway():
                return any(selects(object_.spec.selector, labels) for labels in self.labels())
            case VirtualService():
                return any(self._is_ours(name, object_) for name in object_.spec.gateways)
            case _:
                return True

    def _is_ours(self, name: str, virtual_service: VirtualService) -> bool:
        key: Key | str = gateway_reference(name, virtual_service.metadata.namespace)
        if key == MESH or isinstance(key, str):
            return False
        found = self.snapshot.gateways.get(key)
        return found is None or self(found)
