"""What one client wants and has of one type: the state behind a delta xDS conversation.

A name is *touched* when something about it may have changed and nobody has yet looked; it is *due* when the client must
be answered about it whatever it has. What the client *holds* is what it acknowledged, or said it had when it came.

A name that is asked for is *undecided* until the world has spoken about it: it is neither answered nor undone.
"""

from collections.abc import Iterable, Iterator, Mapping

from pylae.xds.absence import stand_in
from pylae.xds.offer import UNKNOWN, Held, Offer
from pylae.xds.resource import ANY_NAME, Resource, Type, is_asked_for
from pylae.xds.world import Served

AT_LARGE = frozenset({Type.CLUSTER, Type.LISTENER, Type.SCOPE})
"""Types of which a client may want all there are. What is gone of them is taken away."""

TOGETHER = frozenset({Type.CLUSTER, Type.LISTENER})
"""Types that go together, since Envoy takes them one by one and names those that it refuses.

Of the others each name goes in a response of its own, for Envoy refuses all of a response for one of them, and names
nobody. Offering a refused secret once more would not tell either: Envoy 1.40 compares it with the one that it refused,
finds it equal and acknowledges it.
"""

HALF_TAKEN = frozenset({Type.ENDPOINT, Type.SECRET})
"""Types of which something refused is not without effect, so that what was good before must be sent once more. Envoy
1.40 then gives no endpoints at all to a cluster that was replaced, and refuses every listener that is to use the
secret."""


class Subscription:
    """One type of one stream. It knows nothing of the order between types; `order` does.

    Nothing here is remembered of a name that the client is not interested in, but for responses under way.
    """

    def __init__(self, type_: Type) -> None:
        self.type = type_
        self.asked = False
        self.brought = False
        """Whether the client had anything of this type when it came."""
        self.wildcard = False
        self.names: set[str] = set()
        self.held: dict[str, Held] = {}
        self.refused: dict[str, str] = {}
        """The version of each name that the client refused, for as long as that version is wanted."""
        self.touched: dict[str, None] = {}
        self.due: set[str] = set()
        self.undecided: set[str] = set()
        self.newcomers: set[str] = set()
        """Undecided names that the client came with: it may be using them."""
        self.unanswered = False
        """Whether the client waits for a first response, even if there is nothing to put into it."""
        self.outstanding: dict[str, Offer] = {}
        """Responses under way, by nonce: at most one of a type that goes together, else one for each name."""
        self.under_way: dict[str, Offer] = {}
        """The same by name."""
        self.suspects: dict[str, Held | None] = {}
        """Names of which some were refused, nobody knows which, with what the client had before; they go one by one."""

    def wants(self, name: str) -> bool:
        return self.wildcard or name in self.names

    def is_going(self, name: str) -> bool:
        """Whether the client is just told that the name is gone."""
        return name in self.under_way and name in self.under_way[name].removed

    def sending(self, name: str) -> Resource | None:
        """The resource of this name that is under way."""
        return self.under_way[name].resources.get(name) if name in self.under_way else None

    def begin(
        self, names: tuple[str, ...], initial_versions: Mapping[str, str], served: Served
    ) -> tuple[Resource, ...]:
        """The client's first request: no names at all, or `*`, ask for all there are. Gives back the resources that
        the client has in the very version that there is."""
        self.asked, self.brought = True, bool(initial_versions)
        self.subscribe(names or ((ANY_NAME,) if self.type in AT_LARGE else ()), served)
        self.held = {
            name: self._recognized(name, version) for name, version in initial_versions.items() if self.wants(name)
        }
        if self.type is Type.SCOPE:
            self.undecided.update(name for name in self.held if not self._is_known(name, served))
        self.newcomers = set(self.undecided)
        self.unanswered = self.wildcard and not initial_versions
        self.due.difference_update(initial_versions)
        self.touch(initial_versions)
        return tuple(found for name in self.held if (found := self._learn(name, served)))

    def _recognized(self, name: str, version: str) -> Held:
        said_absent = stand_in(self.type, name)
        return Held(version, (), absent=True) if said_absent and said_absent.version == version else Held(version)

    def _learn(self, name: str, served: Served) -> Resource | None:
        """If the client came with the version that there is, it is known by now what that refers to."""
        held, found = self.held.get(name), served.get_resource((self.type, name))
        if held is None or held.needs is not None or found is None or found.version != held.version:
            return None
        self.held[name] = Held(held.version, found.needs)
        return found

    def subscribe(self, names: tuple[str, ...], served: Served) -> None:
        """Names that the client asks for, each of which it must be answered about."""
        for name in names:
            if name == ANY_NAME and self.type in AT_LARGE:
                self.wildcard = self.unanswered = True
                self.touch(served[self.type])
            else:
                self._interest(name, served)

    def _interest(self, name: str, served: Served) -> None:
        if name not in self.names and is_asked_for((self.type, name)) and not self._is_known(name, served):
            self.undecided.add(name)
        self.names.add(name)
        self.make_due(name)

    def _is_known(self, name: str, served: Served) -> bool:
        key = (self.type, name)
        return served.get_resource(key) is not None or served.is_withheld(key)

    def unsubscribe(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """What is known of these names is forgotten; a later subscription begins anew. Gives back what is forgotten."""
        if ANY_NAME in names and self.wildcard:
            self.wildcard = False
            names = (*names, *(self.held.keys() - self.names))
        self.names.difference_update(names)
        forgotten = tuple(name for name in names if not self.wildcard)
        for name in forgotten:
            self._forget(name)
        return forgotten

    def _forget(self, name: str) -> None:
        for memory in (self.held, self.refused, self.touched, self.suspects):
            memory.pop(name, None)
        for names in (self.due, self.undecided, self.newcomers):
            names.discard(name)

    def touch(self, names: Iterable[str]) -> None:
        """What is under way is looked at again when it is answered, by itself."""
        for name in names:
            if self.wants(name) and name not in self.undecided and name not in self.under_way:
                self.touched[name] = None

    def make_due(self, name: str) -> None:
        """Whatever the client has of `name`, it is answered again."""
        if self.wants(name):
            self.due.add(name)
            self.touch((name,))

    def repeat(self, served: Served) -> None:
        """Tell all there are once more, even if that is nothing."""
        self.unanswered = self.wildcard
        for name in served[self.type]:
            self.make_due(name)

    def change(self, name: str, served: Served) -> Resource | None:
        """The world has spoken about the name: a refusal lasts only as long as the refused version is wanted. Gives
        back the resource if it turns out that the client has it already."""
        key = (self.type, name)
        self.undecided.discard(name)
        self.newcomers.discard(name)
        self.touch((name,))
        found = served.get_resource(key)
        if found is None or found.version != self.refused.get(name) or served.is_offered_again(key):
            self.refused.pop(name, None)
        return self._learn(name, served)

    def groups(self) -> Iterator[tuple[str, ...]]:
        """The names to look at now, by what goes into one response."""
        if self.silent:
            return
        if self.type in TOGETHER:
            yield from ((name,) for name in self.suspects if name in self.touched)
            yield tuple(sorted(name for name in self.touched if name not in self.suspects))
        elif self.touched:
            yield from ((name,) for name in self.touched)
        elif self.unanswered:
            yield ()

    @property
    def silent(self) -> bool:
        """Whether the next response must wait for the answer to the last."""
        return self.type in TOGETHER and bool(self.outstanding)

    def looked_at(self, name: str) -> None:
        """What was to be said of the name is said."""
        self.touched.pop(name, None)
        self.due.discard(name)

    def put_off(self, name: str) -> None:
        """It must wait until it is touched again."""
        self.touched.pop(name, None)

    def offer(self, offer: Offer) -> None:
        """A response was sent."""
        self.outstanding[offer.nonce] = offer
        self.under_way.update(dict.fromkeys(offer.said, offer))
        self.unanswered = False

    def answered(self, nonce: str) -> Offer | None:
        """The response that this nonce answers; what it was about is looked at again."""
        offer = self.outstanding.pop(nonce, None)
        if offer is not None:
            for name in offer.said:
                del self.under_way[name]
            self.touch(offer.said)
        return offer

    def accept(self, offer: Offer, names: Iterable[str]) -> Iterator[Resource]:
        """The client has these names of the offer now; gives back the resources among them, without the stand-ins."""
        for name in names:
            if not self.wants(name):
                continue
            resource = offer.resources.get(name) or offer.stand_ins[name]
            self.held[name] = Held(resource.version, resource.needs, absent=name in offer.stand_ins)
            self.suspects.pop(name, None)
            if name in offer.resources:
                self.refused.pop(name, None)
                yield resource

    def accept_removals(self, offer: Offer) -> None:
        for name in offer.removed:
            self.suspects.pop(name, None)
            if self.type in AT_LARGE:
                self.held.pop(name, None)
            elif self.wants(name):
                self.held[name] = Held("", (), absent=True)

    def refuse(self, offer: Offer, name: str, served: Served) -> Resource | None:
        """The client keeps what it had of `name`; gives back what it refused, unless it lost interest meanwhile."""
        if not self.wants(name):
            return None
        before = self.suspects.pop(name) if name in self.suspects else self.held.get(name)
        self.held.pop(name, None)
        if before is not None and self.type not in HALF_TAKEN:
            self.held[name] = before
        elif before is not None and not before.absent:
            self.held[name] = UNKNOWN
        refused, found = offer.resources[name], served.get_resource((self.type, name))
        if found is not None and found.version == refused.version:
            self.refused[name] = refused.version
        return refused

    def suspect(self, offer: Offer) -> None:
        """One of several was refused: claim nothing about what the client has until each was offered by itself."""
        for name in offer.names:
            if self.wants(name):
                self.suspects.setdefault(name, self.held.get(name))
        self.held.update(dict.fromkeys(filter(self.wants, offer.said), UNKNOWN))

    def acquit(self, name: str) -> None:
        """Nothing is to be said about the name any more, so nothing will settle the doubt."""
        self.suspects.pop(name, None)
