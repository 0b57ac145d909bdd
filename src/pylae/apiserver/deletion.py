"""Delete: one object, a collection, or a namespace with all that is in it, in one transaction.

An object with finalizers is only marked; it goes when the last of them is taken off. Grace periods and propagation
policies are taken and ignored: nothing runs here that would need the one, and nothing is owned that would need the
other.
"""

from dataclasses import dataclass
from datetime import datetime

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
from pylae.apiserver.reads import interest
from pylae.apiserver.transaction import Transaction


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
        """Removes an object, or marks it if something still holds it: then gives back what is left."""
        if resource.qualified_name == NAMESPACES:
            for inner_resource, inner in tuple(namespaces.contents(self.registry, self.transaction, entry.key.name)):
                self.delete(inner_resource, inner)
        marked = prepare_delete(entry.object, now=self.now)
        if not self._is_held(entry.key, marked):
            self._remove(entry)
            return None
        if resource.qualified_name == NAMESPACES:
            marked = namespaces.terminating(marked)
        return entry if unchanged(entry.object, marked) else self.transaction.put(entry.key, marked)

    def finish(self, entry: Entry) -> None:
        """Removes an object that was marked, if the write that made this entry took off the last thing that held it."""
        if is_finished(entry.object) and not self._is_held(entry.key, entry.object):
            self._remove(entry)

    def _is_held(self, key: Key, obj: Json) -> bool:
        if obj["metadata"].get("finalizers"):
            return True
        return key.resource == NAMESPACES and not namespaces.is_empty(self.registry, self.transaction, key.name)

    def _remove(self, entry: Entry) -> None:
        self.transaction.remove(entry)
        if around := self.transaction.get(Key(NAMESPACES, "", entry.key.namespace)):
            self.finish(around)


async def delete(backend: Backend, call: Call) -> web.StreamResponse:
    """DELETE of one object: Status Success with its uid, or the object while finalizers hold it."""
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
    if left is not None:
        return await answer(call.request, call.spelling(backend.clock()).one(left))
    return await answer(call.request, success(_details(call.resource, call.name, entry.uid)))


async def delete_collection(backend: Backend, call: Call) -> web.StreamResponse:
    """DELETE of a collection: all that the selectors choose, or none of it. Namespaces go one by one, as upstream
    (405)."""
    if call.resource.qualified_name == NAMESPACES:
        raise method_not_allowed()
    options = await read_options(call)
    wanted = interest(call)

    def decide(transaction: Transaction) -> None:
        deletion = Deletion(backend.registry, transaction, backend.clock())
        for entry in tuple(transaction.walk(call.resource.qualified_name, call.namespace)):
            if wanted.sees(entry):
                deletion.delete(call.resource, entry)

    await backend.journal.write(decide, dry_run=options.dry_run)
    return await answer(call.request, success(_details(call.resource, "", "")))


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
