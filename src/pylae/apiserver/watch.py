"""Watch: a stream of JSON lines that tells every change of a collection, in order, for as long as the client listens.

A watch starts from a revision the client has seen, or with the present (`resourceVersion` absent or 0, or
`sendInitialEvents`). It registers first and then reads the present in slices; what the slices have already shown when
it is told is not told again, so the client sees every object once and then each of its changes.
"""

import asyncio
import random
from bisect import bisect_left
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from aiohttp import web

from pylae.apiserver.answer import stream
from pylae.apiserver.backend import Backend, Call
from pylae.apiserver.cache import Cache
from pylae.apiserver.entry import Event, Verb
from pylae.apiserver.negotiation import Form, Spelling
from pylae.apiserver.reader import Range
from pylae.apiserver.reads import check_reached, interest
from pylae.apiserver.walk import Walk
from pylae.apiserver.watcher import Watcher

BOOKMARK: Final = "BOOKMARK"
INITIAL_EVENTS_END: Final = {"k8s.io/initial-events-end": "true"}


async def watch(backend: Backend, call: Call) -> web.StreamResponse:
    """Streams until the client leaves, its time is over or it was too slow. Raises 410 before the first byte (see
    `Cache.check`)."""
    with backend.places.take():
        check_reached(backend, call)
        resource = call.resource.qualified_name
        wanted = interest(call)
        after = backend.cache.revision if _from_present(call) else call.query.revision
        watcher = backend.cache.watch(resource, wanted, after=after, limit=backend.limits.watch_events)
        telling = Telling(watcher, backend.clock, call.spelling(backend.clock()), after)
        pieces = _pieces(backend, call, telling)
        try:
            return await stream(call.request, pieces, patience=backend.limits.stalled_after)
        finally:
            backend.cache.leave(resource, watcher)


def _from_present(call: Call) -> bool:
    return call.query.initial_events or call.query.revision == 0


class Shown:
    """Which parts of the present were shown, each as it was at a revision."""

    def __init__(self) -> None:
        self._ends: list[tuple[str, str]] = []
        self._revisions: list[int] = []

    def add(self, end: tuple[str, str], revision: int) -> None:
        """What lies between the part before and `end` was shown as it was at a revision."""
        self._ends.append(end)
        self._revisions.append(revision)

    def has(self, event: Event) -> bool:
        """Was what an event made already there to be shown?"""
        if not self._ends or event.revision > self._revisions[-1]:
            return False
        key = event.entry.key
        return event.revision <= self._revisions[bisect_left(self._ends, (key.namespace, key.name))]


@dataclass(slots=True)
class Telling:
    """One watch's side of the conversation: what it was shown, and how it is spoken to."""

    watcher: Watcher
    clock: Callable[[], datetime]
    spelling: Spelling
    start: int
    shown: Shown = field(default_factory=Shown)

    def present(self, walk: Walk, cache: Cache) -> bytes:
        """A slice of the present."""
        entries = walk.step()
        self.shown.add(walk.reached, cache.revision)
        return self._lines(Event(Verb.ADDED, entry, None) for entry in entries)

    def changes(self, events: Iterable[Event]) -> bytes:
        """What happened, as far as it was not shown."""
        return self._lines(event for event in events if not self.shown.has(event))

    def _lines(self, events: Iterable[Event]) -> bytes:
        self.spelling = replace(self.spelling, now=self.clock())
        return b"".join(self._line(event) for event in events)

    def bookmark(self, revision: int, *, ends_initial_events: bool = False) -> bytes:
        annotations = INITIAL_EVENTS_END if ends_initial_events else {}
        return _framed(BOOKMARK, self.spelling.bookmark(revision, annotations))

    def _line(self, event: Event) -> bytes:
        line = _framed(event.verb, self.spelling.one(event.entry))
        if self.spelling.form is Form.TABLE:
            self.spelling = replace(self.spelling, columns=False)
        return line


def _framed(verb: str, body: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (verb.encode(), body)


async def _pieces(backend: Backend, call: Call, telling: Telling) -> AsyncGenerator[bytes, None]:
    """What to write, as it comes: the present, then changes, with bookmarks in between."""
    if _from_present(call):
        walk = Walk(backend.cache, interest(call), Range(call.resource.qualified_name))
        while not walk.is_over:
            if lines := telling.present(walk, backend.cache):
                yield lines
            await asyncio.sleep(0)  # whoever waits for the event loop comes first
    if call.query.initial_events and call.query.bookmarks:
        yield telling.bookmark(telling.start, ends_initial_events=True)
    loop = asyncio.get_running_loop()
    every = backend.limits.bookmark_every.total_seconds()
    ends, next_bookmark = loop.time() + _lifetime(backend, call), loop.time() + every
    while (left := ends - loop.time()) > 0:
        events = await telling.watcher.take(min(left, max(next_bookmark - loop.time(), 0)))
        if events is None:
            return
        if lines := telling.changes(events):
            yield lines
        if loop.time() >= next_bookmark:
            next_bookmark = loop.time() + every
            if call.query.bookmarks and telling.watcher.is_idle:
                yield telling.bookmark(backend.cache.revision)
    if call.query.bookmarks and telling.watcher.is_idle:
        yield telling.bookmark(backend.cache.revision)


def _lifetime(backend: Backend, call: Call) -> float:
    """Seconds. Unasked, between once and twice `watch_for`: clients that came together should not come back
    together."""
    if call.query.timeout:
        return float(call.query.timeout)
    return backend.limits.watch_for.total_seconds() * random.uniform(1, 2)  # noqa: S311
