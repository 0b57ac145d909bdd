"""The order between the types of one stream: make before break, so that no request is lost on the way.

- A cluster comes with its endpoints. Envoy does not ask again for endpoints that it is subscribed to, yet a cluster
  that was replaced waits for them: they are sent once more, after it.
- A listener or a route waits for the clusters that it needs and that are new to the client, until they and their
  endpoints are acknowledged. It waits for no cluster that was refused, nor for one that does not exist.
- A cluster goes last: when nothing needs it that the client still holds and is to lose, and when every listener that
  it holds got all that it waits for, so that no older version of that listener is still at work. A route that is wanted
  as it is and names a cluster that is gone (its Service was deleted) does not keep it.

Listeners do not wait for routes, nor routes for listeners: Envoy asks for what a new listener needs, and opens it then.
"""

from collections.abc import Iterator, Mapping

from pylae.xds.resource import Key, Resource, ResourceSet, Type
from pylae.xds.subscription import Held, Offer, Subscription


class MakeBeforeBreak:
    """What may be said now, by what was said and acknowledged so far."""

    def __init__(self, subscriptions: Mapping[Type, Subscription]) -> None:
        self._subscriptions = subscriptions
        self._unfed: set[str] = set()
        """Clusters that were sent, and whose endpoints were not sent since."""

    def ready(self, resource: Resource, world: ResourceSet) -> bool:
        """Whether the client has all the clusters that the resource sends requests to."""
        return not any(type_ is Type.CLUSTER and self._pending(name, world) for type_, name in resource.needs)

    def _pending(self, cluster: str, world: ResourceSet) -> bool:
        clusters, endpoints = self._subscriptions[Type.CLUSTER], self._subscriptions[Type.ENDPOINT]
        wanted = world[Type.CLUSTER].get(cluster)
        if wanted is None or not clusters.wants(cluster) or cluster in clusters.refused:
            return False
        if cluster not in clusters.held or cluster in clusters.suspects or clusters.is_going(cluster):
            return True
        return wanted.awaits_endpoints and cluster not in endpoints.held

    def removable(self, clusters: list[str], world: ResourceSet) -> list[str]:
        """Those of `clusters` that nothing uses any more; none as long as that cannot be told."""
        if not self._subscriptions[Type.LISTENER].asked or not self.complete():
            return []
        used: set[Key] = set()
        for needs in self._needs_of_the_outgoing(world):
            if needs is None:
                return []
            used.update(needs)
        return [name for name in clusters if (Type.CLUSTER, name) not in used]

    def _needs_of_the_outgoing(self, world: ResourceSet) -> Iterator[tuple[Key, ...] | None]:
        """What the listeners and routes refer to that the client has, or is about to have, and that are not wanted."""
        for type_ in (Type.LISTENER, Type.ROUTE):
            subscription, wanted = self._subscriptions[type_], world[type_]
            had: list[tuple[str, Held | Resource]] = [*subscription.held.items()]
            had.extend(found for offer in subscription.outstanding.values() for found in offer.resources.items())
            for name, version in had:
                if name not in wanted or wanted[name].version != version.version:
                    yield version.needs

    def complete(self) -> bool:
        """Whether every listener that the client holds got all that it waits for."""
        return all(self._has_all(listener) for listener in self._subscriptions[Type.LISTENER].held.values())

    def _has_all(self, listener: Held) -> bool:
        """Clusters it does not wait for: without one it answers 503. Of what nobody knows nothing can be said."""
        return listener.needs is None or all(
            type_ is Type.CLUSTER or name in self._subscriptions[type_].held for type_, name in listener.needs
        )

    def offered(self, type_: Type, offer: Offer) -> None:
        """A response was sent: the clusters in it wait for endpoints, even if the client has those already."""
        if type_ is Type.CLUSTER:
            self._unfed.difference_update(offer.removed)
            self._unfed.update(resource.name for resource in offer.resources.values() if resource.awaits_endpoints)
            self._feed()
        elif type_ is Type.ENDPOINT:
            self._unfed.difference_update(offer.names)

    def began(self, type_: Type) -> None:
        """The client said for the first time what it wants of this type."""
        if type_ is Type.ENDPOINT:
            self._feed()

    def _feed(self) -> None:
        for cluster in sorted(self._unfed):
            self._subscriptions[Type.ENDPOINT].make_due(cluster)
