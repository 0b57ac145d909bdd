"""What the keywords of a schema demand of a value whose type is right: ranges, lengths, patterns, formats, choices.

The words are those of Kubernetes' own validation. Each keyword speaks of values of one type and lets all others pass.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeAlias
from uuid import UUID

import re2

from pylae.api.scalars import parse_duration
from pylae.apimachinery.columns.column import parse_time
from pylae.apimachinery.failure import Cause, invalid_value, shown, too_long, too_many, type_invalid, unsupported

Keyword: TypeAlias = Callable[[Mapping[str, Any], Any, str], Cause | None]
"""Takes the schema, the value and its path."""


def broken_keywords(schema: Mapping[str, Any], value: Any, path: str) -> Iterator[Cause]:
    """Everything that a schema's keywords have against a value."""
    if _EVERY.keys().isdisjoint(schema):
        return
    for types, keywords in _BY_TYPE:
        if isinstance(value, types) and not (isinstance(value, bool) and bool not in types):
            for keyword, demand in keywords.items():
                if keyword in schema and (cause := demand(schema, value, path)):
                    yield cause


def _choice(schema: Mapping[str, Any], value: Any, path: str) -> Cause | None:
    choices = schema["enum"]
    is_one = any(value == choice and isinstance(value, bool) is isinstance(choice, bool) for choice in choices)
    return None if is_one else unsupported(path, value, choices)


def _at_least(schema: Mapping[str, Any], value: Any, path: str) -> Cause | None:
    limit, excluded = schema["minimum"], schema.get("exclusiveMinimum")
    if value > limit or (value == limit and not excluded):
        return None
    words = "greater than" if excluded else "greater than or equal to"
    return invalid_value(path, value, f"{path} in body should be {words} {_number(limit)}")


def _at_most(schema: Mapping[str, Any], value: Any, path: str) -> Cause | None:
    limit, excluded = schema["maximum"], schema.get("exclusiveMaximum")
    if value < limit or (value == limit and not excluded):
        return None
    words = "less than" if excluded else "less than or equal to"
    return invalid_value(path, value, f"{path} in body should be {words} {_number(limit)}")


def _multiple(schema: Mapping[str, Any], value: Any, path: str) -> Cause | None:
    step = schema["multipleOf"]
    if Decimal(str(value)) % Decimal(str(step)) == 0:
        return None
    return invalid_value(path, value, f"{path} in body should be a multiple of {_number(step)}")


def _number(value: float) -> str:
    """A number of a schema as Go prints it."""
    return str(int(value)) if float(value).is_integer() else str(value)


def _long_enough(schema: Mapping[str, Any], value: Any, path: str) -> Cause | None:
    limit = schema["minLength"]
    if len(value) >= limit:
        return None
    return invalid_value(path, value, f"{path} in body should be at least {limit} chars long")


def _short_enough(schema: Mapping[str, Any], value: Any, path: str) -> Cause | None:
    limit = schema["maxLength"]
    return too_long(path, f"may not be more than {limit} bytes") if len(value) > limit else None


def _matches(schema: Mapping[str, Any], value: Any, path: str) -> Cause | None:
    pattern = schema["pattern"]
    if expression(pattern).search(value):
        return None
    return invalid_value(path, value, f"{path} in body should match '{pattern}'")


def _enough_items(schema: Mapping[str, Any], value: Any, path: str) -> Cause | None:
    limit = schema["minItems"]
    if len(value) >= limit:
        return None
    return invalid_value(path, len(value), f"{path} in body should have at least {limit} items")


def _not_too_many(limit: str) -> Keyword:
    def demand(schema: Mapping[str, Any], value: Any, path: str) -> Cause | None:
        return too_many(path, len(value), schema[limit]) if len(value) > schema[limit] else None

    return demand


def _enough_members(schema: Mapping[str, Any], value: Any, path: str) -> Cause | None:
    limit = schema["minProperties"]
    if len(value) >= limit:
        return None
    return invalid_value(path, len(value), f"{path} in body should have at least {limit} properties")


def _has_format(schema: Mapping[str, Any], value: Any, path: str) -> Cause | None:
    name = schema["format"]
    is_right = _FORMATS.get(name)
    if is_right is None or is_right(value):
        return None
    if name == "byte":
        return type_invalid(path, "‹not shown›", f"{path} in body must be of type {name}")
    repeated = f": {shown(value)}" if isinstance(value, str) else ""
    return type_invalid(path, value, f"{path} in body must be of type {name}{repeated}")


def is_known_format(name: str) -> bool:
    """Is a format one that is checked, or one that anything has?"""
    return name in _FORMATS or name in _UNCHECKED


@cache
def expression(pattern: str) -> Any:
    """A pattern, compiled. Raises `re2.error` for one that is none (RE2's syntax, which is Go's)."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options=options)


def _makes(make: Callable[[Any], object]) -> Callable[[Any], bool]:
    def is_right(text: Any) -> bool:
        try:
            make(text)
        except ValueError:
            return False
        return True

    return is_right


def _is_base64(value: Any) -> bool:
    try:
        base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


_HOSTNAME: Final = re.compile(
    r"[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?)*\.?"
)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_MAC: Final = re.compile(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}")
_URI: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S+|/\S*")
_UNCHECKED: Final = frozenset(
    {"password", "float", "double", "bsonobjectid", "creditcard", "hexcolor", "rgbcolor", "ssn"}
)

_FORMATS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "byte": _is_base64,
    "cidr": lambda text: "/" in text and _makes(ipaddress.ip_interface)(text),
    "date": lambda text: bool(_DATE.fullmatch(text)) and parse_time(text) is not None,
    "date-time": lambda text: text == "" or parse_time(text) is not None,
    "datetime": lambda text: text == "" or parse_time(text) is not None,
    "duration": _makes(parse_duration),
    "email": lambda text: bool(_EMAIL.fullmatch(text)),
    "hostname": lambda text: len(text) <= 255 and bool(_HOSTNAME.fullmatch(text)),
    "int32": lambda number: -(2**31) <= number < 2**31,
    "int64": lambda number: -(2**63) <= number < 2**63,
    "ipv4": _makes(ipaddress.IPv4Address),
    "ipv6": _makes(ipaddress.IPv6Address),
    "mac": lambda text: bool(_MAC.fullmatch(text)),
    "uri": lambda text: bool(_URI.fullmatch(text)),
    "uuid": _makes(UUID),
    **{f"uuid{version}": _makes(UUID) for version in (3, 4, 5)},
}

_BY_TYPE: Final[tuple[tuple[tuple[type, ...], Mapping[str, Keyword]], ...]] = (
    ((bool, int, float, str, list, dict), {"enum": _choice}),
    ((int, float), {"minimum": _at_least, "maximum": _at_most, "multipleOf": _multiple}),
    ((str,), {"minLength": _long_enough, "maxLength": _short_enough, "pattern": _matches}),
    ((list,), {"minItems": _enough_items, "maxItems": _not_too_many("maxItems")}),
    ((dict,), {"minProperties": _enough_members, "maxProperties": _not_too_many("maxProperties")}),
    ((int, float, str), {"format": _has_format}),
)
_EVERY: Final = {keyword: types for types, keywords in _BY_TYPE for keyword in keywords}
