"""A resource as it travels to Envoy: named, versioned by its content, serialized once.

Beyond this file nobody needs to know protobuf to compare, order, hold back or send resources.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from types import MappingProxyType

from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message


class Type(StrEnum):
    """Type URLs, in the order in which a change that spans several of them is sent: what is referred to comes before
    what refers to it (Envoy's documentation, "Eventual consistency considerations")."""

    CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    ENDPOINT = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
    LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"
    SCOPE = "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration"
    ROUTE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
    SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 (a type's name)

    @property
    def short(self) -> str:
        """`CDS`, `EDS`, `LDS`, `SRDS`, `RDS` or `SDS`: what people call the type."""
        return _SHORT[self]


_SHORT = {
    Type.CLUSTER: "CDS",
    Type.ENDPOINT: "EDS",
    Type.LISTENER: "LDS",
    Type.SCOPE: "SRDS",
    Type.ROUTE: "RDS",
    Type.SECRET: "SDS",
}

Key = tuple[Type, str]
"""A resource's type and name."""

ANY_NAME = "*"
"""In the place of a name: all there are of the type."""

ASKED_ROUTES = "asked/"
"""How the names of route configurations begin that answer whether a host is still in use."""


def is_asked_for(key: Key) -> bool:
    """Whether nobody knows of the name before a client asks for it: a secret by the server name of a handshake, and
    the routes of a host that is probed. Secrets that listeners name have a scheme, as `kubernetes://` is one."""
    type_, name = key
    match type_:
        case Type.SECRET:
            return "://" not in name
        case Type.ROUTE:
            return name.startswith(ASKED_ROUTES)
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Resource:
    """`version` is a hash of `body` (16 hex digits), so it is the same after a restart; `body` is a serialized
    `google.protobuf.Any`, never shown, since it may hold a private key. `needs` are the resources that it refers to."""

    type: Type
    name: str
    version: str
    body: bytes = field(repr=False)
    needs: tuple[Key, ...] = ()

    @property
    def key(self) -> Key:
        return (self.type, self.name)

    @property
    def awaits_endpoints(self) -> bool:
        """Whether a cluster is of no use before its endpoints have come by EDS."""
        return any(type_ is Type.ENDPOINT for type_, _ in self.needs)


def serialize(type_: Type, name: str, message: Message, needs: tuple[Key, ...] = ()) -> Resource:
    """The resource made of `message`; equal messages give equal bytes."""
    return sealed(type_, name, message.SerializeToString(deterministic=True), needs)


def sealed(type_: Type, name: str, encoded: bytes, needs: tuple[Key, ...] = ()) -> Resource:
    """The resource of a message that is encoded already."""
    body = Any(type_url=type_, value=encoded).SerializeToString(deterministic=True)
    return Resource(type_, name, blake2b(body, digest_size=8).hexdigest(), body, needs)


Named = Mapping[str, Resource]
"""Resources of one type, by name."""

NOTHING: Named = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ResourceSet(Mapping[Type, Named]):
    """Resources by type and name, as they are at one moment. A type that did not change keeps its mapping, and is
    found unchanged by identity."""

    _types: Mapping[Type, Named] = field(default_factory=dict)

    @classmethod
    def of(cls, types: Mapping[Type, Named]) -> "ResourceSet":
        """Mappings that could still change are copied."""
        return cls({type_: _frozen(named) for type_, named in types.items() if named})

    def __getitem__(self, type_: Type) -> Named:
        return self._types.get(type_, NOTHING)

    def __iter__(self) -> Iterator[Type]:
        return iter(Type)

    def __len__(self) -> int:
        return len(Type)

    def get_resource(self, key: Key) -> Resource | None:
        return self[key[0]].get(key[1])

    def resources(self) -> Iterator[Resource]:
        """Every resource, in the order of types."""
        for type_ in Type:
            yield from self[type_].values()


def _frozen(named: Named) -> Named:
    return named if isinstance(named, MappingProxyType) else MappingProxyType(dict(named))
