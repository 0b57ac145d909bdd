"""What is learned from a client, and what is to be sent to it."""

from dataclasses import dataclass

from pylae.xds.message import Response
from pylae.xds.resource import Key, Resource, Type


@dataclass(frozen=True, slots=True)
class Accepted:
    """The client has these resources. `nonce` is the response's, "" if it had them when it came."""

    type: Type
    nonce: str
    resources: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The client refused this resource, in its own words, and keeps what it had."""

    nonce: str
    resource: Resource
    message: str

    @property
    def type(self) -> Type:
        return self.resource.type


@dataclass(frozen=True, slots=True)
class Asked:
    """The client waits for these names, which nobody knows before it asks: the world must speak about each of them.

    With `resumed` it had them when it came, and does not so much wait as use them. So it may come with scopes, too.
    """

    keys: tuple[Key, ...]
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """No client is interested any more in these names that were asked for."""

    keys: tuple[Key, ...]


Event = Accepted | Refused | Asked | Left


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows from one step: responses to send, in this order, and what was learned from the client.

    `asked` and `left` are names asked for that this client began and ceased to be interested in; who knows all clients
    makes events of them. `resumed` are those of `asked` that it had when it came.
    """

    responses: tuple[Response, ...] = ()
    events: tuple[Accepted | Refused, ...] = ()
    asked: tuple[Key, ...] = ()
    left: tuple[Key, ...] = ()
    resumed: frozenset[Key] = frozenset()
