"""Our kinds of Istio spelled as CustomResourceDefinitions, for an API server that does not know them yet.

The schemas come from the types of the room `api`, as those of the embedded server do: one source for both. Where
Istio's own definitions are installed, those are used, and these are not needed.
"""

from collections.abc import Mapping
from typing import Any, Final

from pylae.api.scheme import KINDS, Kind
from pylae.apimachinery.document import Json
from pylae.apimachinery.group import BUILT_IN_GROUPS
from pylae.apimachinery.kind_schema import kind_schema

AGE: Final = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def _shown(*names: str) -> tuple[Json, ...]:
    return tuple({"name": name, "type": "string", "jsonPath": f".spec.{name.lower()}"} for name in names)


COLUMNS: Final[Mapping[str, tuple[Json, ...]]] = {
    "Gateway": (AGE,),
    "VirtualService": (*_shown("Gateways", "Hosts"), AGE),
    "DestinationRule": (*_shown("Host"), AGE),
    "ServiceEntry": (*_shown("Hosts", "Location", "Resolution"), AGE),
    "WorkloadEntry": (AGE, *_shown("Address")),
}
"""What `kubectl get` prints of a kind, as Istio's definitions have it. No column counts servers that serve: a JSONPath
cannot count."""


def definitions() -> tuple[Json, ...]:
    """The definitions of every kind of ours that a cluster does not have by itself, in the order of the scheme."""
    return tuple(definition(kind) for kind in KINDS if kind.group not in BUILT_IN_GROUPS)


def definition(kind: Kind) -> Json:
    """A kind's CustomResourceDefinition. Every version has the same schema, so none need be converted."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {
            "group": kind.group,
            "names": _names(kind),
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [_version(kind, version) for version in kind.versions],
        },
    }


def _names(kind: Kind) -> Json:
    return {
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "singular": kind.singular,
        "shortNames": list(kind.short_names),
        "categories": list(kind.categories),
    }


def _version(kind: Kind, version: str) -> Json:
    return {
        "name": version,
        "served": True,
        "storage": version == kind.versions[0],
        "schema": {"openAPIV3Schema": _schema(kind)},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [dict(column) for column in COLUMNS.get(kind.kind, (AGE,))],
    }


def _schema(kind: Kind) -> Json:
    """A definition may not say what metadata looks like: that is every object's own."""
    schema: dict[str, Any] = kind_schema(kind)
    return {**schema, "properties": {**schema["properties"], "metadata": {"type": "object"}}}
