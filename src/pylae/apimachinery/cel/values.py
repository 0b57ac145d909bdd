"""JSON values as validation rules see them: typed by the schema, and with only the members that it knows.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
"""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from pylae.api.scalars import parse_duration
from pylae.apimachinery.columns.column import parse_time
from pylae.apimachinery.schema import EMBEDDED, INT_OR_STRING, Schema

RESERVED: Final = frozenset(
    (
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"),
        *("import", "let", "loop", "package", "namespace", "return", "var", "void", "while"),
    )
)
METADATA: Final = ("name", "generateName")
"""What of its metadata the rules of an object may look at."""

_ESCAPES: Final = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_ESCAPED: Final = re.compile(r"__|[./-]")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def escape(name: str) -> str:
    """How a rule spells a field; "" for one that it cannot name."""
    if name in RESERVED:
        return f"__{name}__"
    spelled = _ESCAPED.sub(lambda found: _ESCAPES[found[0]], name)
    return spelled if _IDENTIFIER.fullmatch(spelled) else ""


def cel_value(schema: Schema, value: Any, *, is_root: bool = False) -> Any:
    """A value for the engine. `is_root` is the whole object, whose identity can be seen without standing in the
    schema."""
    match value:
        case dict() if isinstance(below := schema.get("additionalProperties"), Mapping):
            return {key: cel_value(below, member) for key, member in value.items()}
        case dict():
            return _fields(schema, value, is_root=is_root or bool(schema.get(EMBEDDED)))
        case list():
            return [cel_value(schema.get("items", {}), item) for item in value]
        case int() if schema.get("type") == "number" and not isinstance(value, bool):
            return float(value)
        case float() if schema.get("type") == "integer" and value.is_integer():
            return int(value)
        case str() if not schema.get(INT_OR_STRING):
            return _FORMATS.get(schema.get("format", ""), str)(value)
        case _:
            return value


def _fields(schema: Schema, value: dict[str, Any], *, is_root: bool) -> dict[str, Any]:
    properties = schema.get("properties", {})
    fields = {
        spelled: cel_value(properties[key], member)
        for key, member in value.items()
        if key in properties and (spelled := escape(key))
    }
    if is_root:
        metadata = value.get("metadata") or {}
        fields |= {key: value[key] for key in ("apiVersion", "kind") if key in value}
        fields["metadata"] = {key: metadata[key] for key in METADATA if key in metadata}
    return fields


def _duration(text: str) -> timedelta | str:
    try:
        return parse_duration(text)
    except ValueError:
        return text


def _bytes(text: str) -> bytes | str:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text


def _moment(text: str) -> Any:
    return parse_time(text) or text


_FORMATS: Final[Mapping[str, Callable[[str], Any]]] = {
    "byte": _bytes,
    "date": _moment,
    "date-time": _moment,
    "datetime": _moment,
    "duration": _duration,
}
