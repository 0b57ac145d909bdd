"""How a list and a watch are kept going, without losing an event or telling one twice.

A machine without clock, network or chance: it is told what happened, and answers with what to tell and what to do
next. Lists are compared with what is known, so that a deletion during an outage is seen. A watch goes on at the last
version; one that the server no longer knows leads back to a list. The numbers are client-go's (tools/cache,
reflector.go).
"""

from dataclasses import dataclass
from typing import Self, assert_never

import msgspec

from pylae.api.scheme import Kind
from pylae.kube.answers import Page
from pylae.kube.body import Identity, identify
from pylae.kube.stream import Event
from pylae.model.snapshot import Key

FIRST_PAUSE = 0.8
LONGEST_PAUSE = 30.0
CALM = 15.0
"""Seconds from the end of a pause without a failure, after which the next one counts as the first again: a connection
that is cut now and then is no server that should be spared. client-go takes two minutes, from failure to failure."""

ABSENT_PAUSE = 5.0
"""Seconds until a kind that the server does not know is looked for again: asking costs it next to nothing."""

SHORTEST_WATCH = 1.0
"""Seconds. A watch that ends sooner without a word is a server in trouble, not one whose time is up."""


class Upsert(msgspec.Struct, frozen=True, gc=False):
    """The object is new or changed; `body` is its JSON. There is one for each object of a first list."""

    kind: Kind
    key: Key
    body: bytes

    @classmethod
    def of(cls, kind: Kind, body: bytes) -> Self:
        """Raises msgspec.DecodeError for what is no Kubernetes object."""
        return cls(kind, identify(body).key, body)

    def __repr__(self) -> str:
        return f"Upsert({self.kind} {'/'.join(self.key)}, {len(self.body)} bytes)"  # it may be a Secret


class Delete(msgspec.Struct, frozen=True, gc=False):
    kind: Kind
    key: Key


class Synced(msgspec.Struct, frozen=True, gc=False):
    """All that was there when the list was made has been told, of one namespace or ("") of all."""

    kind: Kind
    namespace: str = ""


Notice = Upsert | Delete | Synced


@dataclass(frozen=True, slots=True)
class AskPage:
    """List; "" is the first page."""

    continue_token: str = ""


@dataclass(frozen=True, slots=True)
class OpenWatch:
    resource_version: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait that many seconds, or up to twice as many by chance, and then say `Woken`."""

    seconds: float


Command = AskPage | OpenWatch | Pause


@dataclass(frozen=True, slots=True)
class Ended:
    """The server ended the watch, or nothing came for so long that it must be dead."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The request or the stream failed: its version is unknown (`gone`), its kind is (`absent`), or anything else."""

    gone: bool = False
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Woken:
    """The pause is over; `is_back` if that is because the server was away and is back: its failures are past."""

    is_back: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Some objects of a page, handed in before the rest of it: what takes long is done in parts."""

    items: tuple[bytes, ...]


Happening = Page | Part | Event | Ended | Failed | Woken


@dataclass(frozen=True, slots=True)
class Step:
    """What to tell, in order, and what to do then; with `None` the watch that is open goes on."""

    notices: tuple[Notice, ...] = ()
    command: Command | None = None


class Resume:
    """One kind's list and watch, in one namespace or ("") in all. Begin with `start`, then hand in what happens; `now`
    is a steady clock, in seconds."""

    def __init__(self, kind: Kind, namespace: str = "") -> None:
        self.kind = kind
        self._synced = Synced(kind, namespace)
        self._known: dict[Key, int] = {}
        """The state in which each object was told last. The keys are those of the notices, so they cost nothing."""
        self._listed: set[Key] = set()
        self._version = ""
        """Where a watch goes on; "" as long as there must be a list first."""
        self._opened = 0.0
        self._heard = False
        """Whether the present watch has said anything."""
        self._was_gone = False
        """Whether the list that was asked for last was made because a version was gone, and has led to nothing yet."""
        self._failures = 0
        self._woken = float("-inf")
        """When the last pause was over."""

    def start(self) -> Step:
        return self._list_anew()

    def receive(self, happening: Happening, now: float) -> Step:
        match happening:
            case Page():
                return self._page(happening, now)
            case Part(items):
                return Step(self._listed_objects(items))
            case Event():
                return self._event(happening)
            case Ended():
                return self._ended(now)
            case Failed():
                return self._failed(happening, now)
            case Woken(is_back):
                self._failures = 0 if is_back else self._failures
                self._woken = now
                return self._watch(now) if self._version else self._list_anew()
            case _:
                assert_never(happening)

    def _list_anew(self) -> Step:
        self._version = ""
        self._listed = set()
        return Step(command=AskPage())

    def _page(self, page: Page, now: float) -> Step:
        told = self._listed_objects(page.items)
        if page.continue_token:
            return Step(told, AskPage(page.continue_token))
        gone = [self._delete(key) for key in sorted(self._known.keys() - self._listed)]
        self._version, self._listed = page.resource_version, set()
        return Step((*told, *gone, self._synced), self._watch(now).command)

    def _listed_objects(self, items: tuple[bytes, ...]) -> tuple[Notice, ...]:
        return tuple([notice for body in items if (notice := self._listed_object(body))])

    def _listed_object(self, body: bytes) -> Notice | None:
        found = identify(body)
        self._listed.add(found.key)
        return self._upsert(found, body)

    def _upsert(self, found: Identity, body: bytes) -> Notice | None:
        """None if this very state was told before: a watch may begin with what the list had already."""
        if self._known.get(found.key) == found.state:
            return None
        self._known[found.key] = found.state
        return Upsert(self.kind, found.key, body)

    def _delete(self, key: Key) -> Notice:
        del self._known[key]
        return Delete(self.kind, key)

    def _watch(self, now: float) -> Step:
        self._opened, self._heard = now, False
        return Step(command=OpenWatch(self._version))

    def _event(self, event: Event) -> Step:
        found = identify(event.body)
        self._version = found.version
        self._heard, self._was_gone = True, False
        match event.type:
            case "ADDED" | "MODIFIED":
                notice = self._upsert(found, event.body)
            case "DELETED":
                notice = self._delete(found.key) if found.key in self._known else None
            case _:
                notice = None  # a bookmark: only the version is news
        return Step((notice,) if notice else ())

    def _ended(self, now: float) -> Step:
        if not self._heard and now - self._opened < SHORTEST_WATCH:
            return self._pause(now)
        self._was_gone = False
        return self._watch(now)

    def _failed(self, failure: Failed, now: float) -> Step:
        if failure.absent:
            return self._nothing_there()
        return self._gone(now) if failure.gone else self._pause(now)

    def _gone(self, now: float) -> Step:
        """List again: at once, but for a server to which even the version of its own list is gone."""
        self._version = ""
        if self._was_gone:
            return self._pause(now)
        self._was_gone = True
        return self._list_anew()

    def _nothing_there(self) -> Step:
        """A kind that the server does not know has no objects; it may learn of it yet."""
        self._version = ""
        told = [self._delete(key) for key in sorted(self._known)]
        return Step((*told, self._synced), Pause(ABSENT_PAUSE))

    def _pause(self, now: float) -> Step:
        if now - self._woken > CALM:
            self._failures = 0
        seconds = min(FIRST_PAUSE * 2**self._failures, LONGEST_PAUSE)
        self._failures += 1
        return Step(command=Pause(seconds))
