"""The two messages of delta xDS, as plain data and as protobuf.

Source: Envoy's documentation, "xDS REST and gRPC protocol", and envoy/service/discovery/v3/discovery.proto.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import json_format
from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError

from pylae.xds.resource import Resource, Type

SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
METHOD = "DeltaAggregatedResources"
"""The stream that carries all types (envoy/service/discovery/v3/ads.proto)."""

SPEAKS = "pylae-version"
"""The header by which a control plane says that it can speak for this kind of gateway by now; its value is a version. A
call that fails has headers, too, in gRPC's eyes, and they are empty."""


LONGEST_REASON = 16 * 1024
"""Characters of why something was refused: it is told to users, and kept."""


class ForeignTypeError(Exception):
    """A client asked for a type of resource that we do not serve; the message is its type URL."""


@dataclass(frozen=True, slots=True)
class Node:
    """Who asks: `router~127.0.0.1~name.namespace~namespace.svc.cluster.local`, and which Envoy it is (`1.40.0`).
    `metadata` is what it says of itself, as JSON has it."""

    id: str = ""
    version: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)


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
    """Raises ForeignTypeError, or google.protobuf.message.DecodeError for what is no such message, or what says of its
    sender what JSON has no word for."""
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


def with_initial_versions(body: bytes, versions: Mapping[str, str]) -> bytes:
    """The request, with other versions of what the client has. All else stays as it is."""
    message = discovery_pb2.DeltaDiscoveryRequest.FromString(body)
    message.initial_resource_versions.clear()
    message.initial_resource_versions.update(versions)
    return bytes(message.SerializeToString())


def decode_response(body: bytes) -> Response:
    """What was sent to a client, of which nobody knows what it refers to. Raises as `decode_request` does."""
    message = discovery_pb2.DeltaDiscoveryResponse.FromString(body)
    try:
        type_ = Type(message.type_url)
    except ValueError:
        raise ForeignTypeError(message.type_url) from None
    resources = (
        Resource(type_, each.name, each.version, each.resource.SerializeToString(deterministic=True))
        for each in message.resources
    )
    return Response(type_, message.nonce, tuple(resources), tuple(message.removed_resources))


def encode_response(response: Response) -> bytes:
    """The message's bytes; resources keep the bytes that they were serialized to."""
    message = discovery_pb2.DeltaDiscoveryResponse(
        type_url=response.type, nonce=response.nonce, removed_resources=response.removed
    )
    for resource in response.resources:
        message.resources.add(name=resource.name, version=resource.version, resource=Any.FromString(resource.body))
    return bytes(message.SerializeToString())


def _error(detail: discovery_pb2.DeltaDiscoveryRequest) -> str:
    return detail.message[:LONGEST_REASON] or "refused without a reason"


def _node(node: discovery_pb2.DeltaDiscoveryRequest) -> Node:
    version = node.user_agent_build_version.version
    spelled = f"{version.major_number}.{version.minor_number}.{version.patch}"
    try:
        return Node(node.id, spelled, json_format.MessageToDict(node.metadata))
    except (ValueError, json_format.Error) as error:  # a number that is none
        raise DecodeError(str(error)) from None
