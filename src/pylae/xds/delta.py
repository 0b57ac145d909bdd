"""Delta xDS as a machine without sockets or clock: requests and changes of the world in, responses and events out.

One stream carries all types. Of listeners and clusters at most one response is under way, of the other types one for
each name; what changes meanwhile goes with the next. `order` says what has to wait for what.

A name that the client subscribed to by name is never taken away: a listener that is draining may still use it, and
Envoy unsubscribes when it is done. Secrets stay with Envoy in Istio too. What was *asked for* is different: there the
client's question is what made us look, and Envoy ends its interest only when it is told that there is nothing (more).

Whatever happens to one name costs what has to do with that name, however many there are beside it.

Source: Envoy's documentation, "xDS REST and gRPC protocol".
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum

from pylae.xds.absence import stand_in
from pylae.xds.attribution import attribute
from pylae.xds.event import Accepted, Asked, Event, Left, Refused, Turn
from pylae.xds.message import Node, Request, Response
from pylae.xds.offer import Offer
from pylae.xds.order import MakeBeforeBreak
from pylae.xds.resource import Key, Type, is_asked_for
from pylae.xds.subscription import Subscription
from pylae.xds.verdict import Verdict, verdict
from pylae.xds.world import Served, World

__all__ = ["Accepted", "Asked", "DeltaStream", "Event", "Left", "Refused", "Sync", "Turn"]


class Sync(StrEnum):
    """How far a client is with one type, in istioctl's words."""

    SYNCED = "SYNCED"
    STALE = "STALE"
    NOT_SENT = "NOT SENT"


NOTHING: Served = World()
ORDER = {type_: place for place, type_ in enumerate(Type)}


class DeltaStream:
    """One client's stream. Until the first `publish` it only listens: an empty world would undo what the client has."""

    def __init__(self) -> None:
        self.node = Node()
        self._served: Served | None = None
        self._early: list[Request] = []
        self._subscriptions = {type_: Subscription(type_) for type_ in Type}
        self._order = MakeBeforeBreak(self._subscriptions)
        self._responses = 0

    def receive(self, request: Request) -> Turn:
        """Take a request. If it answers an older response than the one under way, only what it asks for counts."""
        self.node = request.node or self.node
        if self._served is None:
            self._early.append(request)
            return Turn()
        return self._turn((request,), (), self._served)

    def publish(self, served: Served, touched: Iterable[Key]) -> Turn:
        """Let the client have what is served from now on, of which all that was `touched` may have changed since the
        last time. About a name that was asked for the world has spoken when it was touched after that."""
        began, self._served = self._served is None, served
        early, self._early = self._early, []
        learned = () if began else tuple(self._change(touched, served))
        return self._turn(early, learned, served)

    def sync(self, type_: Type) -> Sync:
        """Whether the client has all of this type that it shall have; it may have clusters that are still to go."""
        subscription, served = self._subscriptions[type_], self._served or NOTHING
        if not subscription.asked or subscription.unanswered:
            return Sync.NOT_SENT
        unsettled = subscription.outstanding or subscription.suspects or subscription.refused
        unsaid = subscription.touched or subscription.undecided
        waits = any(served.get_resource((type_, name)) for name in self._order.waiting.names(type_))
        return Sync.STALE if unsettled or unsaid or waits else Sync.SYNCED

    @property
    def settled(self) -> bool:
        """Whether the client has everything that it shall have, down to what its listeners ask for."""
        states = {type_: self.sync(type_) for type_ in Type}
        return states[Type.LISTENER] is Sync.SYNCED and Sync.STALE not in states.values() and self._order.complete

    @property
    def interests(self) -> int:
        """How many names the client asked for by name, or has."""
        return sum(max(len(each.names), len(each.held)) for each in self._subscriptions.values())

    def versions(self, type_: Type) -> Mapping[str, str]:
        """What the client acknowledged, by name, stand-ins included; a name that it was told not to exist has ""."""
        return {name: held.version for name, held in self._subscriptions[type_].held.items()}

    def _turn(self, requests: Iterable[Request], learned: tuple[Accepted, ...], served: Served) -> Turn:
        asked, left, had = dict[Key, None](), dict[Key, None](), set[Key]()
        events: list[Accepted | Refused] = [*learned]
        for request in requests:
            left.update(dict.fromkeys(self._asked_for(request.type, request.unsubscribe)))
            asked.update(dict.fromkeys(self._new(request)))
            had.update((request.type, name) for name in request.initial_versions)
            events.extend(self._take(request, served))
        responses = tuple(self._speak(served))
        still = {key for key in (*asked, *left) if self._subscriptions[key[0]].wants(key[1])}
        gone = tuple(key for key in left if key not in still)
        begun = tuple(key for key in asked if key in still)
        return Turn(responses, tuple(events), begun, gone, frozenset(had.intersection(begun)))

    def _new(self, request: Request) -> Iterator[Key]:
        """Names asked for in which the client was not interested before. The scopes that it came with count as such:
        connections may be open that need one, and none but this client knows of it."""
        names = self._subscriptions[request.type].names
        for key in self._asked_for(request.type, request.subscribe):
            if key[1] not in names or key[1] in request.unsubscribe:
                yield key
        if request.type is Type.SCOPE:
            yield from ((Type.SCOPE, name) for name in request.initial_versions)

    def _asked_for(self, type_: Type, names: Iterable[str]) -> Iterator[Key]:
        return ((type_, name) for name in names if is_asked_for((type_, name)))

    def _change(self, touched: Iterable[Key], served: Served) -> Iterator[Accepted]:
        for type_, names in _by_type(touched).items():
            subscription = self._subscriptions[type_]
            known = tuple(found for name in names if (found := subscription.change(name, served)))
            self._order.stir(type_, names, served)
            if known:
                yield Accepted(type_, "", known)

    def _take(self, request: Request, served: Served) -> Iterator[Accepted | Refused]:
        subscription = self._subscriptions[request.type]
        if offer := subscription.answered(request.nonce):
            yield from self._settle(subscription, offer, request.error, served)
            self._order.stir(request.type, offer.said, served)
        if forgotten := subscription.unsubscribe(request.unsubscribe):
            self._order.stir(request.type, forgotten, served)
        if not subscription.asked:
            unchanged = subscription.begin(request.subscribe, request.initial_versions, served)
            self._order.began(request.type, served)
            if unchanged:
                yield Accepted(request.type, "", unchanged)
        elif request.subscribe:
            subscription.subscribe(request.subscribe, served)

    def _settle(
        self, subscription: Subscription, offer: Offer, error: str | None, served: Served
    ) -> Iterator[Accepted | Refused]:
        blamed = _blame(offer, error)
        if error is not None and not blamed and len(offer.names) > 1:
            subscription.suspect(offer)
            return
        accepted = tuple(subscription.accept(offer, (name for name in offer.names if name not in blamed)))
        subscription.accept_removals(offer)
        if accepted:
            yield Accepted(subscription.type, offer.nonce, accepted)
        for name, message in blamed.items():
            if refused := subscription.refuse(offer, name, served):
                yield Refused(offer.nonce, refused, message)

    def _speak(self, served: Served) -> Iterator[Response]:
        for subscription in self._subscriptions.values():
            for names in tuple(subscription.groups()):
                yield from self._offer(subscription, names, served)

    def _offer(self, subscription: Subscription, names: Iterable[str], served: Served) -> Iterator[Response]:
        """One response about those of `names` that something can be said about now; the others wait."""
        if subscription.silent:
            return
        verdicts = dict(self._sayable(subscription, names, served))
        offer = _formulate(subscription.type, verdicts, served)
        waits = subscription.touched or self._order.waiting.names(subscription.type)
        if offer.said or (subscription.unanswered and not waits):
            self._responses += 1
            offer = replace(offer, nonce=str(self._responses))
            subscription.offer(offer)
            self._order.offered(subscription.type, offer, served)
            resources = (*offer.resources.values(), *offer.stand_ins.values())
            yield Response(subscription.type, offer.nonce, resources, offer.removed)

    def _sayable(
        self, subscription: Subscription, names: Iterable[str], served: Served
    ) -> Iterator[tuple[str, Verdict]]:
        """What is to be said of each name, without those that must wait for another."""
        for name in names:
            key, said = (subscription.type, name), verdict(subscription, name, served)
            self._order.waiting.forget(key)
            if obstacle := self._obstacle(key, said, served):
                subscription.put_off(name)
                self._order.waiting.wait(key, obstacle)
                continue
            subscription.looked_at(name)
            if said is Verdict.NOTHING:
                subscription.acquit(name)
            yield name, said

    def _obstacle(self, key: Key, said: Verdict, served: Served) -> Key | None:
        resource = served.get_resource(key)
        if said is Verdict.SEND and resource is not None:
            return self._order.obstacle(resource, served)
        return self._order.hold(key) if said is Verdict.REMOVE else None


def _by_type(keys: Iterable[Key]) -> Mapping[Type, list[str]]:
    """In the order of types and names, for what is sent follows it."""
    found: dict[Type, list[str]] = {}
    for type_, name in sorted(keys, key=lambda key: (ORDER[key[0]], key[1])):
        found.setdefault(type_, []).append(name)
    return found


def _formulate(type_: Type, verdicts: Mapping[str, Verdict], served: Served) -> Offer:
    asked_in_vain = [name for name, said in verdicts.items() if said is Verdict.STAND_IN]
    stand_ins = {name: resource for name in asked_in_vain if (resource := stand_in(type_, name))}
    gone = [name for name, said in verdicts.items() if said is Verdict.REMOVE]
    sent = (served.get_resource((type_, name)) for name, said in verdicts.items() if said is Verdict.SEND)
    return Offer(
        nonce="",
        resources={resource.name: resource for resource in sent if resource},
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
