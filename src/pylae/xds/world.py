"""All that an Envoy shall have, as something that changes: who reads it is told what to look at again.

A world may hold a hundred thousand names. A change of one of them costs one, and so it never is compared as a whole.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Protocol

from pylae.xds.resource import Key, Named, Resource, Type


class Served(Protocol):
    """What a stream reads: the resources that are to be with its client now."""

    def __getitem__(self, type_: Type, /) -> Named:
        """All of one type, by name."""
        ...

    def get_resource(self, key: Key, /) -> Resource | None: ...

    def is_withheld(self, key: Key, /) -> bool:
        """Whether it exists but has no version fit to send: whatever Envoy has of it stays as it is."""
        ...

    def is_offered_again(self, key: Key, /) -> bool:
        """Whether it is to be sent once more although Envoy refused this very version."""
        ...


class World:
    """It has one writer; `world[type]` is live, and so is everything else that is read.

    What was written is *touched* until `touched` is asked for. A name that Envoy asks for and that nobody knew before
    is answered once it was touched, so `answer` tells of a name that what there is about it is all there is.
    """

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._named: dict[Type, dict[str, Resource]] = {type_: {} for type_ in Type}
        self._views = {type_: MappingProxyType(named) for type_, named in self._named.items()}
        self._touched: set[Key] = set()
        for resource in resources:
            self.put(resource)

    def __getitem__(self, type_: Type) -> Named:
        return self._views[type_]

    def get_resource(self, key: Key) -> Resource | None:
        return self._named[key[0]].get(key[1])

    def put(self, resource: Resource) -> None:
        """Let there be this resource; of the version that is there already nothing is told."""
        before = self._named[resource.type].get(resource.name)
        self._named[resource.type][resource.name] = resource
        if before is None or before.version != resource.version:
            self._touched.add(resource.key)

    def drop(self, key: Key) -> None:
        """Let there be nothing of this name."""
        if self._named[key[0]].pop(key[1], None):
            self._touched.add(key)

    def answer(self, key: Key) -> None:
        """What there is about this name is all there is, even if that is nothing."""
        self._touched.add(key)

    def touched(self) -> frozenset[Key]:
        """What was touched since this was last asked."""
        touched, self._touched = frozenset(self._touched), set()
        return touched

    def is_withheld(self, _: Key) -> bool:
        """Never: read directly, a world is served as it is wanted."""
        return False

    def is_offered_again(self, _: Key) -> bool:
        """Never, as above."""
        return False
