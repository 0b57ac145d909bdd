"""CustomResourceDefinitions within a write: what they are granted, what they hold, and what becomes of their objects.

Objects of a custom kind are stored under the name of its definition, so a definition knows its own by its name.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from pylae.apimachinery.columns.column import dig
from pylae.apimachinery.custom import definition_version
from pylae.apimachinery.custom.definition_schema import DEFINITIONS
from pylae.apimachinery.custom.definition_status import established, waits_for_names
from pylae.apimachinery.document import Json, same
from pylae.apimachinery.failure import method_not_allowed
from pylae.apimachinery.object import rfc3339
from pylae.apimachinery.registry import is_own
from pylae.apimachinery.resource import Registry, Resource
from pylae.apiserver.entry import Entry, Key
from pylae.apiserver.transaction import Transaction

ENDING: Final = "create not allowed while custom resource definition is terminating"
OWN: Final = "{} is served by Pylae itself: its own schema, columns and versions hold, not those of this definition"


def require(resource: Resource) -> None:
    """Raises 405 where nothing new is taken, since the definition of the kind is on its way out."""
    if resource.custom and resource.custom.terminating:
        raise method_not_allowed(ENDING)


def granted(transaction: Transaction, resource: Resource, obj: Json, now: datetime) -> Json:
    """A definition with its status; any other object as it is."""
    if resource.qualified_name != DEFINITIONS:
        return obj
    others = (entry.object for entry in transaction.walk(DEFINITIONS) if entry.key.name != obj["metadata"]["name"])
    return established(obj, others, rfc3339(now))


def warnings(registry: Registry, resource: Resource, obj: Json) -> tuple[str, ...]:
    """What the writer of a definition should hear."""
    if resource.qualified_name != DEFINITIONS:
        return ()
    if is_own(registry, name := obj["metadata"]["name"]):
        return (OWN.format(name),)
    return tuple(definition_version.warnings(obj))


def contents(registry: Registry, transaction: Transaction, name: str) -> Iterator[Entry]:
    """The objects of a definition; none of a kind that is served whether it is defined or not."""
    return iter(()) if is_own(registry, name) else transaction.walk(name)


def release(transaction: Transaction, gone: Entry, now: datetime) -> None:
    """Grants the names of a definition that is gone to those that waited for them."""
    every = [entry for entry in transaction.walk(DEFINITIONS) if _is_of_group(entry, gone)]
    for entry in every:
        if waits_for_names(entry.object):
            others = (other.object for other in every if other.key != entry.key)
            new = established(entry.object, others, rfc3339(now))
            if not same(new, entry.object):
                transaction.put(entry.key, new)


def key_of(resource: str) -> Key:
    """The definition that a kind of this name has, if it has one."""
    return Key(DEFINITIONS, "", resource)


def _is_of_group(entry: Entry, other: Entry) -> bool:
    return bool(dig(entry.object, "spec", "group") == dig(other.object, "spec", "group"))
