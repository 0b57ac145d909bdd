"""What a version of a CustomResourceDefinition must be: its schema, rules, columns, selectable fields and subresources.

The rules and their words are upstream's (apiextensions.k8s.io/v1).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pylae.apimachinery.cel.expression import NotCelError, compile_expression
from pylae.apimachinery.cel.validations import RULES
from pylae.apimachinery.columns.column import dig
from pylae.apimachinery.custom.columns import FORMATS, TYPES
from pylae.apimachinery.custom.json_path import json_path
from pylae.apimachinery.custom.structural import check_structural
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, duplicate, invalid_value, missing, too_many
from pylae.apimachinery.keywords import is_known_format
from pylae.apimachinery.schema import Schema

MOST_SELECTABLE: Final = 8
SELECTABLE: Final = (
    "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."
)
SCALE_ROOTS: Final = {
    "specReplicasPath": (".spec",),
    "statusReplicasPath": (".status",),
    "labelSelectorPath": (".spec", ".status"),
}


def check_version(version: Json, path: str) -> Iterator[Cause]:
    if version.get("deprecationWarning") and not version.get("deprecated"):
        detail = "can only be set for deprecated versions"
        yield invalid_value(f"{path}.deprecationWarning", version["deprecationWarning"], detail)
    schema, place = dig(version, "schema", "openAPIV3Schema"), f"{path}.schema.openAPIV3Schema"
    if schema is None:
        yield missing(place)
        return
    structural = tuple(check_structural(schema, place))
    yield from structural
    if not structural:
        for where, inner in _every_schema(schema, ""):
            yield from _check_rules(inner, place + where)
    for index, column in enumerate(version.get("additionalPrinterColumns", ())):
        yield from _check_column(column, f"{path}.additionalPrinterColumns[{index}]")
    yield from _check_selectable(version.get("selectableFields", []), schema, f"{path}.selectableFields")
    yield from _check_scale(dig(version, "subresources", "scale"), f"{path}.subresources.scale")


def _check_rules(schema: Schema, path: str) -> Iterator[Cause]:
    for index, rule in enumerate(schema.get(RULES, ())):
        place = f"{path}.{RULES}[{index}]"
        if not (rule.get("rule") or "").strip():
            yield missing(f"{place}.rule", "rule is not specified")
            continue
        if "\n" in rule["rule"].strip() and not rule.get("message"):
            yield missing(f"{place}.message", "message must be specified if rule contains line breaks")
        for field in ("rule", "messageExpression"):
            try:
                compile_expression(rule.get(field) or "true")
            except NotCelError as error:
                yield invalid_value(f"{place}.{field}", rule[field], f"compilation failed: ERROR: {error}")


def _check_column(column: Json, path: str) -> Iterator[Cause]:
    if not column.get("name"):
        yield missing(f"{path}.name")
    if column.get("type") not in TYPES:
        yield invalid_value(f"{path}.type", column.get("type", ""), f"must be one of {','.join(TYPES)}")
    if column.get("format") and column["format"] not in FORMATS:
        yield invalid_value(f"{path}.format", column["format"], f"must be one of {','.join(FORMATS)}")
    if not column.get("jsonPath"):
        yield missing(f"{path}.JSONPath")
        return
    try:
        json_path(column["jsonPath"])
    except ValueError as error:
        yield invalid_value(f"{path}.JSONPath", column["jsonPath"], f"is an invalid path: {error}")


def _check_selectable(fields: list[Json], schema: Schema, path: str) -> Iterator[Cause]:
    seen = set()
    for index, field in enumerate(fields):
        place, text = f"{path}[{index}].jsonPath", field.get("jsonPath") or ""
        found: Any = schema
        for name in text.removeprefix(".").split("."):
            found = dig(found, "properties", name)
        if not text:
            yield missing(place)
        elif text.startswith(".metadata"):
            yield invalid_value(place, text, "must not point to fields in metadata")
        elif not found:
            yield invalid_value(place, text, "is an invalid path: does not refer to a valid field")
        elif found.get("type") not in ("string", "boolean", "integer"):
            yield invalid_value(place, text, SELECTABLE)
        elif text in seen:
            yield duplicate(place, text)
        seen.add(text)
    if len(seen) > MOST_SELECTABLE:
        yield too_many(path, len(seen), MOST_SELECTABLE)


def _check_scale(scale: Mapping[str, str] | None, path: str) -> Iterator[Cause]:
    for field, roots in SCALE_ROOTS.items():
        text = (scale or {}).get(field)
        if text and not text.startswith(tuple(f"{root}." for root in roots)):
            yield invalid_value(f"{path}.{field}", text, f"should be a json path under {' or '.join(roots)}")


def warnings(definition: Json) -> Iterator[str]:
    """What works otherwise than its writer may think."""
    spec = definition["spec"]
    if spec["conversion"]["strategy"] == "Webhook":
        yield "no conversion webhook is called here: versions differ in apiVersion alone, as with strategy None"
    for version in spec["versions"]:
        for path, schema in _every_schema(dig(version, "schema", "openAPIV3Schema") or {}, ""):
            where = f"version {version['name']}, {path or 'root'}"
            if (name := schema.get("format")) and not is_known_format(name):
                yield f'unrecognized format "{name}"'
            for rule in schema.get(RULES, ()):
                if lacking := compile_expression(rule["rule"]).lacking:
                    names = ", ".join(lacking)
                    yield f"{where}: a validation rule is left out, {names} is not known here: {rule['rule']}"


def _every_schema(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    """A schema and all below it, with their paths."""
    yield path, schema
    for name, member in schema.get("properties", {}).items():
        yield from _every_schema(member, f"{path}.properties[{name}]")
    for key in ("items", "additionalProperties"):
        if isinstance(below := schema.get(key), Mapping):
            yield from _every_schema(below, f"{path}.{key}")
