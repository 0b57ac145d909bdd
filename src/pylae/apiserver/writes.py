"""Create, replace and patch: each is decided in one step against the newest state, so no writer can overtake another
unseen.

The order is upstream's: read strictly, note who owns what, settle the metadata, allocate, check the structure and the
built-in rules, then ask what the rest of the program thinks (admission). Only what passed all of it is stored, and a
write that changes nothing stores nothing.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import web

from pylae.apimachinery.apply import field_manager
from pylae.apimachinery.apply.server_side_apply import Writer
from pylae.apimachinery.built_in.rules import keep_labels
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import already_exists, invalid, not_found
from pylae.apimachinery.object import prepare_applied, prepare_create, prepare_update, unchanged
from pylae.apimachinery.reading import (
    APPLY_PATCH,
    Patch,
    Reading,
    apply_patch,
    convert,
    media_type,
    read_applied,
    read_object,
    read_patch,
    settle,
)
from pylae.apimachinery.review import review
from pylae.apimachinery.verify import verify
from pylae.apiserver import definitions, namespaces
from pylae.apiserver.allocation import allocate
from pylae.apiserver.answer import answer
from pylae.apiserver.backend import Backend, Call
from pylae.apiserver.deletion import Deletion
from pylae.apiserver.entry import Entry, Key
from pylae.apiserver.transaction import Transaction
from pylae.apiserver.writer import applying, updating


@dataclass(frozen=True, slots=True)
class Written:
    """What a write came to, and what the user should hear about it."""

    entry: Entry
    warnings: tuple[str, ...]
    created: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A PUT or a patch: who writes, and what it makes of the object that is there."""

    writer: Writer
    make: Callable[[Json], Reading] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Applied:
    """A server-side apply: who applies, and what."""

    writer: Writer
    patch: Patch = field(repr=False)


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

    writer = updating(call, backend.clock())
    tracked = field_manager.record_update(call.resource, writer, {}, keep_labels(call.resource, reading.object))

    def decide(transaction: Transaction) -> Written:
        return _with_warnings(reading, _create(backend, call, transaction, tracked))

    return await _write(backend, call, decide)


async def replace(backend: Backend, call: Call) -> web.StreamResponse:
    """PUT: the object as given takes the place of the one there; 409 if it was read at another revision."""
    reading = read_object(
        call.resource,
        call.version,
        await call.request.read(),
        content_type=call.request.headers.get("Content-Type", ""),
        validation=call.query.validation,
    )
    writer = updating(call, backend.clock())
    return await _write(backend, call, partial(update, backend, call, Change(writer, lambda _: reading)))


async def patch(backend: Backend, call: Call) -> web.StreamResponse:
    """PATCH: the newest state, changed. A patch never conflicts unless it carries a resourceVersion that is not the
    newest, or applies what others own."""
    content_type = call.request.headers.get("Content-Type", "")
    body = await call.request.read()
    if media_type(content_type) == APPLY_PATCH:
        applier, applied = applying(call, backend.clock()), read_applied(call.resource, call.version, body)
        return await _write(backend, call, partial(_apply, backend, call, Applied(applier, applied)))
    writer, wanted = updating(call, backend.clock()), read_patch(call.resource, body, content_type)

    def change(old: Json) -> Reading:
        patched = apply_patch(call.resource, convert(call.resource, old, call.version), wanted)
        return _settled(call, patched, wanted)

    return await _write(backend, call, partial(update, backend, call, Change(writer, change)))


async def _write(backend: Backend, call: Call, decide: Callable[[Transaction], Written]) -> web.StreamResponse:
    written = await backend.journal.write(decide, dry_run=call.query.dry_run)
    body, warnings = call.spelling(backend.clock()).one(written.entry), (*written.warnings, call.resource.notice)
    return await answer(call.request, body, status=201 if written.created else 200, warnings=warnings)


def update(backend: Backend, call: Call, change: Change, transaction: Transaction) -> Written:
    """Replaces the object that is there by what the change makes of it."""
    old = transaction.get(call.key)
    if old is None:
        raise not_found(call.resource, call.name)
    reading = change.make(old.object)
    new = keep_labels(call.resource, reading.object)
    tracked = field_manager.record_update(call.resource, change.writer, old.object, new)
    return _with_warnings(reading, revise(backend, call, transaction, old, tracked))


def _apply(backend: Backend, call: Call, wanted: Applied, transaction: Transaction) -> Written:
    """Server-side apply: creates what is not there, and merges into what is."""
    old = transaction.get(call.key)
    if old is None and call.subresource:
        raise not_found(call.resource, call.name)
    live = convert(call.resource, old.object, call.version) if old else {}
    document, force = wanted.patch.document, bool(call.query.force)
    merged = field_manager.apply(call.resource, wanted.writer, live, document, force=force)
    reading = _settled(call, merged, wanted.patch)
    if old:
        return _with_warnings(reading, revise(backend, call, transaction, old, reading.object))
    new = prepare_applied(call.resource, call.name, reading.object)
    return _with_warnings(reading, _create(backend, call, transaction, new))


def _settled(call: Call, value: Any, wanted: Patch) -> Reading:
    validation, duplicates = call.query.validation, wanted.duplicates
    return settle(call.resource, call.version, value, validation=validation, duplicates=duplicates)


def _with_warnings(reading: Reading, written: Written) -> Written:
    return dataclasses.replace(written, warnings=(*reading.warnings, *written.warnings))


def _create(backend: Backend, call: Call, transaction: Transaction, obj: Json) -> Written:
    definitions.require(call.resource)
    if call.resource.namespaced:
        namespaces.require(backend.registry, transaction, resource=call.resource, namespace=call.namespace)
    prepared = prepare_create(call.resource, obj, namespace=call.namespace, birth=backend.birth())
    new, warnings = _settle(backend, call, transaction, Draft(prepared))
    key = Key(call.resource.storage_name, call.namespace, new["metadata"]["name"])
    if transaction.get(key):
        raise already_exists(call.resource, key.name)
    return Written(transaction.put(key, new), warnings, created=True)


def revise(backend: Backend, call: Call, transaction: Transaction, old: Entry, changed: Json) -> Written:
    """Stores what somebody wants in place of an object that is there; its owners are noted already."""
    prepared = prepare_update(call.resource, old.object, changed, subresource=call.subresource)
    new, warnings = _settle(backend, call, transaction, Draft(prepared, old))
    if unchanged(old.object, new):
        return Written(old, warnings)
    entry = transaction.put(call.key, new)
    Deletion(backend.registry, transaction, backend.clock()).finish(entry)
    return Written(entry, warnings)


@dataclass(frozen=True, slots=True)
class Draft:
    """An object about to be stored, and the one it replaces."""

    object: Json = field(repr=False)
    old: Entry | None = field(repr=False, default=None)


def _settle(backend: Backend, call: Call, transaction: Transaction, draft: Draft) -> tuple[Json, tuple[str, ...]]:
    """The object to store, and warnings. Raises 422 with every complaint. A status is not the user's word: nobody
    else judges it."""
    name = draft.object["metadata"].get("name", "")
    if causes := verify(call.resource, draft.object, draft.old.object if draft.old else None):
        raise invalid(call.resource, name, causes)
    if call.subresource:
        return draft.object, ()
    allocated = allocate(transaction, call.resource, draft.object)
    settled = definitions.granted(transaction, call.resource, allocated, backend.clock())
    admission = backend.admit(call.resource, settled)
    if admission.errors:
        raise invalid(call.resource, name, admission.errors)
    return settled, (*admission.warnings, *definitions.warnings(backend.registry, call.resource, settled))
