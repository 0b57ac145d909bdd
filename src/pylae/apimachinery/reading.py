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
from pylae.apimachinery.built_in.rules import complete
from pylae.apimachinery.defaults import TooManyDefaultsError, as_read, with_defaults
from pylae.apimachinery.document import Json, check_depth, strict_json
from pylae.apimachinery.failure import (
    Failure,
    bad_request,
    invalid,
    invalid_options,
    too_large,
    unsupported,
    unsupported_media_type,
)
from pylae.apimachinery.patch import json_patch, merge_patch
from pylae.apimachinery.resource import Resource
from pylae.apimachinery.schema import Schema, check, prune, without_nulls
from pylae.apimachinery.strategic import strategic_merge
from pylae.apimachinery.written import Reading as Written
from pylae.apimachinery.written import Unreadable
from pylae.apimachinery.yaml_reader import read_yaml

JSON: Final = "application/json"
YAML: Final = "application/yaml"
JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH: Final = "application/strategic-merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"

IDENTITY: Final = ("apiVersion", "kind")
MANAGED: Final = "managedFields"


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
    """The value of the query parameter; `Warn` where it is absent, as upstream. Raises 422 for another word."""
    try:
        return FieldValidation(text or FieldValidation.WARN)
    except ValueError:
        cause = unsupported("fieldValidation", text, tuple(FieldValidation))
        raise invalid_options("WriteOptions", [cause]) from None


def media_type(content_type: str) -> str:
    """A Content-Type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def read_body(body: bytes, content_type: str) -> tuple[Any, tuple[str, ...]]:
    """The value of a JSON, YAML or protobuf body, and its repeated fields. Raises 400 and 415; an absent type means
    JSON."""
    kind = media_type(content_type) or JSON
    if kind == protobuf.MEDIA_TYPE:
        return protobuf.decode(body), ()
    if kind == YAML:
        return _json_or_yaml(body)
    if kind != JSON:
        raise unsupported_media_type(f"the body of the request is {kind}; send {JSON}, {YAML} or {protobuf.MEDIA_TYPE}")
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
    fields; 422 with every cause if its structure is not that of its schema. Of a custom kind only the metadata is
    looked at: what a write leaves as it was, such as the spec beside a status, need not be right, so the rest is left
    to `verify`.
    """
    obj = _identified(resource, version, value)
    obj, unknown = prune(resource.schema, obj)
    complaints = (*(f'unknown field "{path}"' for path in unknown), *duplicates)
    if complaints and validation is FieldValidation.STRICT:
        raise bad_request(f"{_cannot_be(resource, version)}: strict decoding error: {', '.join(complaints)}")
    obj = _without_absent(resource, obj)
    if resource.custom:
        obj = _with_defaults(resource, obj)
    if causes := check(_checked_now(resource), obj):
        raise invalid(resource, _name(obj), causes)
    stored = resource.view.store(obj) if resource.view else complete(resource, obj)
    return Reading(stored, complaints if validation is FieldValidation.WARN else ())


def convert(resource: Resource, obj: Json, version: str) -> Json:
    """A stored object as a version of its kind shows it."""
    shown = as_read(resource.schema, obj) if resource.custom else obj
    shown = resource.view.show(shown) if resource.view else shown
    return {**shown, "apiVersion": resource.group_version(version)}


def patch_types(resource: Resource) -> tuple[str, ...]:
    """The Content-Types that a PATCH of this resource may have."""
    return (JSON_PATCH, MERGE_PATCH, *((STRATEGIC_MERGE_PATCH,) if resource.strategic else ()), APPLY_PATCH)


def read_patch(resource: Resource, body: bytes, content_type: str) -> Patch:
    """The patch in a body. Raises 415 for a type that this resource does not take, 400 for what is not JSON."""
    kind = media_type(content_type)
    if kind not in patch_types(resource):
        raise _not_taken(resource)
    document, duplicates = strict_json(body)
    return Patch(kind, document, duplicates)


def read_applied(resource: Resource, version: str, body: bytes) -> Patch:
    """The object in the body of a server-side apply: YAML, of which JSON is a part. Raises 400 for what is none."""
    document, duplicates = _json_or_yaml(body)
    expected = {"apiVersion": resource.group_version(version), "kind": resource.kind}
    if not isinstance(document, dict):
        raise bad_request("error decoding patch: it is no object")
    if any(document.get(key) != value for key, value in expected.items()):
        raise bad_request(f"invalid object type: {kind_of(document)}")
    if not isinstance(document.get("metadata", {}), dict):
        raise bad_request("error decoding patch: metadata is no object")
    return Patch(APPLY_PATCH, document, duplicates)


def kind_of(obj: Json) -> str:
    """Group, version and kind as upstream's messages spell them: `/v1, Kind=Service`."""
    version, kind = str(obj.get("apiVersion") or ""), str(obj.get("kind") or "")
    return f"{version if '/' in version else f'/{version}'}, Kind={kind}"


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
    """Null means "not set" everywhere in the built-in kinds, and in the metadata of all, which has no empty map or list
    either. An empty `managedFields` stays: it asks that they be forgotten."""
    present = without_nulls(obj) if resource.strategic else obj
    if not isinstance(metadata := present.get("metadata"), dict):
        return {key: value for key, value in present.items() if key != "metadata" or value is not None}
    filled = {key: value for key, value in without_nulls(metadata).items() if value not in ({}, []) or key == MANAGED}
    return {**present, "metadata": filled}


def _with_defaults(resource: Resource, obj: Json) -> Json:
    try:
        return dict(with_defaults(resource.schema, obj))
    except TooManyDefaultsError as error:
        raise too_large(f"{resource.kind} {_name(obj)} is too large: {error}") from None


def _checked_now(resource: Resource) -> Schema:
    metadata = resource.schema["properties"]["metadata"]
    return {"properties": {"metadata": metadata}} if resource.custom else resource.schema


def _cannot_be(resource: Resource, version: str) -> str:
    return f'{resource.kind} in version "{version}" cannot be handled as a {resource.kind}'


def _name(obj: Json) -> str:
    metadata = obj.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""


def _json_or_yaml(body: bytes) -> tuple[Any, tuple[str, ...]]:
    """Programs send JSON, which is read far faster than as the YAML that it is too."""
    try:
        return strict_json(body)
    except Failure:
        return _yaml(body), ()


def _yaml(body: bytes) -> Any:
    try:
        document = next(read_yaml(body.decode()), Written(None)).value
    except UnicodeDecodeError:
        raise bad_request("error decoding patch: it is not UTF-8") from None
    except Unreadable as error:
        raise bad_request(f"error decoding patch: line {error.line}: {error.message}") from None
    check_depth(document)
    return document


def _not_taken(resource: Resource) -> Failure:
    taken = " or ".join(patch_types(resource))
    return unsupported_media_type(f"{resource.qualified_name} takes {taken}; with kubectl: patch --type=merge")


_APPLY: Final[Mapping[str, Callable[[Resource, Json, Any], Any]]] = {
    JSON_PATCH: lambda _resource, current, document: json_patch(current, document),
    MERGE_PATCH: lambda _resource, current, document: merge_patch(current, document),
    STRATEGIC_MERGE_PATCH: lambda resource, current, document: strategic_merge(current, document, resource.merge_keys),
}
