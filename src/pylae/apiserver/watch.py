"""Watch: a stream of JSON lines that tells every change of a collection, in order, for as long as the client listens.

A watch starts from a revision the client has seen, or with the present, as it is at one moment (see `past`); from there
on it tells every change once, whatever is written while the present is still being read. What cannot be watched is
told in the stream, by an ERROR event with the Status that says why, as upstream.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import msgspec
from aiohttp import web

from pylae.apimachinery.failure import Failure
from pylae.apiserver.answer import stream
from pylae.apiserver.backend import Backend, Call
from pylae.apiserver.entry import Entry, Event, Verb
from pylae.apiserver.negotiation import Form, Spelling
from pylae.apiserver.past import Past
from pylae.apiserver.reader import Range
from pylae.apiserver.reads import check_reached, interest
from pylae.apiserver.walk import Walk
from pylae.apiserver.watcher import Watcher

BOOKMARK: Final = "BOOKMARK"
ERROR: Final = "ERROR"
INITIAL_EVENTS_END: Final = {"k8s.io/initial-events-end": "true"}


async def watch(backend: Backend, call: Call) -> web.StreamResponse:
    """Streams until the client leaves, its time is over or it was too slow."""
    resource, patience = call.resource.storage_name, backend.limits.stalled_after
    with backend.places.take():
        wanted = interest(call)
        try:
            after = _start(backend, call)
            watcher = backend.cache.watch(resource, wanted, after=after, limit=backend.limits.watch_events)
        except Failure as failure:
            return await stream(call.request, _refusal(failure), patience=patience)
        telling = Telling(watcher, backend.clock, call.spelling(backend.clock()), after)
        try:
            return await stream(call.request, _pieces(backend, call, telling), patience=patience)
        finally:
            backend.cache.leave(resource, watcher)


def _start(backend: Backend, call: Call) -> int:
    """The revision after which changes are told. Raises 504 for a present that is not reached yet."""
    if call.query.from_present:
        check_reached(backend, call)
        return backend.cache.revision
    return call.query.revision or backend.cache.revision


@dataclass(slots=True)
class Telling:
    """One watch's side of the conversation: what it was shown, and how it is spoken to."""

    watcher: Watcher
    clock: Callable[[], datetime]
    spelling: Spelling
    start: int

    def present(self, entries: Iterable[Entry]) -> bytes:
        """A slice of what was there at the start."""
        return self.changes(Event(Verb.ADDED, entry, None) for entry in entries)

    def changes(self, events: Iterable[Event]) -> bytes:
        """Events as lines, in their order."""
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


async def _refusal(failure: Failure) -> AsyncGenerator[bytes, None]:
    yield _framed(ERROR, msgspec.json.encode(failure.document()))


async def _present(backend: Backend, call: Call, telling: Telling) -> AsyncGenerator[bytes, None]:
    """What is there at the start, and that this was it. Raises 410 if it takes so long that it is forgotten."""
    past = Past(backend.cache, call.resource.storage_name, telling.start)
    walk = Walk(backend.cache, interest(call), Range(call.resource.storage_name), past=past)
    while not walk.is_over:
        if lines := telling.present(walk.step()):
            yield lines
        await asyncio.sleep(0)  # whoever waits for the event loop comes first
    if call.query.bookmarks:
        yield telling.bookmark(telling.start, ends_initial_events=True)


async def _pieces(backend: Backend, call: Call, telling: Telling) -> AsyncGenerator[bytes, None]:
    """What to write, as it comes: the present, then changes, with bookmarks in between."""
    if call.query.from_present:
        async for lines in _present(backend, call, telling):
            yield lines
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
