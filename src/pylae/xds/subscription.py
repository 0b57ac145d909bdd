"""What one client wants and has of one type: the state behind a delta xDS conversation.

A name is *touched* when something about it may have changed and nobody has yet looked; it is *due* when the client must
be answered about it whatever it has. What the client *holds* is what it acknowledged, or said it had when it came.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pylae.xds.absence import stand_in
from pylae.xds.resource import Key, Named, Resource, Type

ANY_NAME = "*"
TOGETHER = frozenset({Type.CLUSTER, Type.LISTENER})
"""Types of which a client may want all there are. They go together, and Envoy names those that it refuses.

The others, which are wanted by name, go each in a response of its own, for a refusal of these names nobody. Offering a
refused secret once more would not tell either: Envoy 1.40 compares it with the one that it refused, finds it equal and
acknowledges it.
"""

HALF_TAKEN = frozenset({Type.ENDPOINT, Type.SECRET})
"""Types of which something refused is not without effect, so that what was good before must be sent once more. Envoy
1.40 then gives no endpoints at all to a cluster that was replaced, and refuses every listener that is to use the
secret."""


@dataclass(frozen=True, slots=True)
class Held:
    """A version that the client has. `needs` is None where nobody knows what the version refers to: another control
    plane sent it, or it is one of two. With `absent` the client was told that there is nothing."""

    version: str
    needs: tuple[Key, ...] | None = None
    absent: bool = False


UNKNOWN = Held("?")


@dataclass(frozen=True, slots=True)
class Offer:
    """A response that was not answered yet. `stand_ins` say that a name does not exist, for some types `removed` do."""

    nonce: str
    resources: Mapping[str, Resource] = field(default_factory=dict)
    stand_ins: Mapping[str, Resource] = field(default_factory=dict)
    removed: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all resources that it carries."""
        return (*self.resources, *self.stand_ins)


class Subscription:
    """One type of one stream. It knows nothing of the order between types; `order` does."""

    def __init__(self, type_: Type) -> None:
        self.type = type_
        self.asked = False
        self.wildcard = False
        self.names: set[str] = set()
        self.held: dict[str, Held] = {}
        self.refused: dict[str, str] = {}
        """The version of each name that the client refused, for as long as that version is wanted."""
        self.touched: dict[str, None] = {}
        self.due: set[str] = set()
        self.unanswered = False
        """Whether the client waits for a first response, even if there is nothing to put into it."""
        self.outstanding: dict[str, Offer] = {}
        """Responses under way, by nonce: at most one of a type that goes together, else one for each name."""
        self.suspects: dict[str, Held | None] = {}
        """Names of which some were refused, nobody knows which, with what the client had before; they go one by one."""

    def learn(self, known: Named, names: Iterable[str]) -> None:
        """Where the client came with a version that is known by now, it is known as well what the version refers to."""
        for name in names:
            held = self.held.get(name)
            if held and held.needs is None and name in known and known[name].version == held.version:
                self.held[name] = Held(held.version, known[name].needs)

    def wants(self, name: str) -> bool:
        return self.wildcard or name in self.names

    def is_going(self, name: str) -> bool:
        """Whether the client is just told that the name is gone."""
        return any(name in offer.removed for offer in self.outstanding.values())

    def begin(self, names: tuple[str, ...], initial_versions: Mapping[str, str], known: Named) -> None:
        """The client's first request: no names at all, or `*`, ask for all there are."""
        self.asked = True
        self.held = {name: self._recognized(name, version) for name, version in initial_versions.items()}
        self.learn(known, initial_versions)
        self.subscribe(names or ((ANY_NAME,) if self.type in TOGETHER else ()), known)
        self.unanswered = self.wildcard and not initial_versions
        self.due.difference_update(initial_versions)
        self.touch(initial_versions)

    def _recognized(self, name: str, version: str) -> Held:
        said_absent = stand_in(self.type, name)
        return Held(version, (), absent=True) if said_absent and said_absent.version == version else Held(version)

    def subscribe(self, names: tuple[str, ...], known: Named) -> None:
        """Names that the client asks for, each of which it must be answered about."""
        for name in names:
            if name == ANY_NAME and self.type in TOGETHER:
                self.wildcard = True
                self.touch(known)
            else:
                self.names.add(name)
                self.make_due(name)

    def unsubscribe(self, names: tuple[str, ...]) -> None:
        """What is known of these names is forgotten; a later subscription begins anew."""
        if ANY_NAME in names and self.wildcard:
            self.wildcard = False
            names = (*names, *(self.held.keys() - self.names))
        for name in names:
            self.names.discard(name)
            if not self.wildcard:
                self._forget(name)

    def _forget(self, name: str) -> None:
        for memory in (self.held, self.refused, self.touched, self.suspects):
            memory.pop(name, None)
        self.due.discard(name)

    def unchanged(self, known: Named) -> tuple[Resource, ...]:
        """Resources that the client has in the very version that there is."""
        return tuple(
            known[name] for name, held in self.held.items() if name in known and known[name].version == held.version
        )

    def touch(self, names: Iterable[str]) -> None:
        self.touched.update(dict.fromkeys(name for name in names if self.wants(name)))

    def make_due(self, name: str) -> None:
        """Whatever the client has of `name`, it is answered again."""
        if self.wants(name):
            self.due.add(name)
            self.touched[name] = None

    def change(self, before: Named, after: Named) -> None:
        """The world changed: a refusal lasts only as long as the refused version is wanted."""
        if before is after:
            return
        changed = [name for name, found in after.items() if before.get(name) is not found]
        self.learn(after, changed)
        self.touch((*changed, *(before.keys() - after.keys())))
        for name, version in tuple(self.refused.items()):
            if name not in after or after[name].version != version:
                del self.refused[name]

    def forgive(self, names: Iterable[str]) -> None:
        """Offer these once more, although they were refused."""
        for name in names:
            if self.refused.pop(name, None):
                self.touch((name,))

    def groups(self) -> Iterator[tuple[str, ...]]:
        """The names to look at now, by what goes into one response."""
        if self.type in TOGETHER:
            yield from ((name,) for name in self.suspects)
            yield tuple(name for name in self.touched if name not in self.suspects)
        else:
            if not self.touched:
                return
            under_way = {name for offer in self.outstanding.values() for name in (*offer.names, *offer.removed)}
            yield from ((name,) for name in self.touched if name not in under_way)

    @property
    def silent(self) -> bool:
        """Whether the next response must wait for the answer to the last."""
        return self.type in TOGETHER and bool(self.outstanding)

    def looked_at(self, name: str) -> None:
        self.touched.pop(name, None)
        self.due.discard(name)

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
            if self.type in TOGETHER:
                self.held.pop(name, None)
            elif self.wants(name):
                self.held[name] = Held("", (), absent=True)

    def refuse(self, offer: Offer, name: str, known: Named) -> Resource | None:
        """The client keeps what it had of `name`; gives back what it refused, unless it lost interest meanwhile."""
        if not self.wants(name):
            return None
        before = self.suspects.pop(name) if name in self.suspects else self.held.get(name)
        self.held.pop(name, None)
        if before is not None and self.type not in HALF_TAKEN:
            self.held[name] = before
        elif before is not None and not before.absent:
            self.held[name] = UNKNOWN
        refused = offer.resources[name]
        if name in known and known[name].version == refused.version:
            self.refused[name] = refused.version
        self.touched[name] = None
        return refused

    def suspect(self, offer: Offer) -> None:
        """One of several was refused: claim nothing about what the client has until each was offered by itself."""
        for name in offer.names:
            if self.wants(name):
                self.suspects.setdefault(name, self.held.get(name))
        said = (*offer.names, *offer.removed)
        self.held.update(dict.fromkeys(filter(self.wants, said), UNKNOWN))
        self.touch(said)

    def acquit(self, name: str) -> None:
        """Nothing is to be said about the name any more, so nothing will settle the doubt."""
        self.suspects.pop(name, None)
