"""Get and list: answered from the disk's stored bytes, in whatever form the client asked for."""

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import web

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import expired, not_found
from pylae.apimachinery.selector import exact_name, fields, labels
from pylae.apiserver.answer import answer, stream
from pylae.apiserver.backend import Backend, Call
from pylae.apiserver.negotiation import Spelling
from pylae.apiserver.paging import Place, decode_place, encode_place
from pylae.apiserver.reader import Range
from pylae.apiserver.walk import Walk
from pylae.apiserver.watcher import Interest


async def get(backend: Backend, call: Call) -> web.StreamResponse:
    """One object, or its status subresource (which is the whole object, as upstream)."""
    check_reached(backend, call)
    entry = backend.cache.get(call.key)
    if entry is None:
        raise not_found(call.resource, call.name)
    return await answer(call.request, call.spelling(backend.clock()).one(entry))


async def list_objects(backend: Backend, call: Call) -> web.StreamResponse:
    """A collection, sorted by namespace and name, in pages if asked. Raises 410 for a revision that cannot be shown.

    A long one goes out while it is read, and other requests are answered in between: like the later pages of a list,
    its later parts show the present, under the revision of its beginning.
    """
    check_reached(backend, call)
    place = _start(backend, call)
    walk = Walk(backend.cache, interest(call), Range(call.resource.qualified_name, after=place.after), call.query.limit)
    spelling = call.spelling(backend.clock())
    beginning = spelling.opening() + spelling.items(walk.step())
    if walk.is_over:
        return await answer(call.request, beginning + spelling.closing(_metadata(walk, place)))
    pieces = _pieces(walk, spelling, beginning, place)
    return await stream(call.request, pieces, patience=backend.limits.stalled_after, compress=True)


async def _pieces(walk: Walk, spelling: Spelling, beginning: bytes, place: Place) -> AsyncGenerator[bytes, None]:
    yield beginning
    while not walk.is_over:
        await asyncio.sleep(0)  # whoever waits for the event loop comes first
        comma = b"," if walk.last else b""
        if entries := walk.step():
            yield comma + spelling.items(entries)
    yield spelling.closing(_metadata(walk, place))


def _metadata(walk: Walk, place: Place) -> Json:
    metadata: Json = {"resourceVersion": str(place.revision)}
    if walk.is_cut and walk.last:
        last = walk.last.key
        metadata["continue"] = encode_place(Place(place.revision, last.namespace, last.name))
    return metadata


def interest(call: Call) -> Interest:
    """What a list, a watch or a collection's deletion is about. Raises 400 for a selector that cannot be read."""
    query = call.query
    return Interest(
        namespace=call.namespace,
        name=call.name or exact_name(query.fields) or "",
        labels=labels(query.labels) if query.labels else None,
        fields=fields(query.fields) if query.fields else None,
    )


def _start(backend: Backend, call: Call) -> Place:
    if not call.query.continue_token:
        return Place(backend.cache.revision, "", "")
    place = decode_place(call.query.continue_token)
    backend.cache.check(call.resource.qualified_name, place.revision)
    return place


def check_reached(backend: Backend, call: Call) -> None:
    """Raises 410 for a version that was never reached here, or for an exact one that is not the present."""
    wanted, now = call.query.revision, backend.cache.revision
    if wanted > now:
        raise expired(f"resourceVersion {wanted} was never reached here (now at {now}): list again without it")
    if call.query.resource_version_match == "Exact" and wanted != now:
        raise expired(f"only the present (resourceVersion {now}) can be listed, not {wanted}")
