"""Create, replace and patch: each is decided in one step against the newest state, so no writer can overtake another
unseen.

The order is upstream's: read strictly, settle the metadata, allocate, check the structure and the built-in rules,
then ask what the rest of the program thinks (admission). Only what passed all of it is stored, and a write that
changes nothing stores nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import already_exists, invalid, not_found
from pylae.apimachinery.object import prepare_create, prepare_update, unchanged
from pylae.apimachinery.reading import apply_patch, convert, read_object, read_patch, settle
from pylae.apimachinery.review import review
from pylae.apimachinery.verify import verify
from pylae.apiserver import namespaces
from pylae.apiserver.allocation import allocate
from pylae.apiserver.answer import answer
from pylae.apiserver.backend import Backend, Call
from pylae.apiserver.deletion import Deletion
from pylae.apiserver.entry import Entry, Key
from pylae.apiserver.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Written:
    """What a write came to, and what the user should hear about it."""

    entry: Entry
    warnings: tuple[str, ...]


async def create(backend: Backend, call: Call) -> web.StreamResponse:
    """POST to a collection: 201 and the object; 404 without its namespace, 409 if it is there."""
    reading = read_object(
        call.resource,
        call.version,
        await call.request.read(),
        content_type=call.request.headers.get("Content-Type", ""),
        validation=call.query.validation,
    )
    if call.resource.virtual:
        reviewed = review(call.resource, reading.object, user=call.user, registry=backend.registry)
        return await answer(call.request, reviewed, status=201)

    def decide(transaction: Transaction) -> Written:
        written = _create(backend, call, transaction, reading.object)
        return Written(written.entry, (*reading.warnings, *written.warnings))

    return await _write(backend, call, decide, status=201)


async def replace(backend: Backend, call: Call) -> web.StreamResponse:
    """PUT: the object as given takes the place of the one there; 409 if it was read at another revision."""
    reading = read_object(
        call.resource,
        call.version,
        await call.request.read(),
        content_type=call.request.headers.get("Content-Type", ""),
        validation=call.query.validation,
    )

    def decide(transaction: Transaction) -> Written:
        written = _revise(backend, call, transaction, lambda _: reading.object)
        return Written(written.entry, (*reading.warnings, *written.warnings))

    return await _write(backend, call, decide)


async def patch(backend: Backend, call: Call) -> web.StreamResponse:
    """PATCH: the newest state, changed. A patch never conflicts unless it carries a resourceVersion that is not the
    newest."""
    content_type = call.request.headers.get("Content-Type", "")
    wanted = read_patch(call.resource, await call.request.read(), content_type)

    def decide(transaction: Transaction) -> Written:
        warnings: tuple[str, ...] = ()

        def change(old: Json) -> Json:
            nonlocal warnings
            patched = apply_patch(call.resource, convert(call.resource, old, call.version), wanted)
            validation, duplicates = call.query.validation, wanted.duplicates
            settled = settle(call.resource, call.version, patched, validation=validation, duplicates=duplicates)
            warnings = settled.warnings
            return settled.object

        written = _revise(backend, call, transaction, change)
        return Written(written.entry, (*warnings, *written.warnings))

    return await _write(backend, call, decide)


async def _write(
    backend: Backend, call: Call, decide: Callable[[Transaction], Written], *, status: int = 200
) -> web.StreamResponse:
    written = await backend.journal.write(decide, dry_run=call.query.dry_run)
    body = call.spelling(backend.clock()).one(written.entry)
    return await answer(call.request, body, status=status, warnings=(*written.warnings, call.resource.notice))


def _create(backend: Backend, call: Call, transaction: Transaction, obj: Json) -> Written:
    if call.resource.namespaced:
        namespaces.require(backend.registry, transaction, resource=call.resource, namespace=call.namespace)
    prepared = prepare_create(call.resource, obj, namespace=call.namespace, birth=backend.birth())
    new, warnings = _settle(backend, call, transaction, Draft(prepared))
    key = Key(call.resource.qualified_name, call.namespace, new["metadata"]["name"])
    if transaction.get(key):
        raise already_exists(call.resource, key.name)
    return Written(transaction.put(key, new), warnings)


def _revise(backend: Backend, call: Call, transaction: Transaction, change: Callable[[Json], Json]) -> Written:
    old = transaction.get(call.key)
    if old is None:
        raise not_found(call.resource, call.name)
    prepared = prepare_update(call.resource, old.object, change(old.object), subresource=call.subresource)
    new, warnings = _settle(backend, call, transaction, Draft(prepared, old.object))
    if unchanged(old.object, new):
        return Written(old, warnings)
    entry = transaction.put(call.key, new)
    Deletion(backend.registry, transaction, backend.clock()).finish(entry)
    return Written(entry, warnings)


@dataclass(frozen=True, slots=True)
class Draft:
    """An object about to be stored, and the one it replaces."""

    object: Json = field(repr=False)
    old: Json | None = field(repr=False, default=None)


def _settle(backend: Backend, call: Call, transaction: Transaction, draft: Draft) -> tuple[Json, tuple[str, ...]]:
    """The object to store, and warnings. Raises 422 with every complaint. A status is not the user's word: nobody
    else judges it."""
    name = draft.object["metadata"].get("name", "")
    if causes := verify(call.resource, draft.object, draft.old):
        raise invalid(call.resource, name, causes)
    if call.subresource:
        return draft.object, ()
    settled = allocate(transaction, call.resource, draft.object)
    admission = backend.admit(call.resource, settled)
    if admission.errors:
        raise invalid(call.resource, name, admission.errors)
    return settled, admission.warnings
