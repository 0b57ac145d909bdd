"""What the API server itself does to an object's metadata when it is created, changed and deleted.

The identity of an object (uid, creation time, generation, deletion time) is the server's: whatever a client sends for
it is ignored, and two writers who looked at different versions are told apart by `resourceVersion`. The clock and the
entropy come in as a `Birth`. Nothing here changes its arguments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pylae.apimachinery.apply.managed_fields import with_entries, without_times
from pylae.apimachinery.built_in.rules import carry_over, initial_status, keep_labels
from pylae.apimachinery.document import Json, same
from pylae.apimachinery.failure import Failure, bad_request, conflict
from pylae.apimachinery.resource import Resource

GENERATED_NAME_LENGTH: Final = 63
SUFFIX_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
"""What random suffixes are made of: no vowels, so no words; no characters that look alike."""

SERVERS_OWN: Final = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
DROPPED: Final = ("selfLink",)
NAMESPACE_DIFFERS: Final = "the namespace of the provided object does not match the namespace sent on the request"


@dataclass(frozen=True, slots=True)
class Birth:
    """What a new object gets from outside: a uid, the moment, and five characters of `SUFFIX_ALPHABET` for its name."""

    uid: str
    now: datetime
    suffix: str


def prepare_create(resource: Resource, obj: Json, *, namespace: str, birth: Birth) -> Json:
    """The object as it will be stored, without resourceVersion. Names are checked by `verify`, not here.

    Raises 400 if it names another namespace than the request, or already has a resourceVersion.
    """
    metadata = dict(obj.get("metadata", {}))
    if metadata.get("resourceVersion"):
        raise bad_request("resourceVersion should not be set on objects to be created")
    _claim_namespace(resource, metadata, namespace)
    for key in (*SERVERS_OWN, *DROPPED, "resourceVersion"):
        metadata.pop(key, None)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = generated_name(metadata["generateName"], birth.suffix)
    metadata |= {"uid": birth.uid, "creationTimestamp": rfc3339(birth.now)}
    if resource.has_generation:
        metadata["generation"] = 1
    created = {**obj, "apiVersion": resource.group_version(), "kind": resource.kind, "metadata": metadata}
    if resource.has_status:
        created = _with_status(created, initial_status(resource))
    return keep_labels(resource, created)


def prepare_applied(resource: Resource, name: str, obj: Json) -> Json:
    """An object that server-side apply creates. Raises 400 unless it has the name of the request, 409 if it is meant to
    be one that was there. A resourceVersion says nothing of what is not there."""
    metadata = obj.get("metadata", {})
    if metadata.get("name") != name:
        raise bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
            if metadata.get("name")
            else f"the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )
    if uid := metadata.get("uid"):
        why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        raise conflict(resource, name, why)
    return {**obj, "metadata": {key: value for key, value in metadata.items() if key != "resourceVersion"}}


def prepare_update(resource: Resource, old: Json, new: Json, *, subresource: str = "") -> Json:
    """The object as it will be stored, without resourceVersion, after a PUT or the result of a PATCH.

    A write to the object leaves `status` as it was where that is a subresource; a write to `status` leaves the rest but
    for `managedFields`, which are the server's word already (see `field_manager`).
    Raises 400 if the body names another object than the request, 409 if the writer looked at another version or at an
    earlier object of the same name.
    """
    metadata, name = dict(new.get("metadata", {})), old["metadata"]["name"]
    _claim_namespace(resource, metadata, old["metadata"].get("namespace", ""))
    if metadata.get("name") not in (None, "", name):
        raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})")
    _check_version(resource, old["metadata"], metadata)
    if subresource == "status":
        updated = _with_status(with_entries(old, metadata.get("managedFields")), new.get("status"))
    else:
        updated = carry_over(resource, old, {**new, "metadata": _inherit(old["metadata"], metadata, name)})
        if resource.has_status:
            updated = _with_status(updated, old.get("status"))
    updated = keep_labels(resource, updated) | {"apiVersion": resource.group_version(), "kind": resource.kind}
    updated["metadata"].pop("resourceVersion", None)
    if "generation" in old["metadata"] and not same(_substance(old), _substance(updated)):
        updated["metadata"]["generation"] = old["metadata"]["generation"] + 1
    return updated


def prepare_delete(obj: Json, *, now: datetime) -> Json:
    """An object whose finalizers are still to do their work: marked as going, once."""
    metadata = dict(obj["metadata"])
    if "deletionTimestamp" in metadata:
        return obj
    metadata |= {"deletionTimestamp": rfc3339(now), "deletionGracePeriodSeconds": 0}
    if "generation" in metadata:
        metadata["generation"] += 1
    return {**obj, "metadata": metadata}


def check_preconditions(resource: Resource, obj: Json, preconditions: Mapping[str, Any]) -> None:
    """Raises 409 unless the object is the one a DELETE means (`preconditions` of DeleteOptions)."""
    metadata = obj["metadata"]
    for key, word in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        wanted = preconditions.get(key)
        if wanted and wanted != metadata.get(key):
            raise _precondition_failed(resource, metadata, f"{word} in precondition: {wanted}", word)


def unchanged(old: Json, new: Json) -> bool:
    """Would storing `new` over `old` change nothing? Then nothing is stored and the resourceVersion stays."""
    return same(_comparable(old), _comparable(new))


def stamp(obj: Json, revision: int) -> Json:
    """The object with its resourceVersion."""
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}


def generated_name(prefix: str, suffix: str) -> str:
    """`prefix` shortened so that with its suffix it is still a DNS label."""
    return prefix[: GENERATED_NAME_LENGTH - len(suffix)] + suffix


def rfc3339(moment: datetime) -> str:
    """Whole seconds in UTC, as Kubernetes writes times: they sort as text."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _claim_namespace(resource: Resource, metadata: Json, namespace: str) -> None:
    if not resource.namespaced:
        metadata.pop("namespace", None)
        return
    if metadata.get("namespace") not in (None, "", namespace):
        raise bad_request(NAMESPACE_DIFFERS)
    metadata["namespace"] = namespace


def _check_version(resource: Resource, old: Json, new: Json) -> None:
    """An absent resourceVersion means "whatever is there", as upstream."""
    if new.get("resourceVersion") not in (None, "", "0", old.get("resourceVersion")):
        raise conflict(resource, old["name"])
    if new.get("uid") not in (None, "", old["uid"]):
        raise _precondition_failed(resource, old, f"UID in precondition: {new['uid']}", "UID")


def _precondition_failed(resource: Resource, metadata: Json, wanted: str, word: str) -> Failure:
    present = metadata.get("uid" if word == "UID" else "resourceVersion")
    return conflict(resource, metadata["name"], f"Precondition failed: {wanted}, {word} in object meta: {present}")


def _inherit(old: Json, new: Json, name: str) -> Json:
    kept = {key: value for key, value in new.items() if key not in (*SERVERS_OWN, *DROPPED)}
    inherited: Json = {key: old[key] for key in SERVERS_OWN if key in old}
    return {**kept, "name": name, **inherited}


def _with_status(obj: Json, status: Any) -> Json:
    without = {key: value for key, value in obj.items() if key != "status"}
    return without if status is None else {**without, "status": status}


def _substance(obj: Json) -> Json:
    """What a controller must look at again when it changes: all but metadata and status."""
    return {key: value for key, value in obj.items() if key not in ("metadata", "status", "apiVersion", "kind")}


def _comparable(obj: Json) -> Json:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in ("resourceVersion", *DROPPED)}
    return with_entries({**obj, "metadata": metadata}, without_times(metadata.get("managedFields")))
