"""OpenAPI v2 of everything that is served, in one document: what kubectl up to 1.28 validates and patches by.

Those clients ask for it in protobuf, the form that gnostic gave it, and do not understand JSON in its place. Only what
they read is in it: types, fields, what is required, the kinds, and the PATCH operations. Built-in kinds whose schema is
open have none here: kubectl 1.20 would compute strategic merge patches by it, and crash.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from google.protobuf.message import Message

from pylae.apimachinery.cel.validations import RULES
from pylae.apimachinery.document import Json, encode
from pylae.apimachinery.openapi import (
    GVK,
    INFO,
    OBJECT_META,
    QUERY,
    collection_path,
    group_version_kind,
    is_open,
    published_patch_types,
    published_schema,
    schema_name,
)
from pylae.apimachinery.protobuf_messages import build
from pylae.apimachinery.resource import Registry, Resource

PROTOBUF_TYPE: Final = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
REFERENCES: Final = "#/definitions/"
KEPT: Final = ("type", "format", "description", "required")

_GNOSTIC: Final = build(
    """
Document swagger=1 info=2:Info paths=8:Paths definitions=9:Definitions
Info title=1 version=2
Paths path=2*:NamedPathItem
NamedPathItem name=1 value=2:PathItem
PathItem patch=8:Operation
Operation operation_id=5 consumes=7* parameters=8*:ParametersItem responses=9:Responses vendor_extension=13*:NamedAny
ParametersItem parameter=1:Parameter
Parameter non_body_parameter=2:NonBodyParameter
NonBodyParameter query_parameter_sub_schema=3:QueryParameter
QueryParameter in=2 description=3 name=4 type=6
Responses response_code=1*:NamedResponseValue
NamedResponseValue name=1 value=2:ResponseValue
ResponseValue response=1:Response
Response description=1
Definitions additional_properties=1*:NamedSchema
NamedSchema name=1 value=2:Schema
Schema _ref=1 format=2 description=4 required=19* additional_properties=21:AdditionalProperties type=22:TypeItem \
items=23:ItemsItem properties=25:Properties vendor_extension=31*:NamedAny
Properties additional_properties=1*:NamedSchema
AdditionalProperties schema=1:Schema
TypeItem value=1*
ItemsItem schema=1*:Schema
NamedAny name=1 value=2:Any
Any yaml=2
""",
    "pylae.gnostic",
)
"""Field numbers of gnostic's OpenAPIv2 Document, as far as they are needed."""


@lru_cache(maxsize=4)
def swagger(registry: Registry) -> Json:
    """The document as JSON. It is shared: do not change it."""
    served = _served(registry)
    described = ((schema_name(*each), _definition(*each)) for each in served if _is_described(each[0]))
    paths = {
        f"{collection_path(resource, version)}/{{name}}": {"patch": _patch(resource, version)}
        for resource, version in served
        if not resource.virtual
    }
    definitions = {OBJECT_META: _metadata(registry), **dict(described)}
    return {"swagger": "2.0", "info": INFO, "paths": paths, "definitions": definitions}


@lru_cache(maxsize=4)
def protobuf(registry: Registry) -> bytes:
    """The document in gnostic's protobuf form, to be sent as `PROTOBUF_TYPE`."""
    document = swagger(registry)
    paths = [_named("NamedPathItem", path, _path_item(item)) for path, item in document["paths"].items()]
    message: Any = _message(
        "Document",
        swagger=document["swagger"],
        info=_message("Info", **document["info"]),
        paths=_message("Paths", path=paths),
        definitions=_message(
            "Definitions", additional_properties=[_named("NamedSchema", OBJECT_META, _schema(_metadata(registry)))]
        ),
    )
    for resource, version in _served(registry):
        if _is_described(resource):
            message.definitions.MergeFromString(_spelled_definition(resource, version))
    return bytes(message.SerializeToString(deterministic=True))


def _served(registry: Registry) -> list[tuple[Resource, str]]:
    return [(resource.in_version(version), version) for resource in registry for version in resource.versions]


def _is_described(resource: Resource) -> bool:
    return not (resource.strategic and is_open(resource))


def _metadata(registry: Registry) -> Json:
    return _plain(registry.resources[0].schema["properties"]["metadata"])


@lru_cache(maxsize=1024)
def _definition(resource: Resource, version: str) -> Json:
    """Made once for a kind, whatever else comes and goes beside it."""
    return _plain(published_schema(resource, version, REFERENCES))


@lru_cache(maxsize=1024)
def _spelled_definition(resource: Resource, version: str) -> bytes:
    """A definition as protobuf: what takes long is made once for a kind, too."""
    schema = _named("NamedSchema", schema_name(resource, version), _schema(_definition(resource, version)))
    return _message("Definitions", additional_properties=[schema]).SerializeToString(deterministic=True)


def _plain(schema: Mapping[str, Any]) -> Json:
    """A schema of OpenAPI v3 in the words of v2, less what no client of v2 reads."""
    if reference := _reference(schema):
        return reference
    plain: Json = {key: schema[key] for key in KEPT if key in schema}
    plain |= {key: value for key, value in schema.items() if key.startswith("x-kubernetes-") and key != RULES}
    if "properties" in schema:
        plain["properties"] = {name: _plain(member) for name, member in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in schema:
            plain[key] = _plain(schema[key])
    return plain


def _reference(schema: Mapping[str, Any]) -> Json | None:
    """What v3 needs an `allOf` for, to have a description beside it."""
    first = schema.get("allOf", ({},))[0]
    return dict(first) if "$ref" in first else None


def _patch(resource: Resource, version: str) -> Json:
    return {
        "operationId": f"patch{version.capitalize()}{resource.kind}",
        "consumes": list(published_patch_types(resource)),
        "parameters": [
            {"in": "query", "name": name, "description": description, "type": "string"}
            for name, description in QUERY.items()
        ],
        "responses": {"200": {"description": "OK"}},
        GVK: group_version_kind(resource, version),
    }


def _message(kind: str, /, **fields: Any) -> Message:
    return _GNOSTIC.classes[kind](**fields)


def _named(kind: str, name: str, value: Message) -> Message:
    return _message(kind, name=name, value=value)


def _path_item(item: Mapping[str, Any]) -> Message:
    patch = item["patch"]
    responses = [
        _named("NamedResponseValue", code, _message("ResponseValue", response=_message("Response", **response)))
        for code, response in patch["responses"].items()
    ]
    operation = _message(
        "Operation",
        operation_id=patch["operationId"],
        consumes=patch["consumes"],
        parameters=[_query_parameter(parameter) for parameter in patch["parameters"]],
        responses=_message("Responses", response_code=responses),
        vendor_extension=_extensions(patch),
    )
    return _message("PathItem", patch=operation)


def _query_parameter(parameter: Mapping[str, str]) -> Message:
    query = _message("NonBodyParameter", query_parameter_sub_schema=_message("QueryParameter", **parameter))
    return _message("ParametersItem", parameter=_message("Parameter", non_body_parameter=query))


def _schema(schema: Mapping[str, Any]) -> Message:
    fields: Json = {key: schema[key] for key in ("format", "description", "required") if key in schema}
    if "$ref" in schema:
        fields["_ref"] = schema["$ref"]
    if "type" in schema:
        fields["type"] = _message("TypeItem", value=[schema["type"]])
    if "properties" in schema:
        members = [_named("NamedSchema", name, _schema(member)) for name, member in schema["properties"].items()]
        fields["properties"] = _message("Properties", additional_properties=members)
    if "items" in schema:
        fields["items"] = _message("ItemsItem", schema=[_schema(schema["items"])])
    if "additionalProperties" in schema:
        fields["additional_properties"] = _message(
            "AdditionalProperties", schema=_schema(schema["additionalProperties"])
        )
    return _message("Schema", **fields, vendor_extension=_extensions(schema))


def _extensions(owner: Mapping[str, Any]) -> list[Message]:
    """The `x-kubernetes-` members; their values are YAML, which JSON is."""
    return [
        _named("NamedAny", key, _message("Any", yaml=encode(value).decode()))
        for key, value in owner.items()
        if key.startswith("x-kubernetes-")
    ]
