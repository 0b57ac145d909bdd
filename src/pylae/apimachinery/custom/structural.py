"""Is a schema of a CustomResourceDefinition structural? What it must be so that objects can be pruned by it.

Every field has a type where it is described, and what stands within `allOf`, `anyOf`, `oneOf` and `not` only restricts
values. https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import re2

from pylae.apimachinery.custom.resource import served_schema
from pylae.apimachinery.failure import Cause, invalid_value, missing, not_allowed, unsupported
from pylae.apimachinery.keywords import expression
from pylae.apimachinery.schema import (
    EMBEDDED,
    INT_OR_STRING,
    LIST_KEYS,
    LIST_TYPE,
    MAP_TYPE,
    PRESERVE_UNKNOWN,
    Schema,
    check,
    prune,
)

TYPES: Final = ("array", "boolean", "integer", "number", "object", "string")
ROOT: Final = "at the root"
ITEMS: Final = "for specified array items"
FIELDS: Final = "for specified object fields"
INT_OR_STRING_CHOICES: Final = [{"type": "integer"}, {"type": "string"}]
JUNCTORS: Final = ("allOf", "anyOf", "oneOf")
SHAPES: Final = ("type", "default", "title", "description", "nullable", "x-kubernetes-preserve-unknown-fields")
"""What may not stand within a junctor, besides the marks."""


def check_structural(schema: Schema, path: str, level: str = ROOT) -> Iterator[Cause]:
    """What keeps a schema from being structural; `path` is where it stands in the definition."""
    for rule in _RULES:
        yield from rule(schema, path, level)
    yield from _check_below(schema, path)
    for keyword, index, part in _parts(schema):
        if not _is_int_or_string(schema, keyword, index):
            yield from _check_part(part, f"{path}.{keyword}" + (f"[{index}]" if index is not None else ""))


def _check_below(schema: Schema, path: str) -> Iterator[Cause]:
    if isinstance(items := schema.get("items"), Mapping):
        yield from check_structural(items, f"{path}.items", ITEMS)
    for name, member in schema.get("properties", {}).items():
        if isinstance(member, Mapping):
            yield from check_structural(member, f"{path}.properties[{name}]", FIELDS)
        else:
            yield invalid_value(f"{path}.properties[{name}]", member, "must be a schema")
    if isinstance(additional := schema.get("additionalProperties"), Mapping):
        yield from check_structural(additional, f"{path}.additionalProperties", FIELDS)


def _check_type(schema: Schema, path: str, level: str) -> Iterator[Cause]:
    kind = schema.get("type", "")
    if kind and kind not in TYPES:
        yield unsupported(f"{path}.type", kind, TYPES)
    elif schema.get(EMBEDDED) and kind != "object":
        detail = f"must be object if {EMBEDDED} is true"
        yield invalid_value(f"{path}.type", kind, detail) if kind else missing(f"{path}.type", detail)
    elif not kind and not schema.get(INT_OR_STRING) and not schema.get(PRESERVE_UNKNOWN):
        yield missing(f"{path}.type", f"must not be empty {level}")
    elif level == ROOT and kind and kind != "object":
        yield invalid_value(f"{path}.type", kind, "must be object at the root")
    if kind == "array" and "items" not in schema:
        yield missing(f"{path}.items", "must be specified")


def _check_members(schema: Schema, path: str, level: str) -> Iterator[Cause]:
    has_additional = schema.get("additionalProperties") is not None
    if has_additional and level == ROOT:
        yield not_allowed(f"{path}.additionalProperties", "must not be used at the root")
    if has_additional and schema.get("properties"):
        detail = "additionalProperties and properties are mutual exclusive"
        yield not_allowed(f"{path}.additionalProperties", detail)
    metadata = schema.get("properties", {}).get("metadata", {})
    if level == ROOT and (
        set(metadata) - {"type", "description", "properties"}
        or set(metadata.get("properties", {})) - {"name", "generateName"}
    ):
        detail = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        yield not_allowed(f"{path}.properties[metadata]", detail)
    if schema.get("$ref"):
        yield not_allowed(f"{path}.$ref", "$ref is not supported")
    if schema.get("uniqueItems"):
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield not_allowed(f"{path}.uniqueItems", detail)
    if schema.get(PRESERVE_UNKNOWN) is False:
        yield invalid_value(f"{path}.{PRESERVE_UNKNOWN}", False, "must be true or undefined")


def _check_marks(schema: Schema, path: str, _level: str) -> Iterator[Cause]:
    """Which lists are maps or sets, and which maps are atomic."""
    list_type, keys, items = schema.get(LIST_TYPE), schema.get(LIST_KEYS, ()), schema.get("items") or {}
    if MAP_TYPE in schema and schema[MAP_TYPE] not in ("atomic", "granular"):
        yield unsupported(f"{path}.{MAP_TYPE}", schema[MAP_TYPE], ("atomic", "granular"))
    if list_type and list_type not in ("atomic", "set", "map"):
        yield unsupported(f"{path}.{LIST_TYPE}", list_type, ("atomic", "set", "map"))
    if list_type and schema.get("type") != "array":
        yield invalid_value(f"{path}.type", schema.get("type", ""), f"must be array if {LIST_TYPE} is specified")
    if keys and list_type != "map":
        yield missing(f"{path}.{LIST_TYPE}", f"must be map if {LIST_KEYS} is non-empty")
    if list_type == "map":
        yield from _check_keys(keys, items, path)


def _check_keys(keys: Sequence[str], items: Schema, path: str) -> Iterator[Cause]:
    if not keys:
        yield missing(f"{path}.{LIST_KEYS}", f"must not be empty if {LIST_TYPE} is map")
    if items.get("type") != "object":
        detail = f"must be object if parent array's {LIST_TYPE} is map"
        yield invalid_value(f"{path}.items.type", items.get("type", ""), detail)
    for key in keys:
        member = items.get("properties", {}).get(key)
        if member is None:
            yield invalid_value(f"{path}.{LIST_KEYS}", list(keys), "entries must all be names of item properties")
        elif key not in items.get("required", ()) and "default" not in member:
            detail = (
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
            )
            yield missing(f"{path}.items.properties[{key}].default", detail)


def _check_values(schema: Schema, path: str, _level: str) -> Iterator[Cause]:
    """Patterns that compile, and defaults that fit their schema."""
    if pattern := schema.get("pattern"):
        try:
            expression(pattern)
        except re2.error as error:
            detail = f"must be a valid regular expression, but isn't: {error}"
            yield invalid_value(f"{path}.pattern", pattern, detail)
    if "default" in schema and schema.get("type", "object") in TYPES:
        own = served_schema(schema)
        for cause in check(own, schema["default"], f"{path}.default"):
            yield Cause(cause.field, cause.reason, cause.message)
        if prune(own, schema["default"])[1]:
            yield invalid_value(f"{path}.default", schema["default"], "must not have unknown fields")


def _check_part(part: Schema, path: str) -> Iterator[Cause]:
    """A schema within a junctor only restricts: it may not say what there is."""
    for key in part:
        if key in SHAPES or key.startswith("x-kubernetes-"):
            yield not_allowed(f"{path}.{key}", "must be empty to be structural")
    if "additionalProperties" in part:
        yield not_allowed(f"{path}.additionalProperties", "must be undefined to be structural")
    yield from _check_values({key: part[key] for key in ("pattern",) if key in part}, path, FIELDS)
    for name, member in part.get("properties", {}).items():
        yield from _check_part(member, f"{path}.properties[{name}]")
    if isinstance(items := part.get("items"), Mapping):
        yield from _check_part(items, f"{path}.items")
    for keyword, index, inner in _parts(part):
        yield from _check_part(inner, f"{path}.{keyword}" + (f"[{index}]" if index is not None else ""))


def _parts(schema: Schema) -> Iterator[tuple[str, int | None, Schema]]:
    for keyword in JUNCTORS:
        for index, part in enumerate(schema.get(keyword) or ()):
            yield keyword, index, part
    if isinstance(part := schema.get("not"), Mapping):
        yield "not", None, part


def _is_int_or_string(schema: Schema, keyword: str, index: int | None) -> bool:
    """The one use of types within a junctor: "an integer or a text", which is spelled so."""
    if not schema.get(INT_OR_STRING):
        return False
    if keyword == "anyOf":
        return bool(schema["anyOf"] == INT_OR_STRING_CHOICES)
    return keyword == "allOf" and index == 0 and bool(schema["allOf"][0].get("anyOf") == INT_OR_STRING_CHOICES)


_RULES: Final[tuple[Callable[[Any, str, str], Iterator[Cause]], ...]] = (
    _check_type,
    _check_members,
    _check_marks,
    _check_values,
)
