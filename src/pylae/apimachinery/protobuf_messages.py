"""Protobuf messages made of a table of field numbers, so that no .proto file is copied or compiled.

A table has one message a line: its name, then its fields.

    name=2          a text            data=2{}:bytes    a map from text to this type
    port=3:int32    another type      verbs=1*          a list
    immutable=5?:bool                 tells "zero" from "not set", where a plain field does not
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

PROTO: Final = descriptor_pb2.FieldDescriptorProto
SCALARS: Final[Mapping[str, int]] = {
    "string": PROTO.TYPE_STRING,
    "bytes": PROTO.TYPE_BYTES,
    "ignored": PROTO.TYPE_BYTES,
    "bool": PROTO.TYPE_BOOL,
    "int32": PROTO.TYPE_INT32,
    "int64": PROTO.TYPE_INT64,
    "double": PROTO.TYPE_DOUBLE,
}
_FIELD: Final = re.compile(r"(\w+)=(\d+)(\*|\?|\{\})?(?::(\w+))?")


class Field(NamedTuple):
    """A field of a message; `shape` is `*` for a list, `{}` for a map, `?` where zero is a value, "" otherwise."""

    name: str
    number: int
    shape: str
    type: str


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages of a table: their fields in the order written, and the classes that parse and serialise them."""

    fields: Mapping[str, tuple[Field, ...]]
    classes: Mapping[str, type[Message]]


def build(table: str, package: str) -> Messages:
    """The messages of a table. The package is a name of one's own, so that no other descriptor can be in the way."""
    fields = dict(_read(table))
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto2")
    file.message_type.extend(_descriptor(name, fields[name], package) for name in fields)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = {name: pool.FindMessageTypeByName(f"{package}.{name}") for name in fields}
    return Messages(fields, {name: message_factory.GetMessageClass(found[name]) for name in fields})


def _read(table: str) -> Iterator[tuple[str, tuple[Field, ...]]]:
    for line in filter(None, table.splitlines()):
        name, *fields = line.split()
        yield name, tuple(_field(text) for text in fields)


def _field(text: str) -> Field:
    found = _FIELD.fullmatch(text)
    if not found:
        raise ValueError(f"no field: {text}")
    return Field(found[1], int(found[2]), found[3] or "", found[4] or "string")


def _descriptor(name: str, fields: tuple[Field, ...], package: str) -> descriptor_pb2.DescriptorProto:
    message = descriptor_pb2.DescriptorProto(name=name)
    for field in fields:
        if field.shape == "{}":
            entry = f"{field.name[0].upper()}{field.name[1:]}Entry"
            message.nested_type.append(_map_entry(entry, field.type, package))
            message.field.append(_typed(field, f".{package}.{name}.{entry}"))
        else:
            message.field.append(_typed(field, f".{package}.{field.type}"))
    return message


def _typed(field: Field, message_type: str) -> descriptor_pb2.FieldDescriptorProto:
    label = PROTO.LABEL_REPEATED if field.shape in ("*", "{}") else PROTO.LABEL_OPTIONAL
    described = PROTO(name=field.name, number=field.number, label=label)
    if field.type in SCALARS and field.shape != "{}":
        described.type = SCALARS[field.type]  # type: ignore[assignment]  # the enum's values are plain integers
    else:
        described.type, described.type_name = PROTO.TYPE_MESSAGE, message_type
    return described


def _map_entry(name: str, value_type: str, package: str) -> descriptor_pb2.DescriptorProto:
    entry = descriptor_pb2.DescriptorProto(name=name)
    entry.options.map_entry = True
    entry.field.append(_typed(Field("key", 1, "", "string"), ""))
    entry.field.append(_typed(Field("value", 2, "", value_type), f".{package}.{value_type}"))
    return entry
