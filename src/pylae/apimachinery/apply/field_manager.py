"""What the server does about `metadata.managedFields` at every write, and with what is applied.

The pieces are those of upstream's field manager: whose word on the owners counts, objects from before there were any,
and the kindness that `kubectl apply --server-side` shows to what `kubectl apply` wrote (apimachinery, package
managedfields; https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply).
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import msgspec

from pylae.api.core import LAST_APPLIED
from pylae.apimachinery.apply import managed_fields, server_side_apply
from pylae.apimachinery.apply.built_in_topology import built_in
from pylae.apimachinery.apply.field_set import NOTHING, FieldSet, text
from pylae.apimachinery.apply.managed_fields import Managed, updater, with_entries
from pylae.apimachinery.apply.path_element import field
from pylae.apimachinery.apply.server_side_apply import Conflicts, Result, Writer
from pylae.apimachinery.apply.topology import Topology, from_schema, reconciled
from pylae.apimachinery.apply.typed import compare, duplicates, fields_of
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, Failure, apply_conflict, bad_request
from pylae.apimachinery.reading import kind_of
from pylae.apimachinery.resource import Resource
from pylae.apimachinery.schema import prune

KUBECTL: Final = "kubectl"
"""The manager that takes over from `kubectl apply`, unless a user chooses another."""
BEFORE: Final = "before-first-apply"
STATUS: Final[FieldSet] = frozenset({(field("status"),)})
CONFLICT: Final = "FieldManagerConflict"


@lru_cache(maxsize=1024)
def topology_of(resource: Resource) -> Topology:
    """How objects of a kind are put together. A kind that is redefined is another resource."""
    return built_in(resource.qualified_name) if resource.strategic else from_schema(resource.schema)


@lru_cache(maxsize=1024)
def written_elsewhere(resource: Resource, subresource: str) -> FieldSet:
    """The fields that a write to this endpoint leaves as they are."""
    if subresource == "status":
        return frozenset((field(name),) for name in resource.schema["properties"]) - STATUS
    return STATUS if resource.has_status else NOTHING


def record_update(resource: Resource, writer: Writer, live: Json, new: Json) -> Json:
    """The new object with its owners, after a create (`live` is `{}`), an update or a patch."""
    managed = _claimed(resource, writer, live, new)
    if not managed and live:
        return with_entries(new, None)  # nobody owned anything: as upstream, only an apply begins to keep account
    after = server_side_apply.update(writer, _bare(live), _bare(new), managed)
    return with_entries(new, managed_fields.write(after))


def apply(resource: Resource, writer: Writer, live: Json, applied: Json, *, force: bool) -> Json:
    """The live object (`{}` if there is none) with what is applied, and its owners.

    Raises a `Failure`: 409 for conflicts, 400 for managedFields in what is applied and for what has no shape.
    """
    if applied.get("metadata", {}).get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    _check_shape(resource, writer.topology, applied)
    managed = _owners(resource, writer, live)
    if not managed and live:
        before = replace(writer, owner=updater(BEFORE, writer.version, writer.owner.subresource))
        managed = server_side_apply.update(before, {}, _bare(live), {})
    try:
        result = _apply_kindly(writer, _bare(live), applied, managed, force=force)
    except Conflicts as conflicts:
        raise _refused(conflicts) from None
    return with_entries(_with_last_applied(writer, result.object, applied), managed_fields.write(result.managed))


def _claimed(resource: Resource, writer: Writer, live: Json, new: Json) -> Managed:
    """The owners before a write: as the client says, if it says anything, and the object is what it writes."""
    entries = new.get("metadata", {}).get("managedFields")
    if writer.owner.subresource or entries is None:
        return _owners(resource, writer, live)
    if managed_fields.is_reset(entries):
        return {}
    return _present(resource, writer, managed_fields.read(entries)) or _owners(resource, writer, live)


def _owners(resource: Resource, writer: Writer, obj: Json) -> Managed:
    return _present(resource, writer, managed_fields.read(obj.get("metadata", {}).get("managedFields", [])))


def _present(resource: Resource, writer: Writer, managed: Managed | None) -> Managed:
    """The owners in versions that are still served, by the schema of today."""
    served = {resource.group_version(version) for version in resource.versions}
    found = {owner: share for owner, share in (managed or {}).items() if share.version in served}
    if resource.strategic:
        return found
    return {owner: replace(each, fields=reconciled(writer.topology, each.fields)) for owner, each in found.items()}


def _apply_kindly(writer: Writer, live: Json, applied: Json, managed: Managed, *, force: bool) -> Result:
    """kubectl may take over what `kubectl apply` wrote and nobody has changed since."""
    try:
        return server_side_apply.apply(writer, live, applied, managed, force=force)
    except Conflicts as conflicts:
        theirs = _last_applied(writer, live) if writer.owner.manager == KUBECTL else NOTHING
        left = {owner: rest for owner, fields in conflicts.owned.items() if (rest := fields - theirs)}
        if left:
            raise Conflicts(left) from None
    return server_side_apply.apply(writer, live, applied, managed, force=True)


def _last_applied(writer: Writer, live: Json) -> FieldSet:
    """The fields that still are as `kubectl apply` once wrote them."""
    try:
        last = msgspec.json.decode(_annotation(live) or "null")
    except msgspec.DecodeError:
        return NOTHING
    if not isinstance(last, dict) or last.get("apiVersion") != writer.version:
        return NOTHING
    changes = compare(writer.topology, last, live)
    return fields_of(writer.topology, last) - changes.written - changes.removed


def _with_last_applied(writer: Writer, obj: Json, applied: Json) -> Json:
    """The annotation of `kubectl apply` is kept right, so that one may go back to it."""
    if writer.owner.manager != KUBECTL or not _annotation(obj):
        return obj
    metadata: Json = dict(applied.get("metadata", {}))
    if isinstance(annotations := metadata.get("annotations"), dict):
        metadata["annotations"] = {key: value for key, value in annotations.items() if key != LAST_APPLIED}
    last = msgspec.json.encode({**applied, "metadata": metadata}, order="sorted").decode() + "\n"
    annotations = {**obj["metadata"]["annotations"], LAST_APPLIED: last}
    return {**obj, "metadata": {**obj["metadata"], "annotations": annotations}}


def _check_shape(resource: Resource, topology: Topology, applied: Json) -> None:
    """Raises 400 for fields that there are not, and for lists that have an item twice. Upstream says the same with 500;
    but the mistake is the client's."""
    complaints = [f".{path}: field not declared in schema" for path in prune(resource.schema, applied)[1]]
    twice = dict.fromkeys(duplicates(topology, applied))
    complaints += (f"{text(path)}: duplicate entries for key {text((element,))}" for path, element in twice)
    if complaints:
        metadata: Mapping[str, Any] = applied.get("metadata", {})
        about = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {kind_of(applied)}"
        listed = complaints[0] if len(complaints) == 1 else "\n  ".join(("errors:", *complaints))
        raise bad_request(f"failed to create typed patch object ({about}): {listed}")


def _refused(conflicts: Conflicts) -> Failure:
    causes = [Cause(text(path), CONFLICT, f"conflict with {owner}") for owner, path in conflicts.pairs()]
    return apply_conflict(str(conflicts), causes)


def _annotation(obj: Json) -> Any:
    annotations = obj.get("metadata", {}).get("annotations")
    return annotations.get(LAST_APPLIED) if isinstance(annotations, dict) else None


def _bare(obj: Json) -> Json:
    return with_entries(obj, None) if obj else obj
