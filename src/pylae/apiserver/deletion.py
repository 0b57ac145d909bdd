"""Delete: one object, a collection, or a namespace with all that is in it.

An object with finalizers is only marked; it goes when the last of them is taken off. Grace periods and propagation
policies are taken and ignored: nothing runs here that would need the one, and nothing is owned that would need the
other.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final

from aiohttp import web

from pylae.apimachinery.custom.definition_schema import DEFINITIONS
from pylae.apimachinery.custom.definition_status import CLEANUP, terminating
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import (
    Cause,
    bad_request,
    invalid_options,
    invalid_value,
    method_not_allowed,
    not_found,
    unsupported,
)
from pylae.apimachinery.object import check_preconditions, prepare_delete, rfc3339, unchanged
from pylae.apimachinery.reading import read_body
from pylae.apimachinery.resource import Registry, Resource
from pylae.apiserver import definitions, namespaces
from pylae.apiserver.answer import answer, stream, success
from pylae.apiserver.backend import Backend, Call
from pylae.apiserver.entry import Entry, Key
from pylae.apiserver.namespaces import NAMESPACES
from pylae.apiserver.query import read_dry_run
from pylae.apiserver.reader import Range
from pylae.apiserver.reads import interest
from pylae.apiserver.transaction import Transaction
from pylae.apiserver.walk import Walk

POLICIES: Final = ("Background", "Foreground", "Orphan")
SHOWN: Final = ("pods", "serviceaccounts", "services")
"""What the answer to a deletion of these is the object itself, as upstream (`ReturnDeletedObject`)."""

AT_ONCE: Final = 100
"""Objects of a namespace that are ended in one step."""


@dataclass(frozen=True, slots=True)
class Options:
    """What we heed of DeleteOptions."""

    preconditions: Json
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Deletion:
    """Deletions within one transaction."""

    registry: Registry
    transaction: Transaction
    now: datetime

    def delete(self, entry: Entry) -> Entry | None:
        """Removes an object, or marks it if something still holds it: then gives back what is left.

        A namespace takes along what is in it, and a definition the objects of its kind; if that is much, it is
        marked, and `empty` is to be called again.
        """
        self._end_some(entry.key)
        left = self._end(entry)
        if left is None:
            self._finish_around(entry.key)
        return left

    def finish(self, entry: Entry) -> None:
        """Removes an object that was marked, if the write that made this entry took off the last thing that held it."""
        if _is_marked(entry) and not self._is_held(entry.key, entry.object):
            self._remove(entry)
            self._finish_around(entry.key)

    def empty(self, key: Key) -> bool:
        """Removes some of what is in a namespace or of what a definition defines, and itself if it is marked and that
        was all; says whether there is more to do."""
        ended = self._end_some(key)
        if around := self.transaction.get(key):
            self.finish(around)
        return ended == AT_ONCE

    def _contents(self, key: Key) -> Iterator[Entry]:
        """What goes with an object."""
        if key.resource == NAMESPACES:
            return (entry for _, entry in namespaces.contents(self.registry, self.transaction, key.name))
        if key.resource == DEFINITIONS:
            return definitions.contents(self.registry, self.transaction, key.name)
        return iter(())

    def _end_some(self, key: Key) -> int:
        some = tuple(islice((entry for entry in self._contents(key) if not _is_marked(entry)), AT_ONCE))
        for entry in some:
            self._end(entry)
        return len(some)

    def _remove(self, entry: Entry) -> None:
        self.transaction.remove(entry)
        if entry.key.resource == DEFINITIONS:
            definitions.release(self.transaction, entry, self.now)

    def _end(self, entry: Entry) -> Entry | None:
        marked = prepare_delete(entry.object, now=self.now)
        if not self._is_held(entry.key, marked):
            self._remove(entry)
            return None
        if entry.key.resource == NAMESPACES:
            marked = namespaces.terminating(marked)
        if entry.key.resource == DEFINITIONS:
            marked = terminating(marked, rfc3339(self.now))
        return entry if unchanged(entry.object, marked) else self.transaction.put(entry.key, marked)

    def _is_held(self, key: Key, obj: Json) -> bool:
        others = [finalizer for finalizer in obj["metadata"].get("finalizers", ()) if finalizer != CLEANUP]
        return bool(others) or next(self._contents(key), None) is not None

    def _finish_around(self, key: Key) -> None:
        """What held only this object may go now: its namespace, the definition of its kind."""
        for place in (Key(NAMESPACES, "", key.namespace), definitions.key_of(key.resource)):
            if around := self.transaction.get(place):
                self.finish(around)


async def delete(backend: Backend, call: Call) -> web.StreamResponse:
    """DELETE of one object: Status Success with its uid, or the object while finalizers hold it.

    A namespace with much in it is emptied step by step, and others are served in between. If that is interrupted, it
    stays marked and may be deleted again.
    """
    options = await read_options(call)

    def decide(transaction: Transaction) -> tuple[Entry, Entry | None]:
        entry = transaction.get(call.key)
        if entry is None:
            raise not_found(call.resource, call.name)
        if call.resource.qualified_name == NAMESPACES:
            namespaces.check_may_end(call.resource, call.name)
        check_preconditions(call.resource, entry.object, options.preconditions)
        return entry, Deletion(backend.registry, transaction, backend.clock()).delete(entry)

    entry, left = await backend.journal.write(decide, dry_run=options.dry_run)
    if left is not None and call.resource.qualified_name in (NAMESPACES, DEFINITIONS) and not options.dry_run:
        left = await _empty(backend, call)
    if left is None and call.resource.qualified_name in SHOWN:
        left = entry
    if left is not None:
        return await answer(call.request, call.spelling(backend.clock()).one(left))
    return await answer(call.request, success(_details(call.resource, call.name, entry.uid)))


async def _empty(backend: Backend, call: Call) -> Entry | None:
    """Empties a namespace or a definition that is marked; gives back what is left of it."""

    def decide(transaction: Transaction) -> bool:
        return Deletion(backend.registry, transaction, backend.clock()).empty(call.key)

    while await backend.journal.write(decide):
        pass
    return backend.cache.get(call.key)


async def delete_collection(backend: Backend, call: Call) -> web.StreamResponse:
    """DELETE of a collection: all that the selectors choose, a slice at a time, answered as the list of what there was.
    Namespaces go one by one, as upstream (405)."""
    if call.resource.qualified_name == NAMESPACES:
        raise method_not_allowed()
    options = await read_options(call)
    walk = Walk(backend.cache, interest(call), Range(call.resource.storage_name))
    spelling, metadata = call.spelling(backend.clock()), {"resourceVersion": str(backend.cache.revision)}

    async def delete_slice() -> bytes:
        delete = partial(_delete_some, backend, call, [entry.key for entry in walk.step()])
        return spelling.items(await backend.journal.write(delete, dry_run=options.dry_run))

    async def pieces(first: bytes) -> AsyncGenerator[bytes, None]:
        comma = b"," if first else b""
        yield spelling.opening() + first
        while not walk.is_over:
            if deleted := await delete_slice():
                yield comma + deleted
                comma = b","
        yield spelling.closing(metadata)

    first = await delete_slice()
    if walk.is_over:
        return await answer(call.request, spelling.opening() + first + spelling.closing(metadata))
    return await stream(call.request, pieces(first), patience=backend.limits.stalled_after, compress=True)


def _delete_some(backend: Backend, call: Call, keys: Iterable[Key], transaction: Transaction) -> list[Entry]:
    wanted, deletion = interest(call), Deletion(backend.registry, transaction, backend.clock())
    chosen = [entry for key in keys if (entry := transaction.get(key)) and wanted.sees(entry)]
    for entry in chosen:
        deletion.delete(entry)
    return chosen


async def read_options(call: Call) -> Options:
    """DeleteOptions of the body (JSON or protobuf; kubectl and client-go send either) and of the query."""
    body = await call.request.read()
    given = read_body(body, call.request.headers.get("Content-Type", ""))[0] if body else {}
    if not isinstance(given, dict):
        raise bad_request("the body of a DELETE must be DeleteOptions")
    stages = given.get("dryRun") or []
    preconditions = given.get("preconditions") or {}
    if not isinstance(stages, list) or not isinstance(preconditions, dict):
        raise bad_request("DeleteOptions: dryRun must be a list and preconditions an object")
    if causes := [*_wrong_in_options(given)]:
        raise invalid_options("DeleteOptions", causes)
    return Options(preconditions, call.query.dry_run or any(read_dry_run(str(stage)) for stage in stages))


def _wrong_in_options(given: Json) -> Iterator[Cause]:
    """What upstream's ValidateDeleteOptions finds."""
    policy = given.get("propagationPolicy")
    if policy is not None and given.get("orphanDependents") is not None:
        why = "orphanDependents and deletionPropagation cannot be both set"
        yield invalid_value("propagationPolicy", policy, why)
    if policy not in (None, *POLICIES):
        yield unsupported("propagationPolicy", policy, POLICIES)


def _details(resource: Resource, name: str, uid: str) -> Json:
    details = {"name": name, "group": resource.group, "kind": resource.plural, "uid": uid}
    return {key: value for key, value in details.items() if value}


def _is_marked(entry: Entry) -> bool:
    return "deletionTimestamp" in entry.object["metadata"]
