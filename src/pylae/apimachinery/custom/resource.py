"""A user's CustomResourceDefinition as something that is served: the `Resource` that it makes.

Each version may have a schema, columns and subresources of its own. Objects are kept in the storage version and shown
in any other by another `apiVersion`, with the fields and defaults that the other's schema has (conversion `None`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pylae.apimachinery.cel.validations import rule_tree
from pylae.apimachinery.columns.column import dig
from pylae.apimachinery.custom.columns import custom_columns
from pylae.apimachinery.custom.kind import Custom, ScalePaths
from pylae.apimachinery.document import Json
from pylae.apimachinery.group import version_order
from pylae.apimachinery.resource import Resource
from pylae.apimachinery.schema import EMBEDDED, PRESERVE_UNKNOWN, Schema

IDENTITY: Final[Mapping[str, Json]] = {
    "apiVersion": {"type": "string", "description": "Group and version of the API."},
    "kind": {"type": "string", "description": "What kind of object this is."},
}
EMBEDDED_IDENTITY: Final[Mapping[str, Json]] = {
    "apiVersion": {"type": "string", "minLength": 1},
    "kind": {"type": "string", "minLength": 1},
    "metadata": {"type": "object", PRESERVE_UNKNOWN: True},
}
VERBS: Final = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
"""In the order in which upstream lists them for such kinds."""

DROPPED: Final = frozenset(
    {
        "$ref",
        "$schema",
        "id",
        "definitions",
        "dependencies",
        "patternProperties",
        "additionalItems",
        "example",
        "externalDocs",
    }
)
"""What a schema may say that nobody acts on."""


def custom_resource(definition: Json, metadata: Schema) -> Resource | None:
    """What a definition makes, by the names it was granted; None if no version is served.

    `metadata` is the schema that the metadata of every object has. Raises ValueError (`cel.NotCelError` too) for a
    definition that was never checked.
    """
    served = sorted((v for v in definition["spec"]["versions"] if v["served"]), key=lambda v: version_order(v["name"]))
    if not served:
        return None
    every = {version["name"]: _in_version(definition, version, metadata) for version in served}
    names = tuple(every)
    every = {name: replace(resource, versions=names) for name, resource in every.items()}
    stored = storage_version(definition)
    return replace(every.get(stored, every[names[0]]), by_version=every)


def storage_version(definition: Json) -> str:
    """The version that objects are kept in."""
    return next(str(version["name"]) for version in definition["spec"]["versions"] if version["storage"])


def custom_schema(written: Schema, metadata: Schema) -> Json:
    """The schema of a whole object of a version, in the words of the walkers here: closed where it says nothing."""
    schema = served_schema(written)
    own = schema["properties"].get("metadata", {}) if "properties" in schema else {}
    limits = {name: {**metadata["properties"][name], **limit} for name, limit in own.get("properties", {}).items()}
    whole = {**metadata, "properties": {**metadata["properties"], **limits}}
    properties = {**IDENTITY, **schema.get("properties", {}), "metadata": whole}
    return {**schema, "properties": properties}


def served_schema(written: Schema) -> Json:
    """A schema of a definition, in the words of the walkers here."""
    schema = {key: value for key, value in written.items() if key not in DROPPED}
    if "properties" in written:
        schema["properties"] = {name: served_schema(member) for name, member in written["properties"].items()}
    if isinstance(items := written.get("items"), Mapping):
        schema["items"] = served_schema(items)
    additional = schema.pop("additionalProperties", None)
    if isinstance(additional, Mapping):
        schema["additionalProperties"] = served_schema(additional)
    elif additional:
        schema["additionalProperties"] = {PRESERVE_UNKNOWN: True}
    if written.get(EMBEDDED):
        schema["properties"] = {**EMBEDDED_IDENTITY, **schema.get("properties", {})}
        schema["required"] = [*schema.get("required", ()), "apiVersion", "kind"]
    if written.get("type") == "object" and not additional and not written.get(PRESERVE_UNKNOWN):
        schema.setdefault("properties", {})
    return schema


def _in_version(definition: Json, version: Json, metadata: Schema) -> Resource:
    spec, names = definition["spec"], definition["status"]["acceptedNames"]
    schema = custom_schema(dig(version, "schema", "openAPIV3Schema") or {PRESERVE_UNKNOWN: True}, metadata)
    subresources = version.get("subresources") or {}
    selectable = frozenset(field["jsonPath"].removeprefix(".") for field in version.get("selectableFields", ()))
    return Resource(
        group=spec["group"],
        versions=(version["name"],),
        kind=names["kind"],
        list_kind=names["listKind"],
        plural=names["plural"],
        singular=names["singular"],
        namespaced=spec["scope"] == "Namespaced",
        schema=schema,
        short_names=tuple(names.get("shortNames", ())),
        categories=tuple(names.get("categories", ())),
        columns=custom_columns(version.get("additionalPrinterColumns", [])),
        subresources=tuple(name for name in ("status", "scale") if name in subresources),
        verbs=VERBS,
        storage_version=storage_version(definition),
        scale=_scale(subresources["scale"]) if "scale" in subresources else None,
        custom=Custom(
            rules=rule_tree(schema, is_root=True),
            selectable_fields=Custom().selectable_fields | selectable,
            deprecation=_deprecation(spec, names, version),
            terminating="deletionTimestamp" in definition["metadata"],
        ),
    )


def _scale(paths: Mapping[str, str]) -> ScalePaths:
    return ScalePaths(
        spec_replicas=paths["specReplicasPath"],
        status_replicas=paths["statusReplicasPath"],
        label_selector=paths.get("labelSelectorPath", ""),
    )


def _deprecation(spec: Mapping[str, Any], names: Mapping[str, Any], version: Mapping[str, Any]) -> str:
    if not version.get("deprecated"):
        return ""
    usual = f"{spec['group']}/{version['name']} {names['kind']} is deprecated"
    better = [each["name"] for each in spec["versions"] if each["served"] and not each.get("deprecated")]
    best = min(better, key=version_order, default="")
    if best and version_order(best) < version_order(version["name"]):
        usual += f"; use {spec['group']}/{best} {names['kind']}"
    return str(version.get("deprecationWarning") or usual)
