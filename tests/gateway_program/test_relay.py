"""One stream between Envoy and a control plane, without either."""

from collections.abc import Iterable

import pytest
from envoy.service.discovery.v3 import discovery_pb2
from picture import answering, certificate, listener, site, world

from pylae.gateway.relay import MOST_EARLY, Relay
from pylae.gateway.stored import Stored
from pylae.xds.message import Response, decode_response, encode_response
from pylae.xds.resource import Type

FOREIGN = discovery_pb2.DeltaDiscoveryRequest(type_url="type.googleapis.com/envoy.service.runtime.v3.Runtime")


def request(type_: Type, names: Iterable[str] = (), **more: object) -> bytes:
    return discovery_pb2.DeltaDiscoveryRequest(
        type_url=type_, resource_names_subscribe=names, **more
    ).SerializeToString()


@pytest.fixture
def relay(tmp_path) -> Relay:
    return Relay(Stored(tmp_path / "configuration.db", "edge"))


STORED = tuple(
    world(
        listener("https", 8443, site("shop.test", "kubernetes://shop", "routes")),
        answering("routes", "hello"),
        certificate("kubernetes://shop", "shop.test"),
    ).resources()
)


def test_bytes_are_handed_on_as_they_are(relay: Relay) -> None:
    relay.hear(first := request(Type.CLUSTER))
    relay.join()
    assert relay.hear(first).to_control_plane == (first,)
    assert relay.hear(FOREIGN.SerializeToString()).to_control_plane == (FOREIGN.SerializeToString(),)
    body = encode_response(Response(Type.CLUSTER, "1"))
    assert relay.tell(body) is body


def test_each_control_plane_that_is_tried_is_told_everything_from_the_beginning(relay: Relay) -> None:
    said = (request(Type.CLUSTER), request(Type.LISTENER), request(Type.SECRET, ["a"]))
    for body in said:
        relay.hear(body)
    assert relay.opening == said
    relay.join()
    assert relay.opening == ()


def test_an_envoy_that_has_listeners_serves_on_with_them(relay: Relay) -> None:
    assert not relay.is_fresh
    relay.hear(request(Type.CLUSTER, initial_resource_versions={"a": "1"}))
    assert relay.is_fresh
    relay.hear(request(Type.LISTENER, initial_resource_versions={"a": "1"}))
    assert not relay.is_fresh


def test_what_is_stored_is_served_as_a_control_plane_would(relay: Relay) -> None:
    relay.hear(request(Type.CLUSTER))
    [clusters] = map(decode_response, relay.serve(STORED))
    assert (clusters.type, clusters.resources) == (Type.CLUSTER, ())
    [listeners] = map(decode_response, relay.hear(request(Type.LISTENER)).to_envoy)
    assert [resource.name for resource in listeners.resources] == ["https"]
    [secret] = map(decode_response, relay.hear(request(Type.SECRET, ["kubernetes://shop"])).to_envoy)
    assert secret.resources[0].version == next(each.version for each in STORED if each.type is Type.SECRET)


def test_a_host_that_is_not_stored_waits_for_a_control_plane(relay: Relay) -> None:
    relay.hear(request(Type.CLUSTER))
    relay.serve(STORED)
    assert relay.hear(request(Type.SECRET, ["other.test"])).to_envoy == ()


def test_of_an_envoy_served_from_here_a_control_plane_is_told_who_it_is_and_no_more(relay: Relay) -> None:
    relay.hear(first := request(Type.CLUSTER))
    relay.serve(STORED)
    assert relay.hear(request(Type.LISTENER)).to_control_plane == ()
    assert relay.opening == (first,)


def test_it_does_not_remember_more_than_it_may(relay: Relay) -> None:
    for _ in range(MOST_EARLY):
        relay.hear(request(Type.SECRET, ["a"]))
    assert not relay.overflows
    relay.hear(request(Type.SECRET, ["b"]))
    assert relay.overflows
