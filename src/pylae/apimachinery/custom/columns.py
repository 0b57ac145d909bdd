"""The columns that a CustomResourceDefinition asks for, as upstream's API server makes their cells.

A text column shows whatever its path finds, a list as JSON; a column of another type is empty where the value is of
another.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from pylae.apimachinery.columns.column import NAME, Cell, Column, Read, parse_time, since
from pylae.apimachinery.custom.json_path import json_path
from pylae.apimachinery.document import Json

TYPES: Final = ("boolean", "date", "integer", "number", "string")
FORMATS: Final = (
    "binary",
    "bool",
    "byte",
    "date",
    "date-time",
    "double",
    "float",
    "int32",
    "int64",
    "password",
    "uuid",
)


def custom_columns(definitions: list[Json]) -> tuple[Column, ...]:
    """Columns from `additionalPrinterColumns`, after the name; none at all means the usual NAME and AGE.

    Raises ValueError for a path that cannot be read.
    """
    return (NAME, *(_column(definition) for definition in definitions)) if definitions else ()


def _column(definition: Mapping[str, Any]) -> Column:
    path = definition["jsonPath"]
    return Column(
        name=definition["name"],
        read=_reader(path, definition["type"]),
        type=definition["type"],
        description=definition.get("description") or f"Custom resource definition column (in JSONPath format): {path}",
        format=definition.get("format", ""),
        priority=definition.get("priority", 0),
    )


def _reader(path: str, kind: str) -> Read:
    find, cell = json_path(path), _CELLS[kind]

    def read(obj: Mapping[str, Any], now: datetime) -> Cell:
        found = find(obj)
        return cell(found[0], now) if found else None

    return read


def _text(value: Any, _now: datetime) -> Cell:
    if isinstance(value, str):
        return value
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _integer(value: Any, _now: datetime) -> Cell:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number(value: Any, _now: datetime) -> Cell:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: Any, _now: datetime) -> Cell:
    return value if isinstance(value, bool) else None


def _date(value: Any, now: datetime) -> Cell:
    if not isinstance(value, str):
        return None
    return since(value, now) if parse_time(value) else "<invalid>"


_CELLS: Final[Mapping[str, Callable[[Any, datetime], Cell]]] = {
    "boolean": _boolean,
    "date": _date,
    "integer": _integer,
    "number": _number,
    "string": _text,
}
