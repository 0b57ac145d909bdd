"""The two messages of delta xDS, as plain data and as protobuf.

Source: Envoy's documentation, "xDS REST and gRPC protocol", and envoy/service/discovery/v3/discovery.proto.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf.any_pb2 import Any

from pylae.xds.resource import Resource, Type


class ForeignTypeError(Exception):
    """A client asked for a type of resource that we do not serve; the message is its type URL."""


@dataclass(frozen=True, slots=True)
class Node:
    """Who asks: `router~127.0.0.1~name.namespace~namespace.svc.cluster.local`, and which Envoy it is (`1.40.0`)."""

    id: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A DeltaDiscoveryRequest: names to begin or end with, and the answer to one response.

    `nonce` names the response that is answered, "" if none is; with `error` it was refused. `initial_versions` is what
    the client still has from an earlier stream.
    """

    type: Type
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    initial_versions: Mapping[str, str] = field(default_factory=dict)
    nonce: str = ""
    error: str | None = None
    node: Node | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A DeltaDiscoveryResponse: resources that are new or changed, and names that are gone."""

    type: Type
    nonce: str
    resources: tuple[Resource, ...] = ()
    removed: tuple[str, ...] = ()


def decode_request(body: bytes) -> Request:
    """Raises ForeignTypeError, or google.protobuf.message.DecodeError for what is no such message."""
    message = discovery_pb2.DeltaDiscoveryRequest.FromString(body)
    try:
        type_ = Type(message.type_url)
    except ValueError:
        raise ForeignTypeError(message.type_url) from None
    return Request(
        type=type_,
        subscribe=tuple(message.resource_names_subscribe),
        unsubscribe=tuple(message.resource_names_unsubscribe),
        initial_versions=dict(message.initial_resource_versions),
        nonce=message.response_nonce,
        error=_error(message.error_detail) if message.HasField("error_detail") else None,
        node=_node(message.node) if message.HasField("node") else None,
    )


def encode_response(response: Response) -> bytes:
    """The message's bytes; resources keep the bytes that they were serialized to."""
    message = discovery_pb2.DeltaDiscoveryResponse(
        type_url=response.type, nonce=response.nonce, removed_resources=response.removed
    )
    for resource in response.resources:
        message.resources.add(name=resource.name, version=resource.version, resource=Any.FromString(resource.body))
    return bytes(message.SerializeToString())


def _error(detail: discovery_pb2.DeltaDiscoveryRequest) -> str:
    return detail.message or "refused without a reason"


def _node(node: discovery_pb2.DeltaDiscoveryRequest) -> Node:
    version = node.user_agent_build_version.version
    return Node(node.id, f"{version.major_number}.{version.minor_number}.{version.patch}")
