"""The resources that Pylae's API server serves: the typed kinds of `api`, kinds that are only kept, and reviews."""

from collections.abc import Mapping
from typing import Any, Final

from pylae.api.scheme import GATEWAY, KINDS, NAMESPACE, Kind
from pylae.apimachinery.columns_core import CORE
from pylae.apimachinery.columns_istio import ISTIO
from pylae.apimachinery.columns_network import NETWORK
from pylae.apimachinery.columns_workload import WORKLOAD
from pylae.apimachinery.kept import KEPT, Kept
from pylae.apimachinery.kind_schema import kind_schema, open_schema
from pylae.apimachinery.merge_keys import marked, merge_keys
from pylae.apimachinery.resource import BUILT_IN_GROUPS, Registry, Resource
from pylae.apimachinery.review import REVIEWS, Review

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
    return Registry(tuple(sorted(every, key=lambda resource: _place(resource.group))))


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
        subresources=("status",) if "status" in row.fields else (),
        notice=row.notice,
    )


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
