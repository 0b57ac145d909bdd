"""The snapshot: every object that translation may read, frozen, with the indexes that make reading cheap.

The store makes a new snapshot for every change and shares all that did not change. An index is built the first time
that somebody asks for it and lives as long as the mapping that it is made of.
"""

from collections.abc import Iterable, Mapping
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


def _empty() -> MappingProxyType[Key, T]:
    return MappingProxyType({})


AGE = attrgetter("metadata.creation_timestamp", "metadata.name", "metadata.namespace")


def by_age(objects: Iterable[T]) -> tuple[T, ...]:
    """Oldest first, then by name, then by namespace: the order in which Istio settles every contention."""
    return tuple(sorted(objects, key=AGE))


@dataclass(frozen=True)
class Snapshot:
    """All objects by kind and `(namespace, name)`."""

    gateways: Mapping[Key, Gateway] = field(default_factory=_empty)
    virtual_services: Mapping[Key, VirtualService] = field(default_factory=_empty)
    destination_rules: Mapping[Key, DestinationRule] = field(default_factory=_empty)
    service_entries: Mapping[Key, ServiceEntry] = field(default_factory=_empty)
    services: Mapping[Key, Service] = field(default_factory=_empty)
    endpoint_slices: Mapping[Key, EndpointSlice] = field(default_factory=_empty)
    secrets: Mapping[Key, Secret] = field(default_factory=_empty)
    config_maps: Mapping[Key, ConfigMap] = field(default_factory=_empty)

    def following(self, before: "Snapshot") -> "Snapshot":
        """The same snapshot, with the indexes that the one before it has of mappings that are still the very same."""
        for index, source in INDEXES.items():
            if index in before.__dict__ and getattr(self, source) is getattr(before, source):
                self.__dict__[index] = before.__dict__[index]
        return self

    @cached_property
    def gateways_by_age(self) -> tuple[Gateway, ...]:
        return by_age(self.gateways.values())

    @cached_property
    def virtual_services_by_age(self) -> tuple[VirtualService, ...]:
        return by_age(self.virtual_services.values())

    @cached_property
    def service_entries_by_age(self) -> tuple[ServiceEntry, ...]:
        return by_age(self.service_entries.values())

    @cached_property
    def service_entries_of_host(self) -> Mapping[str, tuple[ServiceEntry, ...]]:
        """The ServiceEntries that list a host, by the host in lower case; oldest first."""
        entries: dict[str, list[ServiceEntry]] = {}
        for entry in self.service_entries_by_age:
            for host in dict.fromkeys(host.lower() for host in entry.spec.hosts):
                entries.setdefault(host, []).append(entry)
        return {host: tuple(found) for host, found in entries.items()}

    @cached_property
    def slices_of_service(self) -> Mapping[Key, tuple[EndpointSlice, ...]]:
        """The EndpointSlices of each Service, found by their label `kubernetes.io/service-name`."""
        slices: dict[Key, list[EndpointSlice]] = {}
        for (namespace, _), endpoint_slice in self.endpoint_slices.items():
            name = endpoint_slice.metadata.labels.get(SERVICE_NAME_LABEL, "")
            slices.setdefault((namespace, name), []).append(endpoint_slice)
        return {key: tuple(sorted(found, key=lambda one: one.metadata.name)) for key, found in slices.items()}

    @cached_property
    def namespaces_of_secret(self) -> Mapping[str, tuple[str, ...]]:
        """For each Secret's name, the namespaces that have one: what tells a user where his Secret was found."""
        namespaces: dict[str, list[str]] = {}
        for namespace, name in sorted(self.secrets):
            namespaces.setdefault(name, []).append(namespace)
        return {name: tuple(found) for name, found in namespaces.items()}


INDEXES: Mapping[str, str] = MappingProxyType(
    {
        "gateways_by_age": "gateways",
        "virtual_services_by_age": "virtual_services",
        "service_entries_by_age": "service_entries",
        "service_entries_of_host": "service_entries",
        "slices_of_service": "endpoint_slices",
        "namespaces_of_secret": "secrets",
    }
)
"""Each index, and the one mapping that it is made of."""
