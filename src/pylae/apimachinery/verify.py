"""Is an object right, once its structure is? Metadata first, then the rules of its kind. All problems are gathered."""

from collections.abc import Iterator

from pylae.apimachinery.built_in.rules import check_built_in
from pylae.apimachinery.custom.object import check_custom
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, not_allowed
from pylae.apimachinery.name import check_metadata
from pylae.apimachinery.resource import Resource


def verify(resource: Resource, obj: Json, old: Json | None = None) -> tuple[Cause, ...]:
    """What is wrong with an object that is about to be stored; `old` is what it replaces, if anything.

    To be called on what `prepare_create` or `prepare_update` gave. The causes make one `failure.invalid`.
    """
    return tuple(_verify(resource, obj, old))


def _verify(resource: Resource, obj: Json, old: Json | None) -> Iterator[Cause]:
    yield from check_metadata(resource.qualified_name, obj["metadata"])
    if old is not None and "deletionTimestamp" in old["metadata"]:
        added = set(obj["metadata"].get("finalizers", ())) - set(old["metadata"].get("finalizers", ()))
        if added:
            yield not_allowed("metadata.finalizers", "no new finalizers can be added if the object is being deleted")
    yield from check_built_in(resource, obj, old)
    if resource.custom:
        yield from check_custom(resource.custom, resource.schema, obj, old)
