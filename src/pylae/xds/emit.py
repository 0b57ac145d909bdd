"""From the picture to the resources: what is equal is carried over, so that a change costs what it changes.

Each listener, route configuration and cluster is emitted by itself. If one of them fails, which is our fault and not
the user's, it keeps the resource that it had and the others go on.
"""

from collections.abc import Callable, Mapping
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
from pylae.xds.pieces import NONE, Known, Pieces
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
    pieces: Known


@dataclass(frozen=True, slots=True)
class Emission:
    """`resources` are of the types CLUSTER, LISTENER and ROUTE; endpoints and secrets are emitted one by one.

    `nodes` are the nodes of each type, all in one. `broken` are those that could not be spelled at all, with the
    exception each of them raised.
    """

    resources: ResourceSet = field(default_factory=ResourceSet)
    nodes: Mapping[Type, tuple[Node, ...]] = field(default_factory=dict)
    made: Mapping[Type, Mapping[str, Made]] = field(default_factory=dict)
    broken: Mapping[Key, Exception] = field(default_factory=dict)


def emit(translation: Translation, previous: Emission | None = None) -> Emission:
    """All resources of a translation. Those whose node equals the previous one's are the very same objects, and so is
    the mapping of a type in which nothing changed."""
    work = _Work(previous or Emission())
    types = {
        Type.CLUSTER: work.emit_all(Type.CLUSTER, translation.clusters, _whole),
        Type.LISTENER: work.emit_all(Type.LISTENER, translation.listeners, emit_listeners),
        Type.ROUTE: work.emit_all(Type.ROUTE, translation.route_configurations, _routes),
    }
    return Emission(ResourceSet.of(types), work.nodes, work.made, work.broken)


Spell = Callable[[N, Pieces], tuple[Resource, ...]]


def _whole(node: Cluster, _: Pieces) -> tuple[Resource, ...]:
    return (emit_cluster(node),)


def _routes(node: RouteConfiguration, pieces: Pieces) -> tuple[Resource, ...]:
    return (emit_route_configuration(node, pieces),)


class _Work:
    """One emission in the making."""

    def __init__(self, previous: Emission) -> None:
        self.previous = previous
        self.nodes: dict[Type, tuple[Node, ...]] = {}
        self.made: dict[Type, Mapping[str, Made]] = {}
        self.broken: dict[Key, Exception] = {}

    def emit_all(self, type_: Type, nodes: tuple[N, ...], spell: Spell[N]) -> Named:
        before = self.previous.resources[type_]
        self.nodes[type_] = nodes
        if nodes is self.previous.nodes.get(type_) and not self._was_broken(type_):
            self.made[type_] = self.previous.made[type_]
            return before
        known, made = self.previous.made.get(type_, {}), dict[str, Made]()
        for node in nodes:
            if found := self._emit((type_, node.name), node, known.get(node.name), spell):
                made[node.name] = found
        self.made[type_] = made
        after = {resource.name: resource for found in made.values() for resource in found.resources}
        unchanged = len(before) == len(after) and all(before.get(name) is found for name, found in after.items())
        return before if unchanged else MappingProxyType(after)

    def _was_broken(self, type_: Type) -> bool:
        return any(of is type_ for of, _ in self.previous.broken)

    def _emit(self, key: Key, node: N, known: Made | None, spell: Spell[N]) -> Made | None:
        """What is made of a node; what there was before if it is equal, or if it cannot be spelled."""
        if known is not None and (known.node is node or known.node == node):
            return known
        pieces = Pieces(known.pieces if known else NONE)
        try:
            return Made(node, spell(node, pieces), pieces.known)
        except Exception as error:  # a fault of ours: it must not take the other resources down
            self.broken[key] = error
            return known
