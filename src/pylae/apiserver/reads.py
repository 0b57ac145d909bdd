"""Get and list: answered from memory, in whatever form the client asked for."""

from itertools import islice

from aiohttp import web

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import expired, not_found
from pylae.apimachinery.selector import exact_name, fields, labels
from pylae.apiserver.answer import answer
from pylae.apiserver.backend import Backend, Call
from pylae.apiserver.entry import Entry
from pylae.apiserver.paging import Place, decode_place, encode_place
from pylae.apiserver.watcher import Interest


async def get(backend: Backend, call: Call) -> web.StreamResponse:
    """One object, or its status subresource (which is the whole object, as upstream)."""
    check_reached(backend, call)
    entry = backend.cache.get(call.key)
    if entry is None:
        raise not_found(call.resource, call.name)
    return await answer(call.request, call.spelling(backend.clock()).one(entry))


async def list_objects(backend: Backend, call: Call) -> web.StreamResponse:
    """A collection, sorted by namespace and name, in pages if asked. Raises 410 for a revision that cannot be shown."""
    check_reached(backend, call)
    place = _start(backend, call)
    entries, more = _page(backend, call, place.after)
    metadata: Json = {"resourceVersion": str(place.revision)}
    if more:
        last = entries[-1].key
        metadata["continue"] = encode_place(Place(place.revision, last.namespace, last.name))
    return await answer(call.request, call.spelling(backend.clock()).many(entries, metadata))


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


def _page(backend: Backend, call: Call, after: tuple[str, str]) -> tuple[list[Entry], bool]:
    wanted = interest(call)
    found = backend.cache.walk(call.resource.qualified_name, call.namespace, after)
    if wanted.selective:
        found = filter(wanted.sees, found)
    limit = call.query.limit
    if not limit:
        return list(found), False
    page = list(islice(found, limit + 1))
    return page[:limit], len(page) > limit


def check_reached(backend: Backend, call: Call) -> None:
    """Raises 410 for a version that was never reached here, or for an exact one that is not the present."""
    wanted, now = call.query.revision, backend.cache.revision
    if wanted > now:
        raise expired(f"resourceVersion {wanted} was never reached here (now at {now}): list again without it")
    if call.query.resource_version_match == "Exact" and wanted != now:
        raise expired(f"only the present (resourceVersion {now}) can be listed, not {wanted}")
