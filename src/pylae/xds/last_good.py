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

    type: Type
    name: str
    version: str
    message: str

    @property
    def key(self) -> Key:
        return (self.type, self.name)


class LastGood:
    """Between what is wanted and what is served: `serve` is asked for every new world, the other verbs tell what
    Envoy said to the last one."""

    def __init__(self) -> None:
        self._accepted: dict[Key, Resource] = {}
        self._refusals: dict[Key, Refusal] = {}

    def serve(self, wanted: ResourceSet) -> ResourceSet:
        """`wanted` with the accepted version in place of each refused one. Where none was ever accepted the name is
        withheld: what Envoy may have of it from an earlier control plane stays."""
        self._forget_the_outdated(wanted)
        kept = {key: self._accepted[key] for key in self._refusals if key in self._accepted}
        kept |= {key: self._accepted[key] for key in self._reachable(kept) if wanted.get_resource(key) is None}
        return _amended(wanted, kept, frozenset(self._refusals.keys() - kept.keys()))

    def accepted(self, resources: Iterable[Resource]) -> None:
        """Envoy has these resources now."""
        for resource in resources:
            self._accepted[resource.key] = resource

    def refused(self, resource: Resource, message: str) -> None:
        """Envoy refused this version, even if it once accepted it: another Envoy may stand in its place."""
        key = resource.key
        self._refusals[key] = Refusal(resource.type, resource.name, resource.version, message)
        if (before := self._accepted.get(key)) and before.version == resource.version:
            del self._accepted[key]

    def forgive(self, keys: Iterable[Key]) -> None:
        """Let these be tried again with the next `serve`."""
        for key in keys:
            self._refusals.pop(key, None)

    def refusals(self) -> tuple[Refusal, ...]:
        """All that are in force, by type and name."""
        return tuple(self._refusals[key] for key in sorted(self._refusals))

    def _forget_the_outdated(self, wanted: ResourceSet) -> None:
        for key, refusal in tuple(self._refusals.items()):
            found = wanted.get_resource(key)
            if found is None or found.version != refusal.version:
                del self._refusals[key]
        if len(self._accepted) > 2 * sum(len(named) for named in wanted.values()):
            still_of_use = {resource.key for resource in wanted.resources()}
            still_of_use.update(self._reachable(still_of_use))
            self._accepted = {key: self._accepted[key] for key in still_of_use & self._accepted.keys()}

    def _reachable(self, keys: Iterable[Key]) -> Iterator[Key]:
        """Accepted resources that the accepted versions of `keys` refer to, directly or through others."""
        seen: set[Key] = set()
        ahead = [need for key in keys if key in self._accepted for need in self._accepted[key].needs]
        while ahead:
            key = ahead.pop()
            if key in self._accepted and key not in seen:
                seen.add(key)
                ahead.extend(self._accepted[key].needs)
                yield key


def _amended(wanted: ResourceSet, kept: Mapping[Key, Resource], withheld: frozenset[Key]) -> ResourceSet:
    """Types in which nothing is kept or withheld stay the mappings that they are."""
    served = ResourceSet.of(dict(wanted.items()), withheld)
    for concerned in sorted({type_ for type_, _ in (*kept, *withheld)}):
        named = {name: resource for name, resource in wanted[concerned].items() if (concerned, name) not in withheld}
        named |= {name: resource for (type_, name), resource in kept.items() if type_ is concerned}
        served = served.replaced(concerned, named)
    return served
