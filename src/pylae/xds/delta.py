"""Delta xDS as a machine without sockets or clock: requests and worlds in, responses and events out.

One stream carries all types. Of listeners and clusters at most one response is under way, of the other types one for
each name; what changes meanwhile goes with the next. `order` says what has to wait for what.

A name that the client subscribed to by name is never taken away: a listener that is draining may still use it, and
Envoy unsubscribes when it is done. Secrets stay with Envoy in Istio too.

Source: Envoy's documentation, "xDS REST and gRPC protocol".
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from pylae.xds.absence import stand_in
from pylae.xds.attribution import attribute
from pylae.xds.message import Node, Request, Response
from pylae.xds.order import MakeBeforeBreak
from pylae.xds.resource import Resource, ResourceSet, Type
from pylae.xds.subscription import Offer, Subscription
from pylae.xds.verdict import Verdict, verdict


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


Event = Accepted | Refused


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows from one step: responses to send, in this order, and what was learned from the client."""

    responses: tuple[Response, ...] = ()
    events: tuple[Event, ...] = ()


class Sync(StrEnum):
    """How far a client is with one type, in istioctl's words."""

    SYNCED = "SYNCED"
    STALE = "STALE"
    NOT_SENT = "NOT SENT"


_OWED = (Verdict.SEND, Verdict.STAND_IN)


class DeltaStream:
    """One client's stream. Until the first `publish` it only listens: an empty world would undo what the client has."""

    def __init__(self) -> None:
        self.node = Node()
        self._world: ResourceSet | None = None
        self._early: list[Request] = []
        self._subscriptions = {type_: Subscription(type_) for type_ in Type}
        self._order = MakeBeforeBreak(self._subscriptions)
        self._responses = 0

    def receive(self, request: Request) -> Turn:
        """Take a request. If it answers an older response than the one under way, only what it asks for counts."""
        self.node = request.node or self.node
        if self._world is None:
            self._early.append(request)
            return Turn()
        events = tuple(self._take(request, self._world))
        return Turn(tuple(self._speak(self._world, request.type)), events)

    def publish(self, world: ResourceSet) -> Turn:
        """Let the client have `world` from now on."""
        before, self._world = self._world or ResourceSet(), world
        for type_, subscription in self._subscriptions.items():
            subscription.change(before[type_], world[type_])
            subscription.touch(name for of, name in before.withheld ^ world.withheld if of is type_)
            subscription.forgive(name for of, name in world.again if of is type_)
        early, self._early = self._early, []
        events = tuple(event for request in early for event in self._take(request, world))
        return Turn(tuple(self._speak(world)), events)

    def sync(self, type_: Type) -> Sync:
        """Whether the client has all of this type that it shall have; it may have clusters that are still to go."""
        subscription, world = self._subscriptions[type_], self._world or ResourceSet()
        if not subscription.asked or subscription.unanswered:
            return Sync.NOT_SENT
        unsettled = subscription.outstanding or subscription.suspects or subscription.refused
        unsaid = (verdict(subscription, name, world) for name in subscription.touched)
        return Sync.STALE if unsettled or any(said in _OWED for said in unsaid) else Sync.SYNCED

    @property
    def settled(self) -> bool:
        """Whether the client has everything that it shall have, down to what its listeners ask for."""
        states = {type_: self.sync(type_) for type_ in Type}
        return states[Type.LISTENER] is Sync.SYNCED and Sync.STALE not in states.values() and self._order.complete()

    def versions(self, type_: Type) -> Mapping[str, str]:
        """What the client acknowledged, by name, stand-ins included; a name that it was told not to exist has ""."""
        return {name: held.version for name, held in self._subscriptions[type_].held.items()}

    def _take(self, request: Request, world: ResourceSet) -> Iterator[Event]:
        subscription = self._subscriptions[request.type]
        if offer := subscription.outstanding.pop(request.nonce, None):
            yield from self._settle(subscription, offer, request.error, world)
        subscription.unsubscribe(request.unsubscribe)
        if not subscription.asked:
            subscription.begin(request.subscribe, request.initial_versions, world[request.type])
            self._order.began(request.type)
            if unchanged := subscription.unchanged(world[request.type]):
                yield Accepted(request.type, "", unchanged)
        elif request.subscribe:
            subscription.subscribe(request.subscribe, world[request.type])

    def _settle(
        self, subscription: Subscription, offer: Offer, error: str | None, world: ResourceSet
    ) -> Iterator[Event]:
        blamed = _blame(offer, error)
        if error is not None and not blamed and len(offer.names) > 1:
            subscription.suspect(offer)
            return
        accepted = tuple(subscription.accept(offer, (name for name in offer.names if name not in blamed)))
        subscription.accept_removals(offer)
        if accepted:
            yield Accepted(subscription.type, offer.nonce, accepted)
        for name, message in blamed.items():
            if refused := subscription.refuse(offer, name, world[subscription.type]):
                yield Refused(offer.nonce, refused, message)

    def _speak(self, world: ResourceSet, heard: Type | None = None) -> Iterator[Response]:
        for subscription in self._concerned(heard):
            for names in tuple(subscription.groups()):
                if not subscription.silent:
                    yield from self._offer(subscription, names, world)

    def _concerned(self, heard: Type | None) -> Iterable[Subscription]:
        """What was heard of one type concerns the others only when its last answer has come."""
        if heard is not None and self._subscriptions[heard].outstanding:
            return (self._subscriptions[heard],)
        return self._subscriptions.values()

    def _offer(self, subscription: Subscription, names: Iterable[str], world: ResourceSet) -> Iterator[Response]:
        """One response about those of `names` that something can be said about now; the others stay touched."""
        verdicts = self._sayable(subscription, {name: verdict(subscription, name, world) for name in names}, world)
        for name, said in verdicts.items():
            subscription.looked_at(name)
            if said is Verdict.NOTHING:
                subscription.acquit(name)
        offer = _formulate(subscription.type, verdicts, world)
        if offer.names or offer.removed or (subscription.unanswered and not subscription.touched):
            self._responses += 1
            offer = replace(offer, nonce=str(self._responses))
            self._order.offered(subscription.type, offer)
            subscription.outstanding[offer.nonce] = offer
            subscription.unanswered = False
            resources = (*offer.resources.values(), *offer.stand_ins.values())
            yield Response(subscription.type, offer.nonce, resources, offer.removed)

    def _sayable(
        self, subscription: Subscription, verdicts: Mapping[str, Verdict], world: ResourceSet
    ) -> Mapping[str, Verdict]:
        """The verdicts without those that must wait for another type."""
        known = world[subscription.type]
        waiting = {
            name
            for name, said in verdicts.items()
            if said is Verdict.SEND and not self._order.ready(known[name], world)
        }
        if subscription.type is Type.CLUSTER:
            going = [name for name, said in verdicts.items() if said is Verdict.REMOVE]
            waiting.update(set(going).difference(self._order.removable(going, world)) if going else ())
        return {name: said for name, said in verdicts.items() if name not in waiting}


def _formulate(type_: Type, verdicts: Mapping[str, Verdict], world: ResourceSet) -> Offer:
    asked_in_vain = [name for name, said in verdicts.items() if said is Verdict.STAND_IN]
    stand_ins = {name: resource for name in asked_in_vain if (resource := stand_in(type_, name))}
    gone = [name for name, said in verdicts.items() if said is Verdict.REMOVE]
    return Offer(
        nonce="",
        resources={name: world[type_][name] for name, said in verdicts.items() if said is Verdict.SEND},
        stand_ins=stand_ins,
        removed=(*(name for name in asked_in_vain if name not in stand_ins), *gone),
    )


def _blame(offer: Offer, error: str | None) -> Mapping[str, str]:
    """For each resource that was refused, why. A single one needs no finding out, and a stand-in is never to blame."""
    if error is None:
        return {}
    if named := attribute(error, tuple(offer.resources)):
        return named
    return dict.fromkeys(offer.resources, error) if len(offer.names) == 1 else {}
