"""The messages of delta xDS, to and from protobuf."""

import pytest
from envoy.service.discovery.v3 import discovery_pb2
from picture import answering, certificate, decoded, world

from pylae.xds.message import (
    ForeignTypeError,
    Node,
    Request,
    Response,
    decode_request,
    decode_response,
    encode_response,
    with_initial_versions,
)
from pylae.xds.resource import Type


def sent(**fields: object) -> bytes:
    return bytes(discovery_pb2.DeltaDiscoveryRequest(type_url=Type.ROUTE, **fields).SerializeToString())


def test_the_first_request_says_who_asks_and_what_is_there_already() -> None:
    message = discovery_pb2.DeltaDiscoveryRequest(
        type_url=Type.LISTENER, resource_names_subscribe=["*"], initial_resource_versions={"l": "1"}
    )
    message.node.id = "router~127.0.0.1~gw.istio-system~istio-system.svc.cluster.local"
    message.node.user_agent_build_version.version.major_number = 1
    message.node.user_agent_build_version.version.minor_number = 40
    assert decode_request(message.SerializeToString()) == Request(
        Type.LISTENER,
        subscribe=("*",),
        initial_versions={"l": "1"},
        node=Node("router~127.0.0.1~gw.istio-system~istio-system.svc.cluster.local", "1.40.0"),
    )


def test_an_acknowledgement_has_a_nonce_and_a_refusal_an_error_as_well() -> None:
    assert decode_request(sent(response_nonce="7")) == Request(Type.ROUTE, nonce="7")
    message = discovery_pb2.DeltaDiscoveryRequest(type_url=Type.ROUTE, response_nonce="7")
    message.error_detail.message = "invalid"
    assert decode_request(message.SerializeToString()) == Request(Type.ROUTE, nonce="7", error="invalid")
    message.error_detail.message = ""
    message.error_detail.code = 3
    assert decode_request(message.SerializeToString()).error == "refused without a reason"


def test_names_come_and_go() -> None:
    request = decode_request(sent(resource_names_subscribe=["a", "b"], resource_names_unsubscribe=["c"]))
    assert (request.subscribe, request.unsubscribe) == (("a", "b"), ("c",))


def test_a_type_that_is_not_served_is_told_apart() -> None:
    message = discovery_pb2.DeltaDiscoveryRequest(type_url="type.googleapis.com/envoy.config.route.v3.VirtualHost")
    with pytest.raises(ForeignTypeError, match="VirtualHost"):
        decode_request(message.SerializeToString())


def test_a_response_carries_the_resources_as_they_were_serialized() -> None:
    resource = world(answering("http.8080", "here"))[Type.ROUTE]["http.8080"]
    body = encode_response(Response(Type.ROUTE, "7", (resource,), ("gone",)))
    message = discovery_pb2.DeltaDiscoveryResponse.FromString(body)
    assert (message.type_url, message.nonce, list(message.removed_resources)) == (Type.ROUTE, "7", ["gone"])
    [found] = message.resources
    assert (found.name, found.version) == ("http.8080", resource.version)
    assert found.resource.SerializeToString(deterministic=True) == resource.body
    assert decoded(resource)["name"] == "http.8080"


def test_a_secret_is_in_no_representation_of_its_response() -> None:
    secrets = world(certificate("kubernetes://a", "a.test"))[Type.SECRET]
    assert "PRIVATE" not in repr(Response(Type.SECRET, "7", tuple(secrets.values())))


def test_a_response_reads_as_it_was_written() -> None:
    made = tuple(world(answering("a", "hello"), answering("b", "hello")).resources())
    found = decode_response(encode_response(Response(Type.ROUTE, "7", made, ("gone",))))
    assert (found.type, found.nonce, found.removed) == (Type.ROUTE, "7", ("gone",))
    assert [(each.key, each.version, each.body) for each in found.resources] == [
        (each.key, each.version, each.body) for each in made
    ]


def test_a_response_of_a_foreign_type_is_told_apart() -> None:
    body = discovery_pb2.DeltaDiscoveryResponse(type_url="type.googleapis.com/other").SerializeToString()
    with pytest.raises(ForeignTypeError, match="other"):
        decode_response(body)


def test_other_versions_are_all_that_is_changed() -> None:
    body = sent(resource_names_subscribe=["a"], initial_resource_versions={"a": "1", "b": "2"})
    found = decode_request(with_initial_versions(body, {"a": "lost"}))
    assert found == Request(Type.ROUTE, ("a",), initial_versions={"a": "lost"})
