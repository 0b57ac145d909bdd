"""Which objects count at all: those that are valid, and the Gateways that choose this workload."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from pylae.api.gateway import Gateway
from pylae.api.meta import Object, ObjectRef
from pylae.model.snapshot import Key, Snapshot
from pylae.model.workload import GatewayWorkload

T = TypeVar("T", bound=Object)


def without(snapshot: Snapshot, invalid: frozenset[ObjectRef]) -> Snapshot:
    """The snapshot as if the invalid objects did not exist; Secrets are kept, as translation does not read them."""
    if not invalid:
        return snapshot
    return replace(
        snapshot,
        gateways=_valid(snapshot.gateways, invalid),
        virtual_services=_valid(snapshot.virtual_services, invalid),
        service_entries=_valid(snapshot.service_entries, invalid),
        services=_valid(snapshot.services, invalid),
        endpoint_slices=_valid(snapshot.endpoint_slices, invalid),
        config_maps=_valid(snapshot.config_maps, invalid),
    )


def _valid(objects: Mapping[Key, T], invalid: frozenset[ObjectRef]) -> Mapping[Key, T]:
    return MappingProxyType({key: found for key, found in objects.items() if found.ref not in invalid})


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
