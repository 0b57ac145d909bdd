"""The `scale` subresource: an object's number of replicas, read and written by itself."""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import web

from pylae.apimachinery.document import Json, strict_json
from pylae.apimachinery.failure import not_found, unsupported_media_type
from pylae.apimachinery.patch import json_patch, merge_patch
from pylae.apimachinery.reading import APPLY_PATCH, JSON_PATCH, Reading, convert, media_type, read_body, settle
from pylae.apimachinery.scale import scale_of, scaled
from pylae.apiserver.answer import answer
from pylae.apiserver.backend import Backend, Call
from pylae.apiserver.entry import Entry
from pylae.apiserver.writer import updating
from pylae.apiserver.writes import Change, update


async def get(backend: Backend, call: Call) -> web.StreamResponse:
    """The Scale of an object."""
    entry = backend.cache.get(call.key)
    if entry is None:
        raise not_found(call.resource, call.name)
    return await _answer(call, entry)


async def replace(backend: Backend, call: Call) -> web.StreamResponse:
    """PUT of a Scale."""
    body = await call.request.read()
    scale = read_body(body, call.request.headers.get("Content-Type", ""))[0]
    return await _write(backend, call, lambda _: scale)


async def patch(backend: Backend, call: Call) -> web.StreamResponse:
    """PATCH of a Scale. Its lists are none, so a strategic merge patch of it is a merge patch."""
    kind, body = media_type(call.request.headers.get("Content-Type", "")), await call.request.read()
    if kind == APPLY_PATCH:
        raise unsupported_media_type("a scale takes no server-side apply here: patch --type=merge")
    document = strict_json(body)[0]
    change = json_patch if kind == JSON_PATCH else merge_patch
    return await _write(backend, call, lambda scale: change(scale, document))


async def _write(backend: Backend, call: Call, change: Callable[[Json], Any]) -> web.StreamResponse:
    """A write of the whole object that changes nothing but the number."""
    whole = dataclasses.replace(call, subresource="")

    def make(old: Json) -> Reading:
        shown = convert(call.resource, old, call.version)
        wanted = scaled(call.resource, shown, change(scale_of(call.resource, shown)))
        return settle(call.resource, call.version, wanted, validation=call.query.validation)

    decide = partial(update, backend, whole, Change(updating(whole, backend.clock()), make))
    written = await backend.journal.write(decide, dry_run=call.query.dry_run)
    return await _answer(call, written.entry)


async def _answer(call: Call, entry: Entry) -> web.StreamResponse:
    return await answer(call.request, scale_of(call.resource, convert(call.resource, entry.object, call.version)))
