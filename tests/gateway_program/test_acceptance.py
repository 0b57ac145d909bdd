"""What is kept of what Envoy accepted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from envoy.service.discovery.v3 import discovery_pb2

from pylae.gateway.acceptance import LOST, Acceptance
from pylae.xds.message import Request, Response, decode_request
from pylae.xds.resource import Key, Resource, Type
from pylae.xds.route import empty_route_configuration

BODY = b"as it was"


@dataclass
class Memory:
    kept: dict[Key, Resource] = field(default_factory=dict)

    @property
    def versions(self) -> Mapping[Type, Mapping[str, str]]:
        return {
            type_: {name: found.version for (its, name), found in self.kept.items() if its is type_} for type_ in Type
        }

    def put(self, resource: Resource) -> None:
        self.kept[resource.key] = resource

    def drop(self, key: Key) -> None:
        self.kept.pop(key, None)


def resource(type_: Type, name: str, version: str = "1") -> Resource:
    return Resource(type_, name, version, version.encode())


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def acceptance(memory: Memory) -> Acceptance:
    """Of a stream on which every type was begun with nothing."""
    made = Acceptance(memory)
    for type_ in Type:
        made.heard(Request(type_), BODY)
    return made


def offer(acceptance: Acceptance, *resources: Resource, removed: tuple[str, ...] = ()) -> None:
    acceptance.sent(Response(resources[0].type if resources else Type.LISTENER, "n1", resources, removed))


def test_what_is_acknowledged_is_kept_and_not_before(memory: Memory, acceptance: Acceptance) -> None:
    offer(acceptance, resource(Type.ROUTE, "a"))
    assert memory.kept == {}
    assert acceptance.heard(Request(Type.ROUTE, nonce="n1"), BODY) == BODY
    assert memory.versions[Type.ROUTE] == {"a": "1"}


def test_what_is_refused_leaves_what_was_there(memory: Memory, acceptance: Acceptance) -> None:
    memory.put(resource(Type.ROUTE, "a"))
    offer(acceptance, resource(Type.ROUTE, "a", "2"))
    acceptance.heard(Request(Type.ROUTE, nonce="n1", error="no"), BODY)
    assert memory.versions[Type.ROUTE] == {"a": "1"}


def test_of_listeners_those_that_are_not_blamed_are_kept(memory: Memory, acceptance: Acceptance) -> None:
    memory.put(resource(Type.LISTENER, "gone"))
    offer(acceptance, resource(Type.LISTENER, "a"), resource(Type.LISTENER, "b"), removed=("gone",))
    error = "Error adding/updating listener(s) a: cannot bind '127.0.0.1:80': Address already in use\n"
    acceptance.heard(Request(Type.LISTENER, nonce="n1", error=error), BODY)
    assert memory.versions[Type.LISTENER] == {"b": "1"}


def test_what_is_removed_or_not_wanted_any_more_is_forgotten(memory: Memory, acceptance: Acceptance) -> None:
    for name in ("a", "b"):
        memory.put(resource(Type.LISTENER, name))
        memory.put(resource(Type.SECRET, name))
    offer(acceptance, removed=("a",))
    acceptance.heard(Request(Type.LISTENER, nonce="n1"), BODY)
    acceptance.heard(Request(Type.SECRET, unsubscribe=("b",)), BODY)
    assert set(memory.kept) == {(Type.LISTENER, "b"), (Type.SECRET, "a")}


def test_what_an_envoy_did_not_come_with_is_forgotten_in_the_end(memory: Memory) -> None:
    for name in ("a", "b", "c"):
        memory.put(resource(Type.CLUSTER, name))
    acceptance = Acceptance(memory)
    assert acceptance.heard(Request(Type.CLUSTER, initial_versions={"a": "1"}), BODY) == BODY
    offer(acceptance, resource(Type.CLUSTER, "b"))
    acceptance.heard(Request(Type.CLUSTER, nonce="n1"), BODY)
    assert len(memory.kept) == 3
    acceptance.forget_stale()
    assert set(memory.kept) == {(Type.CLUSTER, "a"), (Type.CLUSTER, "b")}


def test_what_only_envoy_has_is_sent_once_more(memory: Memory) -> None:
    memory.put(resource(Type.CLUSTER, "a"))
    has = {"a": "1", "b": "1"}
    body = discovery_pb2.DeltaDiscoveryRequest(type_url=Type.CLUSTER, initial_resource_versions=has).SerializeToString()
    told = decode_request(Acceptance(memory).heard(Request(Type.CLUSTER, initial_versions=has), body))
    assert told.initial_versions == {"a": "1", "b": LOST}


def test_what_says_that_there_is_nothing_needs_no_sending(memory: Memory) -> None:
    absent = empty_route_configuration("a")
    acceptance = Acceptance(memory)
    assert acceptance.heard(Request(Type.ROUTE, initial_versions={"a": absent.version}), BODY) == BODY
    assert memory.kept == {absent.key: absent}
