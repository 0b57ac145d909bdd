"""What a client is told when it asks by name for something that does not exist. Silence is never an answer.

- A secret: that there is none (`removed_resources`). It ends the waiting of the listener at once; only the hosts of
  that secret are refused, and when it comes it needs no listener. Of one that a handshake asked for, Envoy refuses the
  handshake and unsubscribes.
- A route configuration: an empty one. "Removed" would not end the waiting, and the port would stay closed.
- Endpoints: none. Requests get 503, while "removed" would leave a cluster that is used elsewhere without an answer.
- Listeners and clusters: that there is none.

All of it seen with Envoy 1.40.
"""

from pylae.xds.endpoint import empty_endpoints
from pylae.xds.resource import Resource, Type
from pylae.xds.route import empty_route_configuration


def stand_in(type_: Type, name: str) -> Resource | None:
    """The resource that says "there is nothing", or None where the name itself is told as removed."""
    match type_:
        case Type.ROUTE:
            return empty_route_configuration(name)
        case Type.ENDPOINT:
            return empty_endpoints(name)
        case _:
            return None
