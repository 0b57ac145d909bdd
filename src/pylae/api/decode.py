"""The door for objects: JSON in, typed objects out, and back. Every object that is read comes in through here."""

import re
from functools import cache
from typing import Any

import msgspec

from pylae.api.absence import without_nulls
from pylae.api.meta import Object
from pylae.api.scalars import dec_hook, enc_hook
from pylae.api.scheme import Kind

Json = dict[str, Any]

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON, or that are nested deeper than the stack."""


class Malformed(Exception):
    """The JSON is not an object of its kind. `path` is the place, such as `spec.servers[0].port`; it may be empty."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def decode(kind: Kind, body: bytes) -> Object:
    """Reads an object from JSON. Fields that are not known are ignored; ranges and enums are not checked.

    Raises Malformed if a field has the wrong type, if the object is of another kind, or if the body is no JSON object.
    """
    try:
        return _checked(kind, _decoder(kind.type).decode(body))
    except msgspec.ValidationError:
        return convert(kind, _parse(body))  # slower, and understands nulls
    except UNREADABLE as error:
        raise _not_json(error) from None


def convert(kind: Kind, value: Any) -> Object:
    """Reads an object from what a JSON or YAML parser made of it, as `decode` does from bytes. Raises Malformed."""
    try:
        plain = without_nulls(kind.type, value)
        return _checked(kind, msgspec.convert(plain, kind.type, strict=False, dec_hook=dec_hook))
    except msgspec.ValidationError as error:
        raise _malformed(str(error)) from None


def document(object_: Object) -> Json:
    """The object as plain JSON values, `apiVersion` and `kind` first. A Secret's payload is in it, in the clear."""
    head = {"apiVersion": object_.api_version, "kind": object_.kind}
    rest: Json = msgspec.json.decode(msgspec.json.encode(object_, enc_hook=enc_hook))
    return {**head, **{name: value for name, value in rest.items() if value != {}}}


def encode(object_: Object) -> bytes:
    """The object as JSON; `decode` makes the same object of it."""
    return msgspec.json.encode(document(object_))


def _parse(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except UNREADABLE as error:
        raise _not_json(error) from None


def _not_json(error: Exception) -> Malformed:
    return Malformed("", "nested too deeply" if isinstance(error, RecursionError) else f"not JSON: {error}")


@cache
def _decoder(type_: type[Object]) -> msgspec.json.Decoder[Object]:
    return msgspec.json.Decoder(type_, strict=False, dec_hook=dec_hook)


def _checked(kind: Kind, object_: Object) -> Object:
    if object_.kind != kind.kind:
        raise Malformed("kind", f"expected `{kind.kind}`, got `{object_.kind}`")
    return object_


_PLACE = re.compile(r"(?P<message>.*) - at `\$\.?(?P<path>.*)`", re.DOTALL)


def _malformed(text: str) -> Malformed:
    """Splits msgspec's "Expected `int`, got `str` - at `$.spec.servers[0]`" into its place and its message."""
    found = _PLACE.fullmatch(text)
    return Malformed(found["path"], found["message"]) if found else Malformed("", text)
