"""A resource as people read it: JSON in Envoy's own field names, as in its config dump."""

from typing import Any

from google.protobuf import any_pb2, descriptor_pool, json_format, message_factory

from pylae.xds.resource import Resource, Type


def shown(resource: Resource) -> dict[str, Any]:
    """Every field that is set. A secret is not shown: only its name is."""
    if resource.type is Type.SECRET:
        return {"name": resource.name}
    packed = any_pb2.Any.FromString(resource.body)
    descriptor = descriptor_pool.Default().FindMessageTypeByName(packed.TypeName())
    message = message_factory.GetMessageClass(descriptor).FromString(packed.value)
    found: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return found
