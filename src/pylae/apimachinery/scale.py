"""The `scale` subresource: how many replicas an object wants and has, as the one kind that autoscalers know
(autoscaling/v1 Scale)."""

from collections.abc import Mapping
from typing import Any, Final

from pylae.apimachinery.columns.column import dig
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, bad_request, invalid, invalid_value
from pylae.apimachinery.resource import Resource

SCALE: Final = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
SHARED: Final = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
NOT_NEGATIVE: Final = "should be a non-negative integer"


def scale_of(resource: Resource, obj: Json) -> Json:
    """The Scale of an object whose resource has one."""
    assert resource.scale is not None
    paths = resource.scale
    status: Json = {"replicas": _at(obj, paths.status_replicas) or 0}
    if selector := _at(obj, paths.label_selector) if paths.label_selector else None:
        status["selector"] = selector if isinstance(selector, str) else _selector(selector)
    metadata = {key: obj["metadata"][key] for key in SHARED if key in obj["metadata"]}
    spec = {"replicas": _at(obj, paths.spec_replicas) or 0}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status}


def scaled(resource: Resource, obj: Json, scale: Any) -> Json:
    """The object with the replicas that a Scale wants. Raises 400 for what is no Scale, 422 for a number below 0."""
    assert resource.scale is not None
    if not isinstance(scale, dict) or scale.get("kind") != "Scale":
        raise bad_request("the body of the request must be a Scale")
    replicas = dig(scale, "spec", "replicas") or 0
    if not isinstance(replicas, int) or replicas < 0:
        raise invalid(resource, obj["metadata"]["name"], [_not_a_number(replicas)])
    version = dig(scale, "metadata", "resourceVersion") or obj["metadata"].get("resourceVersion")
    changed = _with(obj, _members(resource.scale.spec_replicas), replicas)
    return {**changed, "metadata": {**obj["metadata"], "resourceVersion": version}}


def _not_a_number(replicas: object) -> Cause:
    return invalid_value("spec.replicas", replicas, NOT_NEGATIVE)


def _members(path: str) -> list[str]:
    return path.removeprefix(".").split(".")


def _at(obj: Json, path: str) -> Any:
    return dig(obj, *_members(path))


def _with(obj: Mapping[str, Any], path: list[str], value: Any) -> Json:
    first, *rest = path
    below = obj.get(first)
    return {**obj, first: _with(below if isinstance(below, dict) else {}, rest, value) if rest else value}


def _selector(selector: Mapping[str, Any]) -> str:
    """A label selector as text; sets are left out."""
    labels = selector.get("matchLabels") or ({} if "matchExpressions" in selector else selector)
    return ",".join(f"{key}={value}" for key, value in labels.items() if isinstance(value, str))
