"""The resources that Pylae's API server serves: the typed kinds of `api`, kinds that are only kept, and reviews."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pylae.api.scheme import GATEWAY, KINDS, NAMESPACE, Kind
from pylae.apimachinery.built_in.kept import KEPT, Kept
from pylae.apimachinery.built_in.merge_keys import marked, merge_keys
from pylae.apimachinery.columns.column import Read
from pylae.apimachinery.columns.core import CORE
from pylae.apimachinery.columns.istio import ISTIO
from pylae.apimachinery.columns.network import NETWORK
from pylae.apimachinery.columns.workload import WORKLOAD
from pylae.apimachinery.custom.definition_schema import definition_resource
from pylae.apimachinery.custom.kind import ScalePaths
from pylae.apimachinery.group import BUILT_IN_GROUPS
from pylae.apimachinery.kind_schema import kind_schema, open_schema
from pylae.apimachinery.resource import Registry, Resource
from pylae.apimachinery.review import REVIEWS, Review
from pylae.apimachinery.view import EVENT_FIELDS, EVENTS

COLUMNS: Final = {**CORE, **NETWORK, **WORKLOAD, **ISTIO}

FIRST_GROUPS: Final = ("", GATEWAY.group)
"""Listed before all others, so that `kubectl get gateway` means Istio's, whatever else has a Gateway."""

_SUBRESOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "namespaces": ("status",),
    "services": ("status",),
    "nodes": ("status",),
    "pods": ("log", "status"),
}


def build(kinds: tuple[Kind, ...], kept: tuple[Kept, ...], reviews: tuple[Review, ...]) -> Registry:
    """A registry of these kinds, the groups in the order in which discovery is to list them."""
    metadata = kind_schema(NAMESPACE)["properties"]["metadata"]
    every = [_typed(kind) for kind in kinds]
    every += [_kept(row, metadata) for row in kept]
    every += [_review(row, metadata) for row in reviews]
    every += [definition_resource(metadata), _events(metadata)]
    return Registry(tuple(sorted(every, key=lambda resource: _place(resource.group))))


def extended(registry: Registry, custom: Iterable[Resource]) -> Registry:
    """The registry with kinds that users defined, behind its own; what it serves by itself it goes on to serve so."""
    added = [resource for resource in custom if not is_own(registry, resource.qualified_name)]
    return Registry((*registry, *sorted(added, key=lambda resource: resource.qualified_name)))


def is_own(registry: Registry, qualified_name: str) -> bool:
    """Is a kind of this name served whether a user defines it or not?"""
    return any(resource.qualified_name == qualified_name and not resource.custom for resource in registry)


def _place(group: str) -> int:
    return FIRST_GROUPS.index(group) if group in FIRST_GROUPS else len(FIRST_GROUPS)


def _typed(kind: Kind) -> Resource:
    name = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
    keys = merge_keys(name) if kind.group in BUILT_IN_GROUPS else {}
    return Resource(
        group=kind.group,
        versions=kind.versions,
        kind=kind.kind,
        plural=kind.plural,
        singular=kind.singular,
        namespaced=kind.namespaced,
        schema=marked(kind_schema(kind), keys),
        short_names=kind.short_names,
        categories=kind.categories,
        columns=COLUMNS.get(name, ()),
        merge_keys=keys,
        subresources=_SUBRESOURCES.get(name, () if kind.group in BUILT_IN_GROUPS else ("status",)),
    )


def _kept(row: Kept, metadata: Mapping[str, Any]) -> Resource:
    name = f"{row.plural}.{row.group}" if row.group else row.plural
    return Resource(
        group=row.group,
        versions=(row.version,),
        kind=row.kind,
        plural=row.plural,
        singular=row.kind.lower(),
        namespaced=row.namespaced,
        schema=marked(open_schema(*row.fields, metadata=metadata, description=row.notice), merge_keys(name)),
        short_names=row.short_names,
        categories=row.categories,
        columns=COLUMNS.get(name, ()),
        merge_keys=merge_keys(name),
        subresources=(*(("scale",) if row.scales else ()), *(("status",) if "status" in row.fields else ())),
        scale=ScalePaths(label_selector=".spec.selector") if row.scales else None,
        notice=row.notice,
    )


def _events(metadata: Mapping[str, Any]) -> Resource:
    """Events under the names that events.k8s.io gives to their fields."""
    return Resource(
        group="events.k8s.io",
        versions=("v1",),
        kind="Event",
        plural="events",
        singular="event",
        namespaced=True,
        schema=open_schema(*EVENT_FIELDS, metadata=metadata, description="Something that happened."),
        short_names=("ev",),
        columns=tuple(replace(column, read=_of_stored(column.read)) for column in COLUMNS["events"]),
        view=EVENTS,
    )


def _of_stored(read: Read) -> Read:
    return lambda obj, now: read(EVENTS.store(dict(obj)), now)


def _review(row: Review, metadata: Mapping[str, Any]) -> Resource:
    return Resource(
        group=row.group,
        versions=("v1",),
        kind=row.kind,
        plural=row.plural,
        singular=row.kind.lower(),
        namespaced=False,
        schema=open_schema("spec", "status", metadata=metadata, description=row.description),
        verbs=("create",),
        virtual=True,
    )


REGISTRY: Final = build(KINDS, KEPT, REVIEWS)
