"""The scalars of the API: durations, numbers with a range, int-or-string, and bytes that must never be printed.

Ranges and enum values are written into the JSON schema only. A number out of range still decodes: the schema walker
then reports it with its place, together with all else that is wrong.
"""

import base64
import binascii
import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta

UInt32 = Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": 4294967295})]
UInt64 = Annotated[int, Meta(extra_json_schema={"minimum": 0})]
Int32 = Annotated[int, Meta(extra_json_schema={"format": "int32"})]
Int64 = Annotated[int, Meta(extra_json_schema={"format": "int64"})]
Double = Annotated[float, Meta(extra_json_schema={"format": "double"})]
IntOrString = Annotated[int | str, Meta(extra_json_schema={"x-kubernetes-int-or-string": True})]
Base64 = bytes
"""Bytes that are base64 in JSON, under a name that a field called `bytes` cannot hide."""

Duration = Annotated[str, Meta(extra_json_schema={"format": "duration"})]
"""A duration as it was written (`1.5s`, `1h5m`); `parse_duration` reads it."""

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""An instant in RFC 3339, UTC, so that text order is time order."""

Open = Annotated[dict[str, Any], Meta(extra_json_schema={"x-kubernetes-preserve-unknown-fields": True})]
"""An object whose fields are not described: anything goes."""


def one_of(*values: str) -> Meta:
    """An enum for the schema. The field stays a `str`, so an unknown value is reported and does not end decoding."""
    return Meta(extra_json_schema={"enum": list(values)})


def at_most(*, length: int = 0, items: int = 0, entries: int = 0) -> Meta:
    """An upper bound for the schema: characters of a string, items of a list, entries of a map."""
    bounds = {"maxLength": length, "maxItems": items, "maxProperties": entries}
    return Meta(extra_json_schema={name: bound for name, bound in bounds.items() if bound})


class SecretBytes(bytes):
    """Bytes that print as their size. `bytes(x)` is the deliberate way to the payload."""

    def __repr__(self) -> str:
        return f"‹redacted {readable_size(len(self))}›"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)


class SecretText(SecretBytes):
    """A secret that is plain text in JSON, where `SecretBytes` are base64: the values of a Secret's `stringData`."""


def readable_size(size: int) -> str:
    """`17 B`, `1.7 kB`, `2.0 MB`: decimal units, as disks and networks count."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def dec_hook(kind: type, value: Any) -> Any:
    """How msgspec reads our own scalars. Raises ValueError, to which msgspec adds the path."""
    if kind not in (SecretBytes, SecretText):
        raise NotImplementedError(kind)
    if not isinstance(value, str):
        raise ValueError("Expected a string")
    if kind is SecretText:
        return SecretText(value.encode())
    try:
        return SecretBytes(base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("Expected base64: a Secret's plain text belongs in `stringData`") from None


def enc_hook(value: Any) -> Any:
    """How msgspec writes our own scalars."""
    match value:
        case SecretText():
            return bytes(value).decode()
        case SecretBytes():
            return bytes(value)
        case _:
            raise NotImplementedError(type(value))


def schema_hook(kind: type) -> dict[str, Any]:
    """What our own scalars are in a JSON schema (pass it to `msgspec.json.schema`)."""
    if kind is SecretBytes:
        return {"type": "string", "format": "byte"}
    if kind is SecretText:
        return {"type": "string"}
    raise NotImplementedError(kind)


_MICROSECONDS = {
    "ns": Decimal("0.001"),
    "us": Decimal(1),
    "µs": Decimal(1),  # U+00B5, the micro sign
    "μs": Decimal(1),  # U+03BC, the Greek letter: Go takes both
    "ms": Decimal(1000),
    "s": Decimal(1_000_000),
    "m": Decimal(60_000_000),
    "h": Decimal(3_600_000_000),
}
_TERM = re.compile(r"([0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(ns|us|µs|μs|ms|s|m|h)")
_DURATION = re.compile(rf"([-+]?)((?:{_TERM.pattern})+|0)")


def parse_duration(text: str) -> timedelta:
    """Reads a duration of protobuf JSON (`1.5s`) or of Go (`1h5m`, `250ms`): a microsecond is the finest step.

    Raises ValueError for anything else, a bare number such as `5` included (Go's time.ParseDuration).
    """
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a duration: write a number with a unit, such as 10s, 250ms or 1h5m")
    microseconds = sum((Decimal(number) * _MICROSECONDS[unit] for number, unit in _TERM.findall(found[2])), Decimal(0))
    try:
        return timedelta(microseconds=int(-microseconds if found[1] == "-" else microseconds))
    except OverflowError:
        raise ValueError(f"{text!r} is longer than any duration can be") from None
