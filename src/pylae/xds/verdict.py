"""What is to be said to a client about one name, by what it wants, what it has and what there is."""

from enum import Enum, auto

from pylae.xds.resource import ResourceSet
from pylae.xds.subscription import TOGETHER, Subscription


class Verdict(Enum):
    """`STAND_IN` tells that a name which was asked for does not exist, `REMOVE` that one which was there is gone."""

    SEND = auto()
    STAND_IN = auto()
    REMOVE = auto()
    NOTHING = auto()


def verdict(subscription: Subscription, name: str, world: ResourceSet) -> Verdict:
    """A version that the client refused is not sent again by ourselves, only if the client asks once more."""
    if not subscription.wants(name):
        return Verdict.NOTHING
    wanted = world[subscription.type].get(name)
    if wanted is None:
        return _on_missing(subscription, name, world)
    held = subscription.held.get(name)
    if name in subscription.due:
        return Verdict.SEND
    if held is not None and held.version == wanted.version:
        return Verdict.NOTHING
    if subscription.refused.get(name) != wanted.version:
        return Verdict.SEND
    return Verdict.STAND_IN if held is None and name in subscription.names else Verdict.NOTHING


def _on_missing(subscription: Subscription, name: str, world: ResourceSet) -> Verdict:
    """Whoever asked by name is told once, and keeps what it has otherwise; whoever wants all is told what is gone."""
    held = subscription.held.get(name)
    if subscription.type in TOGETHER and held is not None:
        withheld = (subscription.type, name) in world.withheld
        return Verdict.NOTHING if withheld else Verdict.REMOVE
    unanswered = held is None or name in subscription.due
    return Verdict.STAND_IN if unanswered and name in subscription.names else Verdict.NOTHING
