"""From the picture to the resources: what is equal is carried over, so that a change costs what it changes.

Each listener, route configuration and cluster is emitted by itself. If one of them fails, which is our fault and not
the user's, it keeps the resource that it had and the others go on.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from pylae.model.ir.cluster import Cluster
from pylae.model.ir.listener import Listener
from pylae.model.ir.route import RouteConfiguration
from pylae.model.translation import Translation
from pylae.xds.cluster import emit_cluster
from pylae.xds.endpoint import emit_endpoints, empty_endpoints
from pylae.xds.listener import emit_listeners
from pylae.xds.resource import Key, Named, Resource, ResourceSet, Type
from pylae.xds.route import emit_route_configuration, empty_route_configuration
from pylae.xds.secret import emit_secret

__all__ = [
    "Emission",
    "emit",
    "emit_endpoints",
    "emit_secret",
    "empty_endpoints",
    "empty_route_configuration",
]

Node = Listener | RouteConfiguration | Cluster
N = TypeVar("N", Listener, RouteConfiguration, Cluster)


@dataclass(frozen=True, slots=True)
class Made:
    """A node of the picture, and the resources that were made of it: several for a listener of several addresses."""

    node: Node
    resources: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class Emission:
    """`resources` are of the types CLUSTER, LISTENER and ROUTE; endpoints and secrets are emitted one by one.

    `broken` are the nodes that could not be spelled at all, with the exception each of them raised.
    """

    resources: ResourceSet = field(default_factory=ResourceSet)
    made: Mapping[Key, Made] = field(default_factory=dict)
    broken: Mapping[Key, Exception] = field(default_factory=dict)


def emit(translation: Translation, previous: Emission | None = None) -> Emission:
    """All resources of a translation. Those whose node equals the previous one's are the very same objects, and so is
    the mapping of a type in which nothing changed."""
    work = _Work(previous or Emission())
    types = {
        Type.CLUSTER: work.emit_all(Type.CLUSTER, translation.clusters, _alone(emit_cluster)),
        Type.LISTENER: work.emit_all(Type.LISTENER, translation.listeners, emit_listeners),
        Type.ROUTE: work.emit_all(Type.ROUTE, translation.route_configurations, _alone(emit_route_configuration)),
    }
    return Emission(ResourceSet.of(types), work.made, work.broken)


def _alone(emit_one: Callable[[N], Resource]) -> Callable[[N], tuple[Resource, ...]]:
    return lambda node: (emit_one(node),)


class _Work:
    """One emission in the making."""

    def __init__(self, previous: Emission) -> None:
        self.previous = previous
        self.made: dict[Key, Made] = {}
        self.broken: dict[Key, Exception] = {}

    def emit_all(self, type_: Type, nodes: Iterable[N], spell: Callable[[N], tuple[Resource, ...]]) -> Named:
        before = self.previous.resources[type_]
        after = {resource.name: resource for node in nodes for resource in self._emit(type_, node, spell)}
        unchanged = len(before) == len(after) and all(before.get(name) is found for name, found in after.items())
        return before if unchanged else MappingProxyType(after)

    def _emit(self, type_: Type, node: N, spell: Callable[[N], tuple[Resource, ...]]) -> tuple[Resource, ...]:
        key = (type_, node.name)
        known = self.previous.made.get(key)
        if known is None or known.node != node:
            try:
                known = Made(node, spell(node))
            except Exception as error:  # a fault of ours: it must not take the other resources down
                self.broken[key] = error
        if known is None:
            return ()
        self.made[key] = known
        return known.resources
