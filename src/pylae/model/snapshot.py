"""The snapshot: every object that translation may read, with the indexes that make reading cheap.

It is live. One writer keeps it current, object by object; readers ask it and never keep it. An index is built the
first time that somebody asks for it, and from then on follows every change, so that no change costs more for the
number of objects beside it.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType
from typing import TypeVar

from pylae.api.core import ConfigMap, Secret, Service
from pylae.api.destination_rule import DestinationRule
from pylae.api.discovery import EndpointSlice
from pylae.api.gateway import Gateway
from pylae.api.meta import Object
from pylae.api.service_entry import ServiceEntry
from pylae.api.virtual_service import VirtualService

Key = tuple[str, str]
"""An object's namespace and name."""

SERVICE_NAME_LABEL = "kubernetes.io/service-name"

T = TypeVar("T", bound=Object)
Name = TypeVar("Name", bound=Hashable)

AGE = attrgetter("metadata.creation_timestamp", "metadata.name", "metadata.namespace")


def by_age(objects: Iterable[T]) -> tuple[T, ...]:
    """Oldest first, then by name, then by namespace: the order in which Istio settles every contention."""
    return tuple(sorted(objects, key=AGE))


def by_name(objects: Iterable[T]) -> tuple[T, ...]:
    return tuple(sorted(objects, key=attrgetter("metadata.name")))


class Index(Mapping[Name, tuple[T, ...]]):
    """The objects of a mapping by what they name. It keeps their keys alone: what is read is what the mapping has.

    - `names`: what an object is found by
    - `arrange`: the order of those that are found by the same name
    """

    def __init__(
        self,
        objects: Mapping[Key, T],
        names: Callable[[Key, T], Iterable[Name]],
        *,
        arrange: Callable[[Iterable[T]], tuple[T, ...]],
    ) -> None:
        self._objects = objects
        self._names = names
        self._arrange = arrange
        self._keys: dict[Name, tuple[Key, ...]] = {}
        self._filed: dict[Key, tuple[Name, ...]] = {}
        for key in objects:
            self.touched(key)

    def touched(self, key: Key) -> None:
        """The object is new, different or gone."""
        for name in self._filed.pop(key, ()):
            self._keys[name] = tuple(other for other in self._keys[name] if other != key)
            if not self._keys[name]:
                del self._keys[name]
        object_ = self._objects.get(key)
        if object_ is not None:
            self._filed[key] = tuple(dict.fromkeys(self._names(key, object_)))
            for name in self._filed[key]:
                self._keys[name] = (*self._keys.get(name, ()), key)

    def __getitem__(self, name: Name) -> tuple[T, ...]:
        return self._arrange(self._objects[key] for key in self._keys[name])

    def __iter__(self) -> Iterator[Name]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class Namespaces(Mapping[str, tuple[str, ...]]):
    """For each name, the namespaces that have an object of it, in order."""

    def __init__(self, objects: Mapping[Key, Object]) -> None:
        self._objects = objects
        self._found: dict[str, tuple[str, ...]] = {}
        self._alone: dict[str, tuple[str]] = {}
        """One tuple for all names that only this namespace has: there may be a hundred thousand."""
        for key in objects:
            self.touched(key)

    def touched(self, key: Key) -> None:
        namespace, name = key
        others = {other for other in self._found.get(name, ()) if other != namespace}
        found = sorted(others | {namespace} if key in self._objects else others)
        if found:
            self._found[name] = tuple(found) if len(found) > 1 else self._alone.setdefault(found[0], (found[0],))
        else:
            self._found.pop(name, None)

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All objects as they are now, by kind and `(namespace, name)`."""

    gateways: Mapping[Key, Gateway] = field(default_factory=dict)
    virtual_services: Mapping[Key, VirtualService] = field(default_factory=dict)
    destination_rules: Mapping[Key, DestinationRule] = field(default_factory=dict)
    service_entries: Mapping[Key, ServiceEntry] = field(default_factory=dict)
    services: Mapping[Key, Service] = field(default_factory=dict)
    endpoint_slices: Mapping[Key, EndpointSlice] = field(default_factory=dict)
    secrets: Mapping[Key, Secret] = field(default_factory=dict)
    config_maps: Mapping[Key, ConfigMap] = field(default_factory=dict)
    mesh_namespace: str = ""
    """Where the mesh configuration of every gateway lies; "" for each in its own namespace."""

    def put(self, place: str, key: Key, new: Object | None) -> None:
        """Puts an object into the mapping of that name, or (None) takes it out. The mapping must be one to write to."""
        objects: MutableMapping[Key, Object] = getattr(self, place)
        if new is not None:
            objects[key] = new
        else:
            objects.pop(key, None)
        self.touched(place, key)

    def touched(self, place: str, key: Key) -> None:
        """The mapping of that name has another object at this key, or none any more: the index of it follows."""
        index: Index[Hashable, Object] | Namespaces | None = self.__dict__.get(INDEXES.get(place, ""))
        if index is not None:
            index.touched(key)

    @cached_property
    def service_entries_of_host(self) -> Mapping[str, tuple[ServiceEntry, ...]]:
        """The ServiceEntries that list a host, by the host in lower case; oldest first."""
        return Index(self.service_entries, _hosts, arrange=by_age)

    @cached_property
    def slices_of_service(self) -> Mapping[Key, tuple[EndpointSlice, ...]]:
        """The EndpointSlices of each Service, found by their label `kubernetes.io/service-name`; by name."""
        return Index(self.endpoint_slices, _service, arrange=by_name)

    @cached_property
    def namespaces_of_secret(self) -> Mapping[str, tuple[str, ...]]:
        """For each Secret's name, the namespaces that have one: what tells a user where his Secret was found."""
        return Namespaces(self.secrets)


INDEXES: Mapping[str, str] = MappingProxyType(
    {
        "service_entries": "service_entries_of_host",
        "endpoint_slices": "slices_of_service",
        "secrets": "namespaces_of_secret",
    }
)
"""Each mapping that has an index, and the index."""


def _hosts(_: Key, entry: ServiceEntry) -> Iterable[str]:
    return (host.lower() for host in entry.spec.hosts)


def _service(key: Key, endpoint_slice: EndpointSlice) -> Iterable[Key]:
    return ((key[0], endpoint_slice.metadata.labels.get(SERVICE_NAME_LABEL, "")),)
