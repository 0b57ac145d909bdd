"""The one place that remembers: what Envoy accepted stays served where Envoy refused what came after it.

A refusal lasts until the content changes, or until it is forgiven: a port that was taken may be free by now. What a
kept version refers to is kept with it: an old listener does not lose its routes, nor an old route its clusters.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pylae.xds.memory import Memory
from pylae.xds.resource import Key, Named, Resource, Type, is_asked_for
from pylae.xds.world import World


@dataclass(frozen=True, slots=True)
class Refusal:
    """A version that Envoy refused, and why, in its own words."""

    resource: Resource
    message: str

    @property
    def key(self) -> Key:
        return self.resource.key

    @property
    def type(self) -> Type:
        return self.resource.type

    @property
    def name(self) -> str:
        return self.resource.name

    @property
    def version(self) -> str:
        return self.resource.version


class LastGood:
    """Between what is wanted and what is served: `serve` is called with every change of the wanted world, the other
    verbs tell what Envoy said to what was served. Streams read it as what is served.

    Work follows what was touched and what is refused.
    """

    def __init__(self) -> None:
        self._wanted = World()
        self._served = World()
        self._memory = Memory(lambda key: self._wanted.get_resource(key) is not None)
        self._refusals: dict[Key, Refusal] = {}
        self._kept: dict[Key, Resource] = {}
        """What was served last in place of what is wanted, or beside it."""
        self._withheld: set[Key] = set()
        self._judged: set[Key] = set()
        """What was refused or forgiven since the last `serve`."""
        self._forgiven: set[Key] = set()
        self._again: frozenset[Key] = frozenset()
        self._spoiling: set[Key] = set()
        """Secrets that Envoy refused and has all the same: it refuses every listener that is to use one of them."""

    def serve(self, wanted: World, touched: frozenset[Key]) -> frozenset[Key]:
        """Serve `wanted`, which changed in what was `touched`; gives back what streams have to look at again.

        In place of each refused version the accepted one is served. Where none was ever accepted the name is withheld:
        what Envoy may have of it from an earlier control plane stays.
        """
        self._wanted = wanted
        concerned, self._judged = touched | self._judged, set()
        for key in concerned:
            self._forget_the_outdated(key)
        before, self._kept = self._kept, self._keep()
        for key in concerned | before.keys() | self._kept.keys():
            self._decide(key)
        self._again, self._forgiven = frozenset(self._forgiven), set()
        return self._served.touched() | touched | self._again

    def __getitem__(self, type_: Type) -> Named:
        return self._served[type_]

    def get_resource(self, key: Key) -> Resource | None:
        return self._served.get_resource(key)

    def is_withheld(self, key: Key) -> bool:
        """Whether it exists but has no version fit to send."""
        return key in self._withheld

    def is_offered_again(self, key: Key) -> bool:
        """Whether it was forgiven, so that the version that Envoy refused is sent once more."""
        return key in self._again

    def accepted(self, resources: Iterable[Resource]) -> None:
        """Envoy has these resources now. Listeners that were spoiled by a secret before one of them are forgiven."""
        for resource in resources:
            self._memory.remember(resource)
            if resource.key in self._spoiling:
                self._spoiling.discard(resource.key)
                self.forgive([key for key, refusal in self._refusals.items() if resource.key in refusal.resource.needs])

    def refused(self, resource: Resource, message: str) -> None:
        """Envoy refused this version, even if it once accepted it: another Envoy may stand in its place."""
        self._refusals[resource.key] = Refusal(resource, message)
        self._judged.add(resource.key)
        if resource.type is Type.SECRET:
            self._spoiling.add(resource.key)
        self._forgiven.discard(resource.key)
        before = self._memory.get(resource.key)
        if before and before.version == resource.version:
            self._memory.forget(resource.key)
        self._kept.pop(resource.key, None)

    def forgive(self, keys: Iterable[Key]) -> None:
        """Let these be tried again with the next `serve`."""
        for key in keys:
            if self._refusals.pop(key, None):
                self._judged.add(key)
                self._forgiven.add(key)

    def refusals(self) -> tuple[Refusal, ...]:
        """All that are in force, by type and name."""
        return tuple(self._refusals[key] for key in sorted(self._refusals))

    def _forget_the_outdated(self, key: Key) -> None:
        """A refusal of what is not wanted any more, and what Envoy accepted of a name that is gone."""
        found, refusal = self._wanted.get_resource(key), self._refusals.get(key)
        if refusal and (found is None or found.version != refusal.version):
            del self._refusals[key]
        if found is None:
            self._memory.review(key)
        if found is None and is_asked_for(key):
            self._spoiling.discard(key)  # no listener refers to it, so it spoils none

    def _keep(self) -> dict[Key, Resource]:
        """The accepted version of all that is refused, and what of it refers to that is not wanted any more."""
        kept = {key: good for key in self._refusals if (good := self._good(key))}
        for resource in tuple(self._reachable(kept.values())):
            if self._wanted.get_resource(resource.key) is None:
                kept[resource.key] = resource
        return kept

    def _good(self, key: Key) -> Resource | None:
        """Once chosen, a version stays: an answer to an older one may be on its way and must not change it again."""
        return self._kept.get(key) or self._memory.get(key)

    def _reachable(self, resources: Iterable[Resource]) -> Iterator[Resource]:
        """What these refer to, directly or through others, in the versions that are good."""
        seen: set[Key] = set()
        ahead = [need for resource in resources for need in resource.needs]
        while ahead:
            key = ahead.pop()
            if key not in seen and (good := self._good(key)):
                seen.add(key)
                ahead.extend(good.needs)
                yield good

    def _decide(self, key: Key) -> None:
        good = self._kept.get(key)
        if good is None and key in self._refusals:
            self._withheld.add(key)
        else:
            self._withheld.discard(key)
            good = good or self._wanted.get_resource(key)
        if good is None:
            self._served.drop(key)
        else:
            self._served.put(good)
