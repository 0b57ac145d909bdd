"""Every kind: what a server sends comes back the same, has a schema, and every field says what it is."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from pylae.api.decode import decode, document, encode
from pylae.api.scalars import schema_hook
from pylae.api.scheme import KINDS, Kind

each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


@each_kind
def test_an_object_comes_back_as_it_was_written(kind: Kind, documents: dict[str, dict[str, Any]]) -> None:
    written = documents[kind.kind]
    assert written["apiVersion"] in map(kind.group_version, kind.versions)
    object_ = decode(kind, json.dumps(written).encode())
    assert document(object_) == written
    assert decode(kind, encode(object_)) == object_


@each_kind
def test_a_kind_has_a_schema_that_describes_every_field(kind: Kind) -> None:
    schema = msgspec.json.schema(kind.type, schema_hook=schema_hook)
    components = schema["$defs"]
    silent = [
        f"{name}.{field}"
        for name, component in components.items()
        for field, described in component["properties"].items()
        if not described.get("description", "").strip()
    ]
    assert silent == []
    assert [name for name, component in components.items() if not component.get("description")] == []


@each_kind
def test_an_object_without_any_field_decodes_and_knows_what_it_is(kind: Kind) -> None:
    object_ = decode(kind, b"{}")
    assert (object_.api_version, object_.kind) == (kind.api_version, kind.kind)
    assert list(document(object_))[:2] == ["apiVersion", "kind"]
    assert document(object_) | {"status": None} == {"apiVersion": kind.api_version, "kind": kind.kind, "status": None}


def test_no_two_types_share_a_name_so_that_schemas_may_refer_to_them_by_it() -> None:
    types = {struct.cls for kind in KINDS for struct in _structs(inspect.type_info(kind.type), set())}
    names = [found.__name__ for found in types]
    assert sorted(names) == sorted(set(names))


def test_every_type_is_frozen() -> None:
    types = {struct.cls for kind in KINDS for struct in _structs(inspect.type_info(kind.type), set())}
    assert [found.__name__ for found in types if not found.__struct_config__.frozen] == []


def test_numbers_out_of_range_and_unknown_enum_values_decode_because_others_report_them() -> None:
    schema = msgspec.json.schema(_kind("Gateway").type, schema_hook=schema_hook)["$defs"]
    assert schema["Port"]["properties"]["number"]["maximum"] == 4294967295
    assert "MUTUAL" in schema["ServerTlsSettings"]["properties"]["mode"]["enum"]
    server = {"port": {"number": -1}, "tls": {"mode": "MAGIC"}}
    gateway = decode(_kind("Gateway"), json.dumps({"spec": {"servers": [server]}}).encode())
    assert document(gateway)["spec"]["servers"] == [server]


def _kind(name: str) -> Kind:
    return next(kind for kind in KINDS if kind.kind == name)


def _structs(shape: inspect.Type, seen: set[type]) -> Iterator[inspect.StructType]:
    match shape:
        case inspect.Metadata():
            yield from _structs(shape.type, seen)
        case inspect.UnionType():
            for member in shape.types:
                yield from _structs(member, seen)
        case inspect.VarTupleType():
            yield from _structs(shape.item_type, seen)
        case inspect.DictType():
            yield from _structs(shape.value_type, seen)
        case inspect.StructType() if shape.cls not in seen:
            seen.add(shape.cls)
            yield shape
            for field in shape.fields:
                yield from _structs(field.type, seen)
        case _:
            return
