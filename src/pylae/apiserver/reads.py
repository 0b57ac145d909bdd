"""Get and list: answered from the disk's stored bytes, in whatever form the client asked for.

A list shows one moment, however long it takes and however many pages it has (see `past`): the present, or the one that
the client names.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Failure, bad_request, not_found, too_new
from pylae.apimachinery.selector import exact_name, fields, labels
from pylae.apiserver.answer import answer, stream
from pylae.apiserver.backend import Backend, Call
from pylae.apiserver.cache import Cache
from pylae.apiserver.entry import Entry
from pylae.apiserver.negotiation import Spelling
from pylae.apiserver.paging import PRESENT, Place, decode_place, encode_place, too_old
from pylae.apiserver.past import Past
from pylae.apiserver.reader import Range
from pylae.apiserver.walk import Walk
from pylae.apiserver.watcher import Interest

COUNTED: Final = 10_000
"""Objects counted at most to say how many remain after a page: a matter of some hundred microseconds."""


async def get(backend: Backend, call: Call) -> web.StreamResponse:
    """One object, or its status subresource (which is the whole object, as upstream)."""
    check_reached(backend, call)
    entry = backend.cache.get(call.key)
    if entry is None:
        raise not_found(call.resource, call.name)
    return await answer(call.request, call.spelling(backend.clock()).one(entry))


async def list_objects(backend: Backend, call: Call) -> web.StreamResponse:
    """A collection, sorted by namespace and name, in pages if asked. Raises 410 for a revision that is forgotten.

    A long one goes out while it is read, and other requests are answered in between.
    """
    check_reached(backend, call)
    page = _page(backend, call)
    spelling = call.spelling(backend.clock())
    beginning = spelling.opening() + spelling.items(page.begin())
    if page.walk.is_over:
        return await answer(call.request, beginning + spelling.closing(page.metadata(backend.cache)))
    pieces = _pieces(backend, page, spelling, beginning)
    return await stream(call.request, pieces, patience=backend.limits.stalled_after, compress=True)


@dataclass(frozen=True, slots=True)
class Page:
    """A list under way, or a page of one: where it began and how far it is."""

    place: Place
    walk: Walk
    selective: bool

    def begin(self) -> list[Entry]:
        """The first slice. Raises 410 if what the page shows is forgotten."""
        try:
            return self.walk.step()
        except Failure as failure:
            if failure.reason == "Expired" and self.place.name:
                raise too_old(self.place) from failure
            raise

    def metadata(self, cache: Cache) -> Json:
        """The list's own. What remains is counted where nothing selects, and as far as a count costs nothing."""
        metadata: Json = {"resourceVersion": str(self.place.revision)}
        if self.walk.is_cut and self.walk.last:
            last = self.walk.last.key
            metadata["continue"] = encode_place(Place(self.place.revision, last.namespace, last.name))
            remaining = 0 if self.selective else cache.count(self.walk.rest(), COUNTED)
            if 0 < remaining < COUNTED:
                metadata["remainingItemCount"] = remaining
        return metadata


def _page(backend: Backend, call: Call) -> Page:
    place, resource, wanted = _start(backend, call), call.resource.storage_name, interest(call)
    walk = Walk(
        backend.cache,
        wanted,
        Range(resource, after=place.after),
        limit=call.query.limit,
        past=Past(backend.cache, resource, place.revision),
    )
    return Page(place, walk, wanted.selective)


async def _pieces(backend: Backend, page: Page, spelling: Spelling, beginning: bytes) -> AsyncGenerator[bytes, None]:
    yield beginning
    while not page.walk.is_over:
        await asyncio.sleep(0)  # whoever waits for the event loop comes first
        comma = b"," if page.walk.last else b""
        if entries := page.walk.step():
            yield comma + spelling.items(entries)
    yield spelling.closing(page.metadata(backend.cache))


def interest(call: Call) -> Interest:
    """What a list, a watch or a collection's deletion is about. Raises 400 for a selector that cannot be read."""
    query = call.query
    return Interest(
        namespace=call.namespace,
        name=call.name or exact_name(query.fields) or "",
        labels=labels(query.labels) if query.labels else None,
        fields=fields(query.fields, call.resource.selectable_fields) if query.fields else None,
    )


def _start(backend: Backend, call: Call) -> Place:
    query, now = call.query, backend.cache.revision
    if not query.continue_token:
        return Place(query.revision if query.wants_exactly and query.revision else now, "", "")
    if query.revision:
        raise bad_request("specifying resource version is not allowed when using continue")
    place = decode_place(query.continue_token)
    return Place(now, *place.after) if place.revision == PRESENT else place


def check_reached(backend: Backend, call: Call) -> None:
    """Raises 504 for a version that is not reached yet."""
    if call.query.revision > backend.cache.revision:
        raise too_new(call.query.revision, backend.cache.revision)
