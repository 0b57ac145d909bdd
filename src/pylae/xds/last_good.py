"""The one place that remembers: what Envoy accepted stays served where Envoy refused what came after it.

A refusal lasts until the content changes, or until it is forgiven: a port that was taken may be free by now. What a
kept version refers to is kept with it: an old listener does not lose its routes, nor an old route its clusters.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pylae.xds.resource import Key, Resource, ResourceSet, Type


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
    """Between what is wanted and what is served: `serve` is asked for every new world, the other verbs tell what
    Envoy said to the last one."""

    def __init__(self) -> None:
        self._accepted: dict[Key, Resource] = {}
        self._refusals: dict[Key, Refusal] = {}
        self._kept: dict[Key, Resource] = {}
        """What was served last in place of what is wanted, or beside it."""
        self._forgiven: set[Key] = set()
        self._spoiling: set[Key] = set()
        """Secrets that Envoy refused and has all the same: it refuses every listener that is to use one of them."""

    def serve(self, wanted: ResourceSet) -> ResourceSet:
        """`wanted` with the accepted version in place of each refused one. Where none was ever accepted the name is
        withheld: what Envoy may have of it from an earlier control plane stays."""
        self._forget_the_outdated(wanted)
        kept = {key for key in self._refusals if key in self._accepted}
        kept.update(key for key in tuple(self._reachable(kept)) if wanted.get_resource(key) is None)
        # Once chosen, a version stays: an answer to an older one may still be on its way and must not change it again.
        self._kept = {key: self._good(key) for key in kept}
        forgiven, self._forgiven = frozenset(self._forgiven), set()
        served = ResourceSet.of(dict(wanted.items()), frozenset(self._refusals.keys() - kept), forgiven)
        return _amended(served, self._kept)

    def accepted(self, resources: Iterable[Resource]) -> None:
        """Envoy has these resources now. Listeners that were spoiled by a secret before one of them are forgiven."""
        for resource in resources:
            self._accepted[resource.key] = resource
            if resource.key in self._spoiling:
                self._spoiling.discard(resource.key)
                self.forgive([key for key, refusal in self._refusals.items() if resource.key in refusal.resource.needs])

    def refused(self, resource: Resource, message: str) -> None:
        """Envoy refused this version, even if it once accepted it: another Envoy may stand in its place."""
        self._refusals[resource.key] = Refusal(resource, message)
        if resource.type is Type.SECRET:
            self._spoiling.add(resource.key)
        self._forgiven.discard(resource.key)
        before = self._accepted.get(resource.key)
        if before and before.version == resource.version:
            del self._accepted[resource.key]
        self._kept.pop(resource.key, None)

    def forgive(self, keys: Iterable[Key]) -> None:
        """Let these be tried again with the next `serve`."""
        for key in keys:
            if self._refusals.pop(key, None):
                self._forgiven.add(key)

    def refusals(self) -> tuple[Refusal, ...]:
        """All that are in force, by type and name."""
        return tuple(self._refusals[key] for key in sorted(self._refusals))

    def _forget_the_outdated(self, wanted: ResourceSet) -> None:
        """Refusals of what is not wanted any more; and, now and then, what was accepted of names that are gone."""
        for key, refusal in tuple(self._refusals.items()):
            found = wanted.get_resource(key)
            if found is None or found.version != refusal.version:
                del self._refusals[key]
        if len(self._accepted) > 2 * sum(len(named) for named in wanted.values()):
            still_of_use = {resource.key for resource in wanted.resources()}
            still_of_use.update(self._reachable(still_of_use))
            self._accepted = {key: self._accepted[key] for key in still_of_use & self._accepted.keys()}

    def _good(self, key: Key) -> Resource:
        return self._kept.get(key) or self._accepted[key]

    def _reachable(self, keys: Iterable[Key]) -> Iterator[Key]:
        """Accepted resources that the accepted versions of `keys` refer to, directly or through others."""
        seen: set[Key] = set()
        ahead = [need for key in keys if key in self._accepted for need in self._good(key).needs]
        while ahead:
            key = ahead.pop()
            if key in self._accepted and key not in seen:
                seen.add(key)
                ahead.extend(self._good(key).needs)
                yield key


def _amended(served: ResourceSet, kept: Mapping[Key, Resource]) -> ResourceSet:
    """Types in which nothing is kept or withheld stay the mappings that they are."""
    for concerned in sorted({type_ for type_, _ in (*kept, *served.withheld)}):
        named = {name: found for name, found in served[concerned].items() if (concerned, name) not in served.withheld}
        named |= {name: resource for (type_, name), resource in kept.items() if type_ is concerned}
        served = served.replaced(concerned, named)
    return served
