"""Who owns which fields of an object: `metadata.managedFields`, read and written.

An owner is a manager (`kubectl`), what it did (`Apply` or `Update`) and through which subresource. An updater has an
entry per API version; an applier has one, in the version that it applied last. Kubernetes keeps at most ten updaters
and counts the oldest as one, `ancient-changes` (apimachinery, package managedfields).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, TypeAlias

from pylae.apimachinery.apply.field_set import FieldSet, UnreadableFields, decode, encode
from pylae.apimachinery.apply.path_element import field
from pylae.apimachinery.columns.column import parse_time
from pylae.apimachinery.document import Json

APPLY: Final = "Apply"
UPDATE: Final = "Update"
FIELDS_V1: Final = "FieldsV1"

MOST_UPDATERS: Final = 10
ANCIENT: Final = "ancient-changes"
UNKNOWN: Final = "unknown"

NEVER_OWNED: Final[FieldSet] = frozenset(
    {
        (field("apiVersion"),),
        (field("kind"),),
        (field("metadata"),),
        *(
            (field("metadata"), field(name))
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        ),
    }
)
"""What the server itself decides, or what tells which object it is."""


class Owner(NamedTuple):
    """Who writes. `version` is empty for an applier: whatever version it applies in, it is the same one."""

    manager: str
    operation: str
    version: str
    subresource: str

    @property
    def applies(self) -> bool:
        return self.operation == APPLY

    def __str__(self) -> str:
        """As a conflict names it: `"kubectl-edit" with subresource "status" using v1`."""
        subresource = f' with subresource "{self.subresource}"' if self.subresource else ""
        return f'"{self.manager}"{subresource}{f" using {self.version}" if self.version else ""}'


@dataclass(frozen=True, slots=True)
class Share:
    """What one owner owns, in which API version, and when it last changed anything ("" if that is not known)."""

    fields: FieldSet
    version: str
    time: str = ""


Managed: TypeAlias = Mapping[Owner, Share]


def updater(manager: str, version: str, subresource: str) -> Owner:
    return Owner(manager or UNKNOWN, UPDATE, version, subresource)


def applier(manager: str, subresource: str) -> Owner:
    return Owner(manager or UNKNOWN, APPLY, "", subresource)


def read(entries: Any) -> Managed | None:
    """The owners in a `managedFields` list; None if it cannot be read."""
    if not isinstance(entries, list):
        return None
    try:
        return dict(map(_read_entry, entries))
    except (UnreadableFields, TypeError, AttributeError):
        return None


def is_reset(entries: Any) -> bool:
    """Does a client ask that the owners be forgotten? It sends an empty list, or one with an empty entry."""
    return entries in ([], [{}])


def write(managed: Managed) -> list[Json]:
    """The `managedFields` list, in upstream's order: by operation, then by time."""
    return [_entry(owner, managed[owner]) for owner in sorted(managed, key=lambda owner: _place(owner, managed[owner]))]


def with_entries(obj: Json, entries: Any) -> Json:
    """The object with that `managedFields` list; without any for None and the empty list."""
    metadata = {key: value for key, value in obj.get("metadata", {}).items() if key != "managedFields"}
    return {**obj, "metadata": {**metadata, "managedFields": entries} if entries else metadata}


def without_times(entries: Any) -> Any:
    """The entries but for their times: a write that would change nothing else is none."""
    if not isinstance(entries, list):
        return entries
    return [{key: value for key, value in entry.items() if key != "time"} for entry in entries]


def capped(managed: Managed) -> Managed:
    """At most `MOST_UPDATERS` updaters: the oldest of each version are merged into one that stands for them all."""
    updaters = sorted((owner for owner in managed if not owner.applies), key=lambda owner: (managed[owner].time, owner))
    result, oldest, many = dict(managed), dict[str, Owner](), len(updaters)
    for owner in updaters:
        if many <= MOST_UPDATERS:
            break
        share = managed[owner]
        first = oldest.setdefault(share.version, owner)
        if first != owner:
            ancient = updater(ANCIENT, share.version, "")
            parts = [result.pop(part).fields for part in dict.fromkeys((first, ancient, owner)) if part in result]
            result[ancient] = replace(share, fields=frozenset().union(*parts))
            many -= len(parts) - 1
    return result


def _read_entry(entry: Any) -> tuple[Owner, Share]:
    operation, version = entry.get("operation"), entry.get("apiVersion")
    if operation not in (APPLY, UPDATE) or not version or entry.get("fieldsType") != FIELDS_V1:
        raise UnreadableFields("an entry of managedFields says what was done, in which version, and owns FieldsV1")
    subresource, manager = entry.get("subresource") or "", entry.get("manager") or ""
    owner = Owner(manager, operation, "" if operation == APPLY else version, subresource)
    return owner, Share(decode(entry.get("fieldsV1") or {}), version, entry.get("time") or "")


def _entry(owner: Owner, share: Share) -> Json:
    entry = {
        "manager": owner.manager,
        "operation": owner.operation,
        "apiVersion": share.version,
        "time": share.time,
        "fieldsType": FIELDS_V1,
        "fieldsV1": encode(share.fields),
        "subresource": owner.subresource,
    }
    return {key: value for key, value in entry.items() if value != ""}


def _place(owner: Owner, share: Share) -> tuple[str, float, str, str, str]:
    moment = parse_time(share.time) if share.time else None
    return owner.operation, moment.timestamp() if moment else 0.0, owner.manager, share.version, owner.subresource
