"""Walks an object along its OpenAPI schema and gathers everything that is wrong, each with its path.

A schema here is a plain dictionary without references, made by `kind_schema`, or by `custom` of a user's definition. An
object without `properties` and `additionalProperties` is open: anything goes below it. The words are those of
Kubernetes' own validation, which people search for and tools match.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from pylae.apimachinery.document import join
from pylae.apimachinery.failure import Cause, invalid_value, missing, type_invalid
from pylae.apimachinery.keywords import broken_keywords

Schema: TypeAlias = Mapping[str, Any]

INT_OR_STRING: Final = "x-kubernetes-int-or-string"
PRESERVE_UNKNOWN: Final = "x-kubernetes-preserve-unknown-fields"
EMBEDDED: Final = "x-kubernetes-embedded-resource"
LIST_TYPE: Final = "x-kubernetes-list-type"
LIST_KEYS: Final = "x-kubernetes-list-map-keys"
MAP_TYPE: Final = "x-kubernetes-map-type"

NOWHERE: Final = "<nil>"
"""The path that upstream gives to what `anyOf` and its kin have against a value."""


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
    return {} if schema.get(PRESERVE_UNKNOWN) or "properties" not in schema else None


def _check(schema: Schema, value: Any, found: tuple[str, list[Cause]]) -> None:
    (path, causes), kind = found, json_type(value)
    if kind == "null" and schema.get("nullable"):
        return
    if not _has_type(schema, kind):
        causes.append(type_invalid(path, kind, f'{path} in body must be of type {_type_name(schema)}: "{kind}"'))
        return
    causes += broken_keywords(schema, value, path)
    if not _JUNCTORS.keys().isdisjoint(schema):
        causes += _broken_junctors(schema, value, path)
    if isinstance(value, list):
        below = schema.get("items", {})
        for index, item in enumerate(value):
            _check(below, item, (f"{path}[{index}]", causes))
    elif isinstance(value, dict):
        causes += (missing(join(path, key)) for key in schema.get("required", ()) if key not in value)
        for key, member in value.items():
            _check(_member_schema(schema, key) or {}, member, (join(path, key), causes))


def _has_type(schema: Schema, found: str) -> bool:
    if schema.get(INT_OR_STRING):
        return found in ("integer", "string")
    wanted = schema.get("type")
    return not wanted or found == wanted or (found, wanted) == ("integer", "number")


def _type_name(schema: Schema) -> str:
    return "integer,string" if schema.get(INT_OR_STRING) else str(schema["type"])


def _broken_junctors(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    for keyword, demand in _JUNCTORS.items():
        if keyword in schema:
            yield from demand(schema[keyword], value, path)


def _all_of(parts: Sequence[Schema], value: Any, path: str) -> Iterator[Cause]:
    wrong = [causes for part in parts if (causes := check(part, value, path))]
    for causes in wrong:
        yield from causes
    if wrong:
        none = ". None validated" if len(wrong) == len(parts) else ""
        yield _nowhere(f'"{path}" must validate all the schemas (allOf){none}')


def _any_of(parts: Sequence[Schema], value: Any, path: str) -> Iterator[Cause]:
    wrong = [check(part, value, path) for part in parts]
    if all(wrong):
        yield _nowhere(f'"{path}" must validate at least one schema (anyOf)')
        yield from _nearest(parts, wrong, value)


def _one_of(parts: Sequence[Schema], value: Any, path: str) -> Iterator[Cause]:
    wrong = [check(part, value, path) for part in parts]
    right = sum(not causes for causes in wrong)
    if right != 1:
        found = f"Found {right} valid alternatives" if right else "Found none valid"
        yield _nowhere(f'"{path}" must validate one and only one schema (oneOf). {found}')
    if not right:
        yield from _nearest(parts, wrong, value)


def _not(part: Schema, value: Any, path: str) -> Iterator[Cause]:
    if not check(part, value, path):
        yield _nowhere(f'"{path}" must not validate the schema (not)')


def _nearest(parts: Sequence[Schema], wrong: Sequence[Sequence[Cause]], value: Any) -> Sequence[Cause]:
    """The complaints of the schema that the most of a value fits: the one that was likely meant."""
    fitting = [_fitting(part, value) for part in parts]
    return wrong[fitting.index(max(fitting))]


def _fitting(part: Schema, value: Any) -> int:
    """How many of the members that a schema describes are there and right."""
    if not isinstance(value, dict):
        return 0
    described = part.get("properties", {}).items()
    return sum(name in value and not check(member, value[name]) for name, member in described)


def _nowhere(detail: str) -> Cause:
    return invalid_value(NOWHERE, "", detail)


_JUNCTORS: Final[Mapping[str, Callable[[Any, Any, str], Iterator[Cause]]]] = {
    "anyOf": _any_of,
    "oneOf": _one_of,
    "allOf": _all_of,
    "not": _not,
}
"""What schemas beside each other demand of one value, in upstream's order."""
