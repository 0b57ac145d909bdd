"""Delete: one object, a collection, or a namespace with all that is in it.

An object with finalizers is only marked; it goes when the last of them is taken off. Grace periods and propagation
policies are taken and ignored: nothing runs here that would need the one, and nothing is owned that would need the
other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final

from aiohttp import web

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import bad_request, method_not_allowed, not_found
from pylae.apimachinery.object import check_preconditions, is_finished, prepare_delete, unchanged
from pylae.apimachinery.reading import read_body
from pylae.apimachinery.resource import Registry, Resource
from pylae.apiserver import namespaces
from pylae.apiserver.answer import answer, success
from pylae.apiserver.backend import Backend, Call
from pylae.apiserver.entry import Entry, Key
from pylae.apiserver.namespaces import NAMESPACES
from pylae.apiserver.query import read_dry_run
from pylae.apiserver.reader import Range
from pylae.apiserver.reads import interest
from pylae.apiserver.transaction import Transaction
from pylae.apiserver.walk import Walk

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

    def delete(self, resource: Resource, entry: Entry) -> Entry | None:
        """Removes an object, or marks it if something still holds it: then gives back what is left.

        A namespace takes along what is in it; if that is much, it is marked, and `empty` is to be called again.
        """
        if resource.qualified_name == NAMESPACES:
            self._end_some(entry.key.name)
        left = self._end(entry)
        if left is None:
            self._finish_namespace(entry.key.namespace)
        return left

    def finish(self, entry: Entry) -> None:
        """Removes an object that was marked, if the write that made this entry took off the last thing that held it."""
        if is_finished(entry.object) and not self._is_held(entry.key, entry.object):
            self.transaction.remove(entry)
            self._finish_namespace(entry.key.namespace)

    def empty(self, namespace: str) -> bool:
        """Removes some of what is in a namespace, and itself if it is marked and that was all; says whether there is
        more to do."""
        ended = self._end_some(namespace)
        self._finish_namespace(namespace)
        return ended == AT_ONCE

    def _end_some(self, namespace: str) -> int:
        inside = (entry for _, entry in namespaces.contents(self.registry, self.transaction, namespace))
        some = tuple(islice((entry for entry in inside if not _is_marked(entry)), AT_ONCE))
        for entry in some:
            self._end(entry)
        return len(some)

    def _end(self, entry: Entry) -> Entry | None:
        marked = prepare_delete(entry.object, now=self.now)
        if not self._is_held(entry.key, marked):
            self.transaction.remove(entry)
            return None
        if entry.key.resource == NAMESPACES:
            marked = namespaces.terminating(marked)
        return entry if unchanged(entry.object, marked) else self.transaction.put(entry.key, marked)

    def _is_held(self, key: Key, obj: Json) -> bool:
        if obj["metadata"].get("finalizers"):
            return True
        return key.resource == NAMESPACES and not namespaces.is_empty(self.registry, self.transaction, key.name)

    def _finish_namespace(self, name: str) -> None:
        if around := self.transaction.get(Key(NAMESPACES, "", name)):
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
        return entry, Deletion(backend.registry, transaction, backend.clock()).delete(call.resource, entry)

    entry, left = await backend.journal.write(decide, dry_run=options.dry_run)
    if left is not None and call.resource.qualified_name == NAMESPACES and not options.dry_run:
        left = await _empty(backend, call)
    if left is not None:
        return await answer(call.request, call.spelling(backend.clock()).one(left))
    return await answer(call.request, success(_details(call.resource, call.name, entry.uid)))


async def _empty(backend: Backend, call: Call) -> Entry | None:
    """Empties a namespace that is marked; gives back what is left of it."""

    def decide(transaction: Transaction) -> bool:
        return Deletion(backend.registry, transaction, backend.clock()).empty(call.name)

    while await backend.journal.write(decide):
        pass
    return backend.cache.get(call.key)


async def delete_collection(backend: Backend, call: Call) -> web.StreamResponse:
    """DELETE of a collection: all that the selectors choose, a slice at a time. Namespaces go one by one, as upstream
    (405)."""
    if call.resource.qualified_name == NAMESPACES:
        raise method_not_allowed()
    options = await read_options(call)
    walk = Walk(backend.cache, interest(call), Range(call.resource.qualified_name))
    while not walk.is_over:
        keys = [entry.key for entry in walk.step()]
        await backend.journal.write(partial(_delete_some, backend, call, keys), dry_run=options.dry_run)
    return await answer(call.request, success(_details(call.resource, "", "")))


def _delete_some(backend: Backend, call: Call, keys: Iterable[Key], transaction: Transaction) -> None:
    wanted, deletion = interest(call), Deletion(backend.registry, transaction, backend.clock())
    for key in keys:
        entry = transaction.get(key)
        if entry and wanted.sees(entry):
            deletion.delete(call.resource, entry)


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
    return Options(preconditions, call.query.dry_run or any(read_dry_run(str(stage)) for stage in stages))


def _details(resource: Resource, name: str, uid: str) -> Json:
    details = {"name": name, "group": resource.group, "kind": resource.plural, "uid": uid}
    return {key: value for key, value in details.items() if value}


def _is_marked(entry: Entry) -> bool:
    return "deletionTimestamp" in entry.object["metadata"]
