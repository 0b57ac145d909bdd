"""Which objects count at all: those that are valid, and the Gateways that choose this workload."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from pylae.api.gateway import Gateway
from pylae.api.meta import Object, ObjectRef
from pylae.model.snapshot import Key, Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.translate.units import Units

T = TypeVar("T", bound=Object)

PLACES: Mapping[str, str] = {
    "Gateway": "gateways",
    "VirtualService": "virtual_services",
    "ServiceEntry": "service_entries",
    "Service": "services",
    "EndpointSlice": "endpoint_slices",
    "ConfigMap": "config_maps",
}
"""The kinds that translation reads, and the field of the snapshot that holds each."""


def without(snapshot: Snapshot, invalid: frozenset[ObjectRef], units: Units | None = None) -> Snapshot:
    """The snapshot as if the invalid objects did not exist; Secrets are kept, as translation does not read them."""
    left_out: dict[str, set[Key]] = {}
    for about in invalid:
        if about.kind in PLACES:
            left_out.setdefault(PLACES[about.kind], set()).add((about.namespace, about.name))
    units = units or Units()
    sifted: dict[str, Any] = {}
    for place, keys in left_out.items():
        objects = getattr(snapshot, place)
        sifted[place] = units.of(("valid", place), (objects, keys), partial(_valid, objects, keys))
    return replace(snapshot, **sifted).following(snapshot) if sifted else snapshot


def _valid(objects: Mapping[Key, T], left_out: set[Key], _: Units) -> Mapping[Key, T]:
    if left_out.isdisjoint(objects):
        return objects
    valid = dict(objects)
    for key in left_out:
        valid.pop(key, None)
    return MappingProxyType(valid)


def selected_gateways(snapshot: Snapshot, workload: GatewayWorkload) -> tuple[Gateway, ...]:
    """The Gateways of any namespace that choose this workload, oldest first (Istio, Gateway: selector)."""
    return tuple(gateway for gateway in snapshot.gateways_by_age if selects(gateway.spec.selector, workload.labels))


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether the labels carry all that the selector asks for; an empty selector asks for nothing."""
    return selector.items() <= labels.items()


def exported(export_to: tuple[str, ...], owner: str, namespace: str) -> bool:
    """Whether an object of the namespace `owner` can be seen from `namespace`; by default everybody sees it.

    `.` stands for the owner's namespace, `*` for all and `~` for none (Istio, `exportTo`).
    """
    if "~" in export_to:
        return False
    return not export_to or "*" in export_to or namespace in (owner if name == "." else name for name in export_to)
