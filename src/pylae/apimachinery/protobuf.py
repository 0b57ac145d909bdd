"""Reads the protobuf bodies of Kubernetes clients: kubectl 1.32 and newer creates built-in kinds with them.

The wire format is google.protobuf's affair; what a field is called and numbered stands in `protobuf_fields`. Replies
are JSON, which every client takes.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import bad_request, unsupported_media_type
from pylae.apimachinery.protobuf_fields import MESSAGES
from pylae.apimachinery.protobuf_messages import Field, build

MEDIA_TYPE: Final = "application/vnd.kubernetes.protobuf"
MAGIC: Final = b"k8s\x00"
"""What every such body begins with, before the envelope that names the kind."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
NOT_SET: Final[tuple[Any, ...]] = (None, "", 0, False, [], {})
"""What Go writes for a field that nobody set."""

_MESSAGES: Final = build(MESSAGES, "pylae.kubernetes")


def decode(body: bytes) -> Json:
    """The object in a body in its JSON form, with `apiVersion` and `kind`.

    Raises 400 for what is no such body, 415 for a kind (or a field of it) that the table does not have.
    """
    if not body.startswith(MAGIC):
        raise bad_request("the body is not Kubernetes protobuf: it does not begin with 6b 38 73 00")
    envelope = _object(_parse("Unknown", body[len(MAGIC) :]), "Unknown")
    head = envelope.get("typeMeta", {})
    kind = head.get("kind", "")
    if kind not in _MESSAGES.classes:
        raise unsupported_media_type(
            f"{kind or 'This kind'} is read as JSON only: use kubectl apply -f, which sends it"
        )
    raw = base64.b64decode(envelope.get("raw", ""))
    return {"apiVersion": head.get("apiVersion", ""), "kind": kind, **_object(_parse(kind, raw), kind)}


def _parse(name: str, raw: bytes) -> Message:
    message = _MESSAGES.classes[name]()
    try:
        message.ParseFromString(raw)
    except (DecodeError, UnicodeDecodeError):
        raise bad_request(f"the protobuf body is broken: it is no {name}") from None
    return message


def _object(message: Message, name: str) -> Json:
    for unknown in UnknownFieldSet(message):  # type: ignore[attr-defined]  # the stubs lack its iterator
        if unknown.data not in (0, b""):
            field = f"field {unknown.field_number} of {name}"
            raise unsupported_media_type(f"{field} is read as JSON only: use kubectl apply -f, which sends it")
    return dict(_members(message, name))


def _members(message: Message, name: str) -> Iterator[tuple[str, Any]]:
    for field in _MESSAGES.fields[name]:
        if field.type == "ignored":
            continue
        value = _member(message, field)
        if field.shape == "?":
            if message.HasField(field.name):
                yield field.name, value
        elif value not in NOT_SET:
            yield field.name, value


def _member(message: Message, field: Field) -> Any:
    raw = getattr(message, field.name)
    if field.shape == "{}":
        return {_text(key): _value(raw[key], field.type) for key in raw}
    if field.shape == "*":
        return [_value(item, field.type) for item in raw]
    return _value(raw, field.type)


def _value(raw: Any, kind: str) -> Any:
    if kind in _SPECIAL:
        return _SPECIAL[kind](raw)
    return _object(raw, kind) if isinstance(raw, Message) else raw


def _text(raw: str | bytes) -> str:
    """The library gives bytes where they are not UTF-8."""
    if isinstance(raw, bytes):
        raise bad_request("the protobuf body is broken: a text in it is not UTF-8")
    return raw


def _time(raw: Any) -> str:
    return _moment(raw).strftime("%Y-%m-%dT%H:%M:%SZ") if raw.seconds else ""


def _micro_time(raw: Any) -> str:
    return _moment(raw).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if raw.seconds else ""


def _moment(raw: Any) -> datetime:
    try:
        return EPOCH + timedelta(seconds=raw.seconds, microseconds=raw.nanos // 1000)
    except OverflowError:
        raise bad_request(f"the protobuf body is broken: {raw.seconds} s is no time") from None


_SPECIAL: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": _text,
    "bytes": lambda raw: base64.b64encode(raw).decode(),
    "Time": _time,
    "MicroTime": _micro_time,
    "IntOrString": lambda raw: _text(raw.strVal) if raw.type else raw.intVal,
    "Quantity": lambda raw: _text(raw.string),
}
"""The types that JSON spells in a way of its own."""
