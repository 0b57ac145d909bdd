"""OpenAPI v3 schemas of our kinds, made from the types of the room `api`: the one source of what a field is and means.

The schema of a kind holds no references, no `null` and no defaults. It is what the walker in `schema` reads, what
OpenAPI publishes, and what `kubectl explain` prints. Defaults of the types are not the server's: it stores what was
written.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from pylae.api.scalars import schema_hook
from pylae.api.scheme import Kind
from pylae.apimachinery.document import Json
from pylae.apimachinery.schema import INT_OR_STRING, PRESERVE_UNKNOWN

REF: Final = "$ref"
KEPT: Final = (
    "type",
    "format",
    "description",
    "enum",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
    "required",
    INT_OR_STRING,
    PRESERVE_UNKNOWN,
)


def kind_schema(kind: Kind) -> Json:
    """The schema of a whole object of this kind."""
    (top,), components = msgspec.json.schema_components([kind.type], schema_hook=schema_hook, ref_template="{name}")
    return _inlined(top, components)


def open_schema(*fields: str, metadata: Mapping[str, Any], description: str = "") -> Json:
    """The schema of a kind that is only kept: `metadata` is checked, and each of `fields` may be anything."""
    properties = {
        "apiVersion": {"type": "string", "description": "Group and version of the API."},
        "kind": {"type": "string", "description": "What kind of object this is."},
        "metadata": dict(metadata),
        **{field: {PRESERVE_UNKNOWN: True} for field in fields},
    }
    return {"type": "object", "description": description, "properties": properties}


def _inlined(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Json:
    """The schema with its references replaced; a description beside a reference speaks of the field, so it wins."""
    schema = _without_null(schema)
    if REF in schema:
        beside = {key: value for key, value in schema.items() if key != REF}
        return _inlined({**components[schema[REF]], **beside}, components)
    result = {key: schema[key] for key in KEPT if key in schema and schema[key] != []}
    if schema.get("contentEncoding") == "base64":
        result["format"] = "byte"
    if "properties" in schema:
        result["properties"] = {name: _inlined(member, components) for name, member in schema["properties"].items()}
    if "items" in schema:
        result["items"] = _inlined(schema["items"], components)
    if isinstance(additional := schema.get("additionalProperties"), Mapping):
        result["additionalProperties"] = _inlined(additional, components)
    elif schema.get("type") == "object" and "properties" not in schema:
        result[PRESERVE_UNKNOWN] = True
    return result


def _without_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """`X | None` says that a field may be left out, not that it may be null."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) != 1:
        return schema
    return {**choices[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
