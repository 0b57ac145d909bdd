"""What is still in use though it is not wanted any more, and what a listener has not got yet.

Both are kept name by name, by what the client holds or is about to hold: to ask whether a cluster may go costs nothing
for all the names that have nothing to do with it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from pylae.xds.offer import Held
from pylae.xds.resource import ANY_NAME, Key, Resource, Type, is_asked_for
from pylae.xds.subscription import Subscription
from pylae.xds.world import Served

NOTHING: frozenset[Key] = frozenset()


class Outgoing:
    """Versions that the client has, or is about to have, and that are not wanted: what they refer to must stay until
    they are gone.

    A route that is wanted as it is and names a cluster that is gone (its Service was deleted) does not keep it.
    """

    def __init__(self) -> None:
        self._needs: dict[Key, frozenset[Key]] = {}
        self._users: dict[Key, dict[Key, None]] = {}
        self._unknown: dict[Type, dict[Key, None]] = {type_: {} for type_ in Type}

    def user(self, key: Key) -> Key | None:
        """One that keeps it, None if nothing does."""
        return next(iter(self._users.get(key, ())), None)

    def any_unknown(self, *types: Type) -> Key | None:
        """One of these types of which nobody knows what the client's version refers to."""
        return next((key for type_ in types for key in self._unknown[type_]), None)

    def review(self, subscription: Subscription, name: str, served: Served) -> None:
        """Something about the name changed: what the client has of it, what is under way, or what is wanted."""
        key = (subscription.type, name)
        had = (subscription.held.get(name), subscription.sending(name))
        wanted = served.get_resource(key)
        outgoing = [it for it in had if it is not None and (wanted is None or it.version != wanted.version)]
        if any(it.needs is None for it in outgoing) and not _is_left_alone(key, served):
            self._unknown[key[0]][key] = None
        else:
            self._unknown[key[0]].pop(key, None)
        self._keep(key, _needs(outgoing))

    def _keep(self, user: Key, needs: frozenset[Key]) -> None:
        before = self._needs.pop(user, NOTHING)
        if needs:
            self._needs[user] = needs
        for key in before - needs:
            del self._users[key][user]
            if not self._users[key]:
                del self._users[key]
        for key in needs - before:
            self._users.setdefault(key, {})[user] = None


def _needs(versions: Iterable[Held | Resource]) -> frozenset[Key]:
    return frozenset(key for it in versions for key in it.needs or () if key[0] in (Type.CLUSTER, Type.SCOPE))


def _is_left_alone(key: Key, served: Served) -> bool:
    """A secret refers to a scope at most, and only if it was asked for; it stays if it is withheld."""
    is_there = served.get_resource(key) is not None or served.is_withheld(key)
    return key[0] is Type.SECRET and (is_there or not is_asked_for(key))


class Completeness:
    """Whether every listener that the client holds got all that it waits for: as long as it has not, an older version
    of it may be at work.

    Clusters it does not wait for: without one it answers 503. Of what nobody knows nothing can be said. It waits for
    `*` of a type until that was asked for.
    """

    def __init__(self, subscriptions: Mapping[Type, Subscription]) -> None:
        self._subscriptions = subscriptions
        self._needs: dict[str, tuple[Key, ...]] = {}
        self._needed: Counter[Key] = Counter()
        self.lacking: dict[Key, None] = {}

    def is_needed(self, key: Key) -> bool:
        """Whether a listener that the client holds waits, or waited, for it."""
        return key in self._needed

    def review(self, key: Key) -> Iterator[Key]:
        """What the client has of the name may have changed. Gives back what it does not lack any more."""
        concerned = {key, *self._review_listener(key[1])} if key[0] is Type.LISTENER else {key}
        for need in concerned:
            if need in self._needed and not self._has(need):
                self.lacking[need] = None
            elif need in self.lacking:
                del self.lacking[need]
                yield need

    def _review_listener(self, name: str) -> Iterable[Key]:
        """Gives back what is needed now or was needed before, if the client has another version of it."""
        held = self._subscriptions[Type.LISTENER].held.get(name)
        before, needs = self._needs.pop(name, ()), (held.needs if held else None) or ()
        if needs:
            self._needs[name] = needs
        if needs is before:
            return ()
        self._needed.update(need for need in needs if need[0] is not Type.CLUSTER)
        self._needed.subtract(need for need in before if need[0] is not Type.CLUSTER)
        self._needed += Counter()
        return (*before, *needs)

    def _has(self, key: Key) -> bool:
        type_, name = key
        return self._subscriptions[type_].asked if name == ANY_NAME else name in self._subscriptions[type_].held
