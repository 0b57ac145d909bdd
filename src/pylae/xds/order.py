"""The order between the types of one stream: make before break, so that no request is lost on the way.

- A cluster comes with its endpoints. Envoy does not ask again for endpoints that it is subscribed to, yet a cluster
  that was replaced waits for them: they are sent once more, after it.
- A listener, a route or a scope waits for the clusters that it needs and that are new to the client, until they and
  their endpoints are acknowledged. It waits for no cluster that was refused, nor for one that does not exist.
- A scope that is new goes right behind its clusters: nobody is served by it before the secret has come that is asked
  for together with it. That secret waits until the scope and the endpoints of its clusters were sent. Envoy takes one
  message after the other, so it has them when it has the secret. A secret that the client has already only changes.
- Taken away is first the secret, then the scope that it refers to, then clusters: when nothing needs them that the
  client still holds and is to lose, and when every listener that it holds got all that it waits for, so that no older
  version of that listener is still at work.
- Clusters and scopes stay as long as the client came with names of which the world has not spoken yet: they may be in
  use. Scopes that it came with stay until it says which secrets it wants, for those are the hosts in use.

Listeners do not wait for routes, nor routes for listeners: Envoy asks for what a new listener needs, and opens it then.
"""

from collections.abc import Iterable, Iterator, Mapping

from pylae.xds.offer import Offer
from pylae.xds.resource import ANY_NAME, Key, Resource, Type
from pylae.xds.subscription import Subscription
from pylae.xds.uses import Completeness, Outgoing
from pylae.xds.waiting import Waiting
from pylae.xds.world import Served

NEWCOMERS: Key = (Type.SECRET, ANY_NAME)
"""What waits until the world has spoken about all that the client came with waits for this."""

ALL_SCOPES: Key = (Type.SCOPE, ANY_NAME)
"""What a listener needs that serves on demand."""

NEEDY = (Type.LISTENER, Type.SCOPE, Type.ROUTE)
"""Types of which a version may need any cluster, as long as nobody knows what it refers to."""


class MakeBeforeBreak:
    """What may be said now, by what was said and acknowledged so far. Whatever changes about a name is told by `stir`,
    which costs what that name has to do with others."""

    def __init__(self, subscriptions: Mapping[Type, Subscription]) -> None:
        self._subscriptions = subscriptions
        self._unfed: set[str] = set()
        """Clusters that were sent, and whose endpoints were not sent since."""
        self._outgoing = Outgoing()
        self._completeness = Completeness(subscriptions)
        self.waiting = Waiting()

    @property
    def complete(self) -> bool:
        """Whether every listener that the client holds got all that it waits for."""
        return not self._completeness.lacking

    def stir(self, type_: Type, names: Iterable[str], served: Served) -> None:
        """What is wanted, held or under way of these names may have changed: who waits for one is looked at again."""
        subscription = self._subscriptions[type_]
        for name in names:
            self._review(subscription, name, served)
            self._wake((Type.CLUSTER if type_ is Type.ENDPOINT else type_, name))
        if not any(subscription.newcomers for subscription in self._subscriptions.values()):
            self._wake(NEWCOMERS)

    def began(self, type_: Type, served: Served) -> None:
        """The client said for the first time what it wants of this type, and what it has."""
        self.stir(type_, (*self._subscriptions[type_].held, ANY_NAME), served)
        if type_ is Type.ENDPOINT:
            self._feed(self._unfed)

    def offered(self, type_: Type, offer: Offer, served: Served) -> None:
        """A response was sent: the clusters in it wait for endpoints, even if the client has those already."""
        if type_ is Type.CLUSTER:
            hungry = [resource.name for resource in offer.resources.values() if resource.awaits_endpoints]
            self._unfed.difference_update(offer.said)
            self._unfed.update(hungry)
            self._feed(hungry)
        elif type_ is Type.ENDPOINT:
            self._unfed.difference_update(offer.names)
        elif type_ is Type.LISTENER and any(ALL_SCOPES in resource.needs for resource in offer.resources.values()):
            self._tell_scopes_again(served)
        self.stir(type_, offer.said, served)

    def _tell_scopes_again(self, served: Served) -> None:
        """All listeners of an Envoy share what it knows of scopes. It forgets that with the last listener that serves
        on demand, yet goes on being subscribed: the next one would wait for scopes that it never asks for."""
        if self._subscriptions[Type.SCOPE].asked and not self._completeness.is_needed(ALL_SCOPES):
            self._subscriptions[Type.SCOPE].repeat(served)

    def _feed(self, clusters: Iterable[str]) -> None:
        for cluster in sorted(clusters):
            self._subscriptions[Type.ENDPOINT].make_due(cluster)

    def _review(self, subscription: Subscription, name: str, served: Served) -> None:
        key = (subscription.type, name)
        self._outgoing.review(subscription, name, served)
        for relieved in tuple(self._completeness.review(key)):
            self._wake(relieved)
        if not subscription.wants(name):
            self.waiting.forget(key)
        if key[0] is Type.CLUSTER and name not in subscription.held and name not in subscription.under_way:
            self._unfed.discard(name)

    def _wake(self, reason: Key) -> None:
        for type_, name in self.waiting.wake(reason):
            self._subscriptions[type_].touch((name,))

    def obstacle(self, resource: Resource, served: Served) -> Key | None:
        """What the resource must wait for before it is sent, None if nothing."""
        match resource.type:
            case Type.SECRET:
                return next(self._unready_scopes(resource, served), None)
            case Type.SCOPE if self._is_new(resource):
                return next((key for key in _clusters(resource) if not self._is_sent(key[1], served)), None)
            case _:
                return next((key for key in _clusters(resource) if not self._is_served(key[1], served)), None)

    def _is_new(self, resource: Resource) -> bool:
        return resource.name not in self._subscriptions[resource.type].held

    def _unready_scopes(self, secret: Resource, served: Served) -> Iterator[Key]:
        """What of its scope was not sent yet to a client that has no such secret."""
        held = self._subscriptions[Type.SECRET].held.get(secret.name)
        if held is not None and not held.absent:
            return
        for key in secret.needs:
            scope = served.get_resource(key)
            if scope is None or not self._may_come(scope):
                continue
            if not self._was_sent(scope):
                yield key
            yield from (need for need in _clusters(scope) if not self._is_fed(need[1], served))

    def _may_come(self, wanted: Resource) -> bool:
        subscription = self._subscriptions[wanted.type]
        return subscription.wants(wanted.name) and wanted.name not in subscription.refused

    def _was_sent(self, wanted: Resource) -> bool:
        """Whether the client has this very version, or will have when it takes what was sent."""
        subscription = self._subscriptions[wanted.type]
        last = subscription.sending(wanted.name) or subscription.held.get(wanted.name)
        return last is not None and last.version == wanted.version and not subscription.is_going(wanted.name)

    def _is_sent(self, cluster: str, served: Served) -> bool:
        """Whether the client has some version of the cluster, or will have; true as well if it never will."""
        clusters, wanted = self._subscriptions[Type.CLUSTER], served.get_resource((Type.CLUSTER, cluster))
        if wanted is None or not self._may_come(wanted):
            return True
        if cluster in clusters.under_way:
            return not clusters.is_going(cluster)
        return cluster in clusters.held and cluster not in clusters.suspects

    def _is_fed(self, cluster: str, served: Served) -> bool:
        """Whether its endpoints were sent, too, after it."""
        endpoints, wanted = self._subscriptions[Type.ENDPOINT], served.get_resource((Type.CLUSTER, cluster))
        if wanted is None or not self._may_come(wanted):
            return True
        fed = cluster not in self._unfed and (cluster in endpoints.held or cluster in endpoints.under_way)
        return self._is_sent(cluster, served) and (fed or not wanted.awaits_endpoints)

    def _is_served(self, cluster: str, served: Served) -> bool:
        """Whether the client acknowledged the cluster and its endpoints, in some version."""
        clusters, wanted = self._subscriptions[Type.CLUSTER], served.get_resource((Type.CLUSTER, cluster))
        if wanted is None or not self._may_come(wanted):
            return True
        if cluster not in clusters.held or cluster in clusters.suspects or clusters.is_going(cluster):
            return False
        return not wanted.awaits_endpoints or cluster in self._subscriptions[Type.ENDPOINT].held

    def hold(self, key: Key) -> Key | None:
        """What must be settled before this is taken away, None if nothing."""
        subscriptions = self._subscriptions
        if any(subscription.newcomers for subscription in subscriptions.values()):
            return NEWCOMERS
        match key[0]:
            case Type.SCOPE if subscriptions[Type.SCOPE].brought and not subscriptions[Type.SECRET].asked:
                return NEWCOMERS
            case Type.SCOPE:
                return self._outgoing.any_unknown(Type.SECRET) or self._outgoing.user(key)
            case Type.CLUSTER if not subscriptions[Type.LISTENER].asked:
                return (Type.LISTENER, ANY_NAME)
            case Type.CLUSTER:
                lacking = next(iter(self._completeness.lacking), None)
                return lacking or self._outgoing.any_unknown(*NEEDY) or self._outgoing.user(key)
            case _:
                return None


def _clusters(resource: Resource) -> Iterator[Key]:
    return (key for key in resource.needs if key[0] is Type.CLUSTER)
