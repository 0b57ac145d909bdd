"""The rules that Kubernetes has for its built-in kinds, beyond their schemas.

What is filled in, what an update keeps, what is refused: one table per question, by resource. What needs the world (an
address or a port that is free) is not here.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from pylae.apimachinery.built_in import config_data, endpoint_rules, service_rules
from pylae.apimachinery.columns.column import dig
from pylae.apimachinery.custom.definition import check_definition, complete_definition
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, invalid_value
from pylae.apimachinery.resource import Resource

Complete: TypeAlias = Callable[[Json], Json]
CarryOver: TypeAlias = Callable[[Json, Json], Json]
Check: TypeAlias = Callable[[Json, Json | None], Iterator[Cause]]

NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"
"""The label by which a selector finds a namespace by its name; the server keeps it right."""


def complete(resource: Resource, obj: Json) -> Json:
    """The object with the defaults that the server stores: `type: Opaque`, `protocol: TCP`, `stringData` as `data`."""
    step = _COMPLETE.get(resource.qualified_name)
    return step(obj) if step else obj


def carry_over(resource: Resource, old: Json, new: Json) -> Json:
    """The new object with what the server once chose and the writer left out, such as a Service's address."""
    step = _CARRY_OVER.get(resource.qualified_name)
    return step(old, new) if step else new


def check_built_in(resource: Resource, obj: Json, old: Json | None) -> Iterator[Cause]:
    """What is wrong with an object whose structure is right; `old` is what it replaces, if anything."""
    rule = _CHECK.get(resource.qualified_name)
    if rule:
        yield from rule(obj, old)


def initial_status(resource: Resource) -> Json | None:
    """The status that a new object begins with, or None."""
    return _INITIAL_STATUS.get(resource.qualified_name)


def keep_labels(resource: Resource, obj: Json) -> Json:
    """The object with the labels that the server keeps right: a Namespace carries its own name."""
    metadata = obj.get("metadata", {})
    if resource.qualified_name != "namespaces" or not metadata.get("name"):
        return obj
    labels = {**metadata.get("labels", {}), NAMESPACE_LABEL: metadata["name"]}
    return {**obj, "metadata": {**metadata, "labels": labels}}


def _check_event(obj: Json, _old: Json | None) -> Iterator[Cause]:
    about, here = dig(obj, "involvedObject", "namespace") or "", dig(obj, "metadata", "namespace")
    if about not in ("", here):
        yield invalid_value("involvedObject.namespace", about, f"must be the Event's own namespace, {here}")


_COMPLETE: Final[Mapping[str, Complete]] = {
    "secrets": config_data.complete_secret,
    "services": service_rules.complete_service,
    "endpoints": endpoint_rules.complete_endpoints,
    "endpointslices.discovery.k8s.io": endpoint_rules.complete_endpoint_slice,
    "customresourcedefinitions.apiextensions.k8s.io": complete_definition,
}

_CARRY_OVER: Final[Mapping[str, CarryOver]] = {"services": service_rules.carry_over}

_CHECK: Final[Mapping[str, Check]] = {
    "secrets": config_data.check_secret,
    "configmaps": config_data.check_config_map,
    "services": service_rules.check_service,
    "endpoints": endpoint_rules.check_endpoints,
    "endpointslices.discovery.k8s.io": endpoint_rules.check_endpoint_slice,
    "events": _check_event,
    "customresourcedefinitions.apiextensions.k8s.io": check_definition,
}

_INITIAL_STATUS: Final[Mapping[str, Json]] = {
    "namespaces": {"phase": "Active"},
    "services": {"loadBalancer": {}},
}
