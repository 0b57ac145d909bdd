"""What is to be said to a client about one name, by what it wants, what it has and what there is."""

from enum import Enum, auto

from pylae.xds.resource import Type, is_asked_for
from pylae.xds.subscription import AT_LARGE, Subscription
from pylae.xds.world import Served


class Verdict(Enum):
    """`STAND_IN` tells that a name which was asked for does not exist, `REMOVE` that one which was there is gone."""

    SEND = auto()
    STAND_IN = auto()
    REMOVE = auto()
    NOTHING = auto()


def verdict(subscription: Subscription, name: str, served: Served) -> Verdict:
    """A version that the client refused is not sent again by ourselves, only if the client asks once more."""
    if not subscription.wants(name) or name in subscription.undecided:
        return Verdict.NOTHING
    wanted = served.get_resource((subscription.type, name))
    if wanted is None:
        return _on_missing(subscription, name, served)
    held = subscription.held.get(name)
    if name in subscription.due:
        return Verdict.SEND
    if held is not None and held.version == wanted.version:
        return Verdict.NOTHING
    if subscription.refused.get(name) != wanted.version:
        return Verdict.SEND
    return Verdict.STAND_IN if held is None and name in subscription.names else Verdict.NOTHING


def _on_missing(subscription: Subscription, name: str, served: Served) -> Verdict:
    """Whoever asked by name is told once; whoever wants all is told what is gone."""
    key, held = (subscription.type, name), subscription.held.get(name)
    if held is not None and not held.absent and _is_taken_away(subscription.type, name):
        return Verdict.NOTHING if served.is_withheld(key) else Verdict.REMOVE
    unanswered = held is None or name in subscription.due
    return Verdict.STAND_IN if unanswered and name in subscription.names else Verdict.NOTHING


def _is_taken_away(type_: Type, name: str) -> bool:
    """Besides what a client may want all of, a secret that was asked for; all else that it wants by name it keeps.
    Routes that were asked for go with the scope that names them."""
    return type_ in AT_LARGE or (type_ is Type.SECRET and is_asked_for((type_, name)))
