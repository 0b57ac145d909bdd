"""Walks an object along its OpenAPI schema and gathers everything that is wrong, each with its path.

A schema here is a plain dictionary without references, as `kind_schema` makes it. An object without `properties` and
`additionalProperties` is open: anything goes below it. The words are those of Kubernetes' own validation, which
people search for and tools match.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from pylae.apimachinery.column import parse_time
from pylae.apimachinery.document import join
from pylae.apimachinery.failure import Cause, invalid_value, missing, too_long, too_many, type_invalid, unsupported

Schema: TypeAlias = Mapping[str, Any]

INT_OR_STRING: Final = "x-kubernetes-int-or-string"
PRESERVE_UNKNOWN: Final = "x-kubernetes-preserve-unknown-fields"


def check(schema: Schema, value: Any, path: str = "") -> tuple[Cause, ...]:
    """All structural errors of a value: types, enumerations, ranges, lengths, required fields."""
    causes: list[Cause] = []
    _check(schema, value, (path, causes))
    return tuple(causes)


def unknown_fields(schema: Schema, value: Any) -> tuple[str, ...]:
    """The paths of the fields that the schema does not know, in document order: `spec.servers[1].hots`."""
    return prune(schema, value)[1]


def prune(schema: Schema, value: Any, path: str = "") -> tuple[Any, tuple[str, ...]]:
    """The value without the fields that the schema does not know, and the paths of those."""
    unknown: list[str] = []
    return _prune(schema, value, (path, unknown)), tuple(unknown)


def without_nulls(value: Any) -> Any:
    """The value without members that are null, at any depth: for the built-in kinds null means "not set"."""
    if isinstance(value, dict):
        return {key: without_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def json_type(value: Any) -> str:
    """What JSON calls the type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _prune(schema: Schema, value: Any, found: tuple[str, list[str]]) -> Any:
    path, unknown = found
    if isinstance(value, list) and "items" in schema:
        return [_prune(schema["items"], item, (f"{path}[{index}]", unknown)) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    known: dict[str, Any] = {}
    for key, member in value.items():
        below = _member_schema(schema, key)
        if below is None:
            unknown.append(join(path, key))
        else:
            known[key] = _prune(below, member, (join(path, key), unknown))
    return known


def _member_schema(schema: Schema, key: str) -> Schema | None:
    """The schema of a member; None if there may be no such member."""
    properties: Mapping[str, Schema] = schema.get("properties", {})
    if key in properties:
        return properties[key]
    if isinstance(additional := schema.get("additionalProperties"), Mapping):
        return additional
    return {} if schema.get(PRESERVE_UNKNOWN) or not properties else None


def _check(schema: Schema, value: Any, found: tuple[str, list[Cause]]) -> None:
    (path, causes), kind = found, json_type(value)
    if not _has_type(schema, kind):
        causes.append(type_invalid(path, kind, f'{path} in body must be of type {_type_name(schema)}: "{kind}"'))
        return
    if not _RULES.keys().isdisjoint(schema):
        causes += _broken_rules(schema, value, path)
    if isinstance(value, list):
        for index, item in enumerate(value):
            _check(schema.get("items", {}), item, (f"{path}[{index}]", causes))
    elif isinstance(value, dict):
        causes += (missing(join(path, key)) for key in schema.get("required", ()) if key not in value)
        for key, member in value.items():
            _check(_member_schema(schema, key) or {}, member, (join(path, key), causes))


def _broken_rules(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    for keyword, rule in _RULES.items():
        if keyword in schema and (cause := rule(schema[keyword], value, path)):
            yield cause


def _has_type(schema: Schema, found: str) -> bool:
    if schema.get(INT_OR_STRING):
        return found in ("integer", "string")
    wanted = schema.get("type")
    return wanted is None or found == wanted or (found, wanted) == ("integer", "number")


def _type_name(schema: Schema) -> str:
    return "integer or string" if schema.get(INT_OR_STRING) else str(schema["type"])


def _in_enumeration(choices: list[Any], value: Any, path: str) -> Cause | None:
    return None if value in choices else unsupported(path, value, choices)


def _at_least(limit: float, value: Any, path: str) -> Cause | None:
    return (
        invalid_value(path, value, f"{path} in body should be greater than or equal to {limit}")
        if value < limit
        else None
    )


def _at_most(limit: float, value: Any, path: str) -> Cause | None:
    return (
        invalid_value(path, value, f"{path} in body should be less than or equal to {limit}") if value > limit else None
    )


def _long_enough(limit: int, value: Any, path: str) -> Cause | None:
    return (
        invalid_value(path, value, f"{path} in body should be at least {limit} chars long")
        if len(value) < limit
        else None
    )


def _short_enough(limit: int, value: Any, path: str) -> Cause | None:
    return too_long(path, f"may not be more than {limit} bytes") if len(value) > limit else None


def _enough(limit: int, value: Any, path: str) -> Cause | None:
    if len(value) >= limit:
        return None
    return invalid_value(path, len(value), f"{path} in body should have at least {limit} items")


def _not_too_many(limit: int, value: Any, path: str) -> Cause | None:
    return too_many(path, len(value), limit) if len(value) > limit else None


def _matches(pattern: str, value: Any, path: str) -> Cause | None:
    return (
        None
        if _compiled(pattern).search(value)
        else invalid_value(path, value, f"{path} in body should match '{pattern}'")
    )


def _has_format(name: str, value: Any, path: str) -> Cause | None:
    is_right = _FORMATS.get(name)
    if is_right is None or is_right(value):
        return None
    shown = "‹not shown›" if name == "byte" else value
    return invalid_value(path, shown, f"{path} in body must be of type {name}")


def _is_base64(value: Any) -> bool:
    try:
        base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


_compiled = cache(re.compile)

_FORMATS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "int32": lambda number: -(2**31) <= number < 2**31,
    "int64": lambda number: -(2**63) <= number < 2**63,
    "byte": _is_base64,
    "date-time": lambda moment: moment == "" or parse_time(moment) is not None,
}

_RULES: Final[Mapping[str, Callable[[Any, Any, str], Cause | None]]] = {
    "enum": _in_enumeration,
    "minimum": _at_least,
    "maximum": _at_most,
    "minLength": _long_enough,
    "maxLength": _short_enough,
    "minItems": _enough,
    "maxItems": _not_too_many,
    "pattern": _matches,
    "format": _has_format,
}
"""What each keyword of a schema demands of a value whose type is right already."""
