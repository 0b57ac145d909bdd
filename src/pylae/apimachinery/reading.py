"""From the bytes of a request to an object, in the order in which upstream does it.

    decode ─▶ is it the kind the path names? ─▶ unknown and repeated fields ─▶ prune ─▶ structure ─▶ defaults

What comes out has the structure of its schema, so everything after this may rely on types. A patch enters in the
middle: what an object is after it is JSON already, and is settled like any other body.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pylae.apimachinery import protobuf
from pylae.apimachinery.built_in import complete
from pylae.apimachinery.document import Json, check_depth, strict_json
from pylae.apimachinery.failure import Failure, bad_request, invalid, unsupported_media_type
from pylae.apimachinery.patch import json_patch, merge_patch
from pylae.apimachinery.resource import Resource
from pylae.apimachinery.schema import check, prune, without_nulls
from pylae.apimachinery.strategic import strategic_merge

JSON: Final = "application/json"
JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH: Final = "application/strategic-merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"

IDENTITY: Final = ("apiVersion", "kind")


class FieldValidation(StrEnum):
    """What becomes of fields that are unknown, or that are there twice (query parameter `fieldValidation`)."""

    STRICT = "Strict"
    WARN = "Warn"
    IGNORE = "Ignore"


@dataclass(frozen=True, slots=True)
class Reading:
    """An object, and what is to be sent along in `Warning:` headers."""

    object: Json
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch as it was sent, and the fields that stand in it twice."""

    media_type: str
    document: Any
    duplicates: tuple[str, ...] = ()


def field_validation(text: str) -> FieldValidation:
    """The value of the query parameter; `Warn` where it is absent, as upstream. Raises 400 for another word."""
    try:
        return FieldValidation(text or FieldValidation.WARN)
    except ValueError:
        choices = ", ".join(FieldValidation)
        raise bad_request(f"fieldValidation={text} is not supported: use one of {choices}") from None


def media_type(content_type: str) -> str:
    """A Content-Type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def read_body(body: bytes, content_type: str) -> tuple[Any, tuple[str, ...]]:
    """The value of a JSON or protobuf body, and its repeated fields. Raises 400 and 415; an absent type means JSON."""
    kind = media_type(content_type) or JSON
    if kind == protobuf.MEDIA_TYPE:
        return protobuf.decode(body), ()
    if kind != JSON:
        raise unsupported_media_type(f"the body of the request is {kind}; send {JSON} or {protobuf.MEDIA_TYPE}")
    return strict_json(body)


def read_object(
    resource: Resource, version: str, body: bytes, *, content_type: str, validation: FieldValidation
) -> Reading:
    """The object in a body. Raises 400, 415, and 422 for what does not have the structure of its kind."""
    value, duplicates = read_body(body, content_type)
    return settle(resource, version, value, validation=validation, duplicates=duplicates)


def settle(
    resource: Resource, version: str, value: Any, *, validation: FieldValidation, duplicates: tuple[str, ...] = ()
) -> Reading:
    """The object that a JSON value is, pruned and with defaults, in the version that is stored.

    Raises 400 if it is no object of the kind that the path names, or (strictly validated) if it has unknown or repeated
    fields; 422 with every cause if its structure is not that of its schema.
    """
    obj = _identified(resource, version, value)
    obj, unknown = prune(resource.schema, obj)
    complaints = (*(f'unknown field "{path}"' for path in unknown), *duplicates)
    if complaints and validation is FieldValidation.STRICT:
        raise bad_request(f"{_cannot_be(resource, version)}: strict decoding error: {', '.join(complaints)}")
    obj = _without_absent(resource, obj)
    if causes := check(resource.schema, obj):
        raise invalid(resource, _name(obj), causes)
    return Reading(complete(resource, obj), complaints if validation is FieldValidation.WARN else ())


def convert(resource: Resource, obj: Json, version: str) -> Json:
    """The object in another version of its kind: only `apiVersion` differs."""
    return {**obj, "apiVersion": resource.group_version(version)}


def patch_types(resource: Resource) -> tuple[str, ...]:
    """The Content-Types that a PATCH of this resource may have. Server-side apply is not among them yet."""
    return (JSON_PATCH, MERGE_PATCH, *((STRATEGIC_MERGE_PATCH,) if resource.strategic else ()))


def read_patch(resource: Resource, body: bytes, content_type: str) -> Patch:
    """The patch in a body. Raises 415 for a type that this resource does not take, 400 for what is not JSON."""
    kind = media_type(content_type)
    if kind not in patch_types(resource):
        raise _not_taken(resource, kind)
    document, duplicates = strict_json(body)
    return Patch(kind, document, duplicates)


def apply_patch(resource: Resource, current: Json, patch: Patch) -> Any:
    """What the object is after the patch. Raises 400 for a patch that is none, 422 for one that does not fit."""
    patched = _APPLY[patch.media_type](resource, current, patch.document)
    check_depth(patched)
    return patched


def _identified(resource: Resource, version: str, value: Any) -> Json:
    """The value as an object of the kind and version that the path names; either may be left out of the body."""
    if not isinstance(value, dict):
        raise bad_request(f"the body of the request must be a JSON object: a {resource.kind}")
    expected = resource.group_version(version)
    kind, written = value.get("kind") or resource.kind, value.get("apiVersion") or expected
    if kind != resource.kind:
        raise bad_request(f"{_cannot_be(resource, version)}: the body is a {kind}")
    if written not in [resource.group_version(served) for served in resource.versions]:
        raise bad_request(
            f"the API version in the data ({written}) does not match the expected API version ({expected})"
        )
    rest = {key: member for key, member in value.items() if key not in IDENTITY}
    return {"apiVersion": resource.group_version(), "kind": kind, **rest}


def _without_absent(resource: Resource, obj: Json) -> Json:
    """Null means "not set" everywhere in the built-in kinds, and in the metadata of all."""
    if resource.strategic:
        return dict(without_nulls(obj))
    return {key: without_nulls(value) if key == "metadata" else value for key, value in obj.items()}


def _cannot_be(resource: Resource, version: str) -> str:
    return f'{resource.kind} in version "{version}" cannot be handled as a {resource.kind}'


def _name(obj: Json) -> str:
    metadata = obj.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""


def _not_taken(resource: Resource, kind: str) -> Failure:
    if kind == APPLY_PATCH:
        return unsupported_media_type("server-side apply is not served yet: use kubectl apply without --server-side")
    taken = " or ".join(patch_types(resource))
    return unsupported_media_type(f"{resource.qualified_name} takes {taken}; with kubectl: patch --type=merge")


_APPLY: Final[Mapping[str, Callable[[Resource, Json, Any], Any]]] = {
    JSON_PATCH: lambda _resource, current, document: json_patch(current, document),
    MERGE_PATCH: lambda _resource, current, document: merge_patch(current, document),
    STRATEGIC_MERGE_PATCH: lambda resource, current, document: strategic_merge(current, document, resource.merge_keys),
}
