"""OpenAPI v3 documents, one per group and version: how clients learn which fields and parameters there are.

kubectl leaves validation to the server only where the PATCH operation of a kind lists `fieldValidation`, and computes
a strategic merge patch by our schema only where that operation takes one. So a kind whose schema is open does not list
it: kubectl then falls back on the types it has built in. A document changes with the kinds that users define; its hash
is part of its URL.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from pylae.apimachinery.document import Json, encode
from pylae.apimachinery.failure import no_such_path
from pylae.apimachinery.reading import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH
from pylae.apimachinery.resource import Registry, Resource
from pylae.apimachinery.schema import PRESERVE_UNKNOWN

GVK: Final = "x-kubernetes-group-version-kind"
OBJECT_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
INFO: Final = {"title": "Pylae", "version": "v1"}

QUERY: Final = {
    "dryRun": "All: go through everything, but store nothing.",
    "fieldManager": "Who makes the change.",
    "fieldValidation": "Unknown and repeated fields: Strict refuses, Warn warns, Ignore drops them.",
    "force": "For server-side apply: take over fields of others.",
}
"""The query parameters of writes; `force` is PATCH's alone."""


def index(registry: Registry) -> Json:
    """`/openapi/v3`: where each document is, with its hash, so that it may be kept for ever."""
    served = [(group, version) for group in registry.groups() for version in registry.versions(group)]
    return {"paths": {_path(*place): {"serverRelativeURL": _url(registry, *place)} for place in served}}


def document(registry: Registry, group: str, version: str) -> bytes:
    """The document of a group and version, as JSON. Raises 404 for what is not served."""
    served = registry.served(group, version)
    if not served:
        raise no_such_path()
    return _document(served, version).body


def document_hash(registry: Registry, group: str, version: str) -> str:
    """The `hash` in a document's URL."""
    return _document(registry.served(group, version), version).hash


@dataclass(frozen=True, slots=True)
class _Document:
    body: bytes
    hash: str


@lru_cache(maxsize=512)
def _document(served: tuple[Resource, ...], version: str) -> _Document:
    """Made once for the same kinds, whatever else comes and goes beside them."""
    schemas: Json = {OBJECT_META: served[0].schema["properties"]["metadata"]}
    paths: Json = {}
    for resource in served:
        schemas[schema_name(resource, version)] = published_schema(resource, version, "#/components/schemas/")
        paths |= dict(_paths(resource, version))
    body = encode({"openapi": "3.0.0", "info": INFO, "paths": paths, "components": {"schemas": schemas}})
    return _Document(body, hashlib.sha256(body).hexdigest())


def schema_name(resource: Resource, version: str) -> str:
    """The name of a kind's schema: `io.k8s.api.core.v1.Secret`, `io.istio.networking.v1.Gateway`."""
    if resource.strategic:
        return f"io.k8s.api.{resource.group.partition('.')[0] or 'core'}.{version}.{resource.kind}"
    return ".".join([*reversed(resource.group.split(".")), version, resource.kind])


def published_schema(resource: Resource, version: str, references: str) -> Json:
    """The schema of a kind as a document shows it: with its name, and the metadata by reference."""
    described = resource.schema["properties"]["metadata"].get("description", "")
    metadata = {"description": described, "allOf": [{"$ref": references + OBJECT_META}]}
    properties = {**resource.schema["properties"], "metadata": metadata}
    return {**resource.schema, "properties": properties, GVK: [group_version_kind(resource, version)]}


def group_version_kind(resource: Resource, version: str) -> Json:
    return {"group": resource.group, "version": version, "kind": resource.kind}


def collection_path(resource: Resource, version: str) -> str:
    """Where objects of a kind are listed and created."""
    root = f"/apis/{resource.group}/{version}" if resource.group else f"/api/{version}"
    return f"{root}/namespaces/{{namespace}}/{resource.plural}" if resource.namespaced else f"{root}/{resource.plural}"


def published_patch_types(resource: Resource) -> tuple[str, ...]:
    """The kinds of patch that clients are told of."""
    strategic = (STRATEGIC_MERGE_PATCH,) if resource.strategic and not is_open(resource) else ()
    return (JSON_PATCH, MERGE_PATCH, *strategic, APPLY_PATCH)


def is_open(resource: Resource) -> bool:
    """Is some field of the object not described, so that no client can compute a strategic merge patch for it?"""
    return any(member.get(PRESERVE_UNKNOWN) for member in resource.schema["properties"].values())


def _path(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _url(registry: Registry, group: str, version: str) -> str:
    return f"/openapi/v3/{_path(group, version)}?hash={document_hash(registry, group, version)}"


def _paths(resource: Resource, version: str) -> Iterator[tuple[str, Json]]:
    path, write = collection_path(resource, version), ("dryRun", "fieldManager", "fieldValidation")
    if resource.virtual:
        yield path, {"post": _operation(resource, version, write, ("application/json",))}
        return
    yield (
        path,
        {
            "get": _operation(resource, version, (), ()),
            "post": _operation(resource, version, write, ("application/json",)),
        },
    )
    yield (
        f"{path}/{{name}}",
        {
            "get": _operation(resource, version, (), ()),
            "put": _operation(resource, version, write, ("application/json",)),
            "delete": _operation(resource, version, ("dryRun",), ()),
            "patch": _operation(resource, version, tuple(QUERY), published_patch_types(resource)),
        },
    )


def _operation(resource: Resource, version: str, query: tuple[str, ...], body: tuple[str, ...]) -> Json:
    reference = {"schema": {"$ref": f"#/components/schemas/{schema_name(resource, version)}"}}
    operation: Json = {GVK: group_version_kind(resource, version)}
    if query:
        operation["parameters"] = [_query_parameter(name) for name in query]
    if body:
        operation["requestBody"] = {"required": True, "content": {media_type: {"schema": {}} for media_type in body}}
    operation["responses"] = {"200": {"description": "OK", "content": {"application/json": reference}}}
    return operation


def _query_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": QUERY[name], "schema": {"type": "string", "uniqueItems": True}}
