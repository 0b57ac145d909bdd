"""Watch: a stream of JSON lines that tells every change of a collection, in order, for as long as the client listens.

A watch starts from a revision the client has seen, or with the present (`resourceVersion` absent or 0, or
`sendInitialEvents`). It registers and looks at the present in one step of the event loop, so nothing falls between
the two.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aiohttp import web

from pylae.apiserver.backend import Backend, Call
from pylae.apiserver.entry import Event, Verb
from pylae.apiserver.negotiation import Form, Spelling
from pylae.apiserver.reads import check_reached, interest
from pylae.apiserver.watcher import Watcher

BOOKMARK: Final = "BOOKMARK"
INITIAL_EVENTS_END: Final = {"k8s.io/initial-events-end": "true"}
BATCH: Final = 256
"""Lines written at once: enough to be quick, few enough that a big collection does not stand in memory twice."""


async def watch(backend: Backend, call: Call) -> web.StreamResponse:
    """Streams until the client leaves, its time is over or it was too slow. Raises 410 before the first byte (see
    `Cache.check`)."""
    with backend.places.take():
        check_reached(backend, call)
        resource = call.resource.qualified_name
        wanted = interest(call)
        after = backend.cache.revision if _from_present(call) else call.query.revision
        watcher = backend.cache.watch(resource, wanted, after=after, limit=backend.limits.watch_events)
        try:
            initial: tuple[Event, ...] = ()
            if _from_present(call):
                entries = filter(wanted.sees, backend.cache.walk(resource, call.namespace))
                initial = tuple(Event(Verb.ADDED, entry, None) for entry in entries)
            spelling = call.spelling(backend.clock())
            return await _stream(backend, call, Telling(watcher, backend.clock, spelling, initial, after))
        finally:
            backend.cache.leave(resource, watcher)


def _from_present(call: Call) -> bool:
    return call.query.initial_events or call.query.revision == 0


@dataclass(slots=True)
class Telling:
    """One watch's side of the conversation: what it was shown first, and how it is spoken to."""

    watcher: Watcher
    clock: Callable[[], datetime]
    spelling: Spelling
    initial: tuple[Event, ...]
    start: int

    def lines(self, events: tuple[Event, ...]) -> bytes:
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


async def _stream(backend: Backend, call: Call, telling: Telling) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"})
    response.enable_chunked_encoding()
    await response.prepare(call.request)
    try:
        async with aclosing(_pieces(backend, call, telling)) as pieces:
            async for piece in pieces:
                async with asyncio.timeout(backend.limits.stalled_after.total_seconds()):
                    await response.write(piece)
        await response.write_eof()
    except TimeoutError:
        if call.request.transport is not None:
            call.request.transport.abort()
    except ConnectionError:
        pass  # the client left, which is how most watches end
    return response


async def _pieces(backend: Backend, call: Call, telling: Telling) -> AsyncGenerator[bytes, None]:
    """What to write, as it comes: the present, then changes, with bookmarks in between."""
    for batch in _batches(telling.initial):
        yield telling.lines(batch)
    if call.query.initial_events and call.query.bookmarks:
        yield telling.bookmark(telling.start, ends_initial_events=True)
    loop = asyncio.get_running_loop()
    every = backend.limits.bookmark_every.total_seconds()
    ends, next_bookmark = loop.time() + _lifetime(backend, call), loop.time() + every
    while (left := ends - loop.time()) > 0:
        events = await telling.watcher.take(min(left, max(next_bookmark - loop.time(), 0)))
        if events is None:
            return
        if events:
            yield telling.lines(events)
        if loop.time() >= next_bookmark:
            next_bookmark = loop.time() + every
            if call.query.bookmarks and telling.watcher.is_idle:
                yield telling.bookmark(backend.cache.revision)
    if call.query.bookmarks and telling.watcher.is_idle:
        yield telling.bookmark(backend.cache.revision)


def _batches(events: tuple[Event, ...]) -> Iterator[tuple[Event, ...]]:
    for start in range(0, len(events), BATCH):
        yield events[start : start + BATCH]


def _lifetime(backend: Backend, call: Call) -> float:
    """Seconds. Unasked, between once and twice `watch_for`: clients that came together should not come back
    together."""
    if call.query.timeout:
        return float(call.query.timeout)
    return backend.limits.watch_for.total_seconds() * random.uniform(1, 2)  # noqa: S311
