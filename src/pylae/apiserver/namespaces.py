"""Namespaces: what may be made in them, which of them stay, and what is in them."""

from collections.abc import Callable, Iterator
from typing import Final

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, forbidden, not_found
from pylae.apimachinery.object import Birth, prepare_create
from pylae.apimachinery.resource import Registry, Resource
from pylae.apiserver.entry import Entry, Key
from pylae.apiserver.transaction import Transaction

NAMESPACES: Final = "namespaces"
PERMANENT: Final = ("default", "kube-system", "istio-system")
"""Made at the first start and never deleted: kubectl's own default, and where the gateway and its Secrets live."""


def require(registry: Registry, transaction: Transaction, *, resource: Resource, namespace: str) -> None:
    """Raises unless something may be created in a namespace: 404 if it is not there, 403 if it is on its way out."""
    entry = transaction.get(Key(NAMESPACES, "", namespace))
    if entry is None:
        raise not_found(registry.named(NAMESPACES), namespace)
    if "deletionTimestamp" in entry.object["metadata"]:
        why = f"unable to create new content in namespace {namespace} because it is being terminated"
        refused = forbidden(resource, "", why)
        cause = Cause("metadata.namespace", "NamespaceTerminating", f"namespace {namespace} is being terminated")
        refused.details["causes"] = [cause.document()]
        raise refused


def contents(registry: Registry, transaction: Transaction, namespace: str) -> Iterator[tuple[Resource, Entry]]:
    """Every object in a namespace, with its resource."""
    for resource in registry:
        if resource.namespaced and not resource.virtual:
            for entry in transaction.walk(resource.qualified_name, namespace):
                yield resource, entry


def check_may_end(resource: Resource, name: str) -> None:
    """Raises 403 for a namespace that stays."""
    if name in PERMANENT:
        raise forbidden(resource, name, "this namespace may not be deleted")


def terminating(obj: Json) -> Json:
    """A namespace that waits for the finalizers of what is in it."""
    return {**obj, "status": {**(obj.get("status") or {}), "phase": "Terminating"}}


def ensure_permanent(registry: Registry, transaction: Transaction, birth: Callable[[], Birth]) -> None:
    """Makes the namespaces that are always there, where they are not."""
    resource = registry.named(NAMESPACES)
    for name in PERMANENT:
        key = Key(NAMESPACES, "", name)
        if transaction.get(key) is None:
            transaction.put(key, prepare_create(resource, {"metadata": {"name": name}}, namespace="", birth=birth()))
