"""Server-side apply, and who comes to own what by any write (structured-merge-diff, package merge).

Whoever changes a field owns it. Who applies owns all that it says, together with others who say the same; where others
own a field and say something else, that is a conflict, which is refused unless the applier insists. What an applier
says no longer goes from the object, unless somebody else owns it.
https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pylae.apimachinery.apply import managed_fields
from pylae.apimachinery.apply.field_set import NOTHING, FieldSet, Path, in_order, text, within
from pylae.apimachinery.apply.managed_fields import NEVER_OWNED, Managed, Owner, Share
from pylae.apimachinery.apply.merge import merge, remove
from pylae.apimachinery.apply.topology import Topology, with_named
from pylae.apimachinery.apply.typed import Comparison, compare, fields_of
from pylae.apimachinery.document import Json, same


class Conflicts(Exception):
    """Others own what somebody wants to apply otherwise: `owned` has the fields in question, by owner."""

    def __init__(self, owned: Mapping[Owner, FieldSet]) -> None:
        super().__init__(message(owned))
        self.owned = owned

    def pairs(self) -> list[tuple[Owner, Path]]:
        return [(owner, path) for owner in sorted(self.owned) for path in in_order(self.owned[owner])]

    @property
    def fields(self) -> FieldSet:
        return frozenset().union(*self.owned.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who writes, in which API version, and when.

    `not_its` are the fields that this endpoint does not write, so that nobody comes to own them through it: `status`
    on the way to the object, all else on the way to its status.
    """

    owner: Owner
    version: str
    time: str
    topology: Topology = field(repr=False)
    not_its: FieldSet = NOTHING


@dataclass(frozen=True, slots=True)
class Result:
    """The object after a write, and who owns it then."""

    object: Json = field(repr=False)
    managed: Managed = field(repr=False)


def update(writer: Writer, live: Json, new: Json, managed: Managed) -> Managed:
    """Who owns what after a create, an update or a patch made `new` of `live` (`{}` for a create)."""
    changes = compare(writer.topology, live, new).without(writer.not_its)
    shares = _taken(managed, changes, except_for=None)
    gained = changes.written - NEVER_OWNED
    if gained:
        before = shares[writer.owner].fields if writer.owner in shares else NOTHING
        shares[writer.owner] = Share(before | gained, writer.version, writer.time)
    return managed_fields.capped(shares)


def apply(writer: Writer, live: Json, applied: Json, managed: Managed, *, force: bool) -> Result:
    """The live object with what is applied, and without what the same owner applied last time and does no more.

    Raises `Conflicts` unless `force`.
    """
    topology, owner = writer.topology, writer.owner
    says = fields_of(topology, applied)
    last = managed.get(owner)
    shares = {**managed, owner: Share(says - within(says, writer.not_its), writer.version, last.time if last else "")}
    merged = merge(topology, live, applied)
    new = _pruned(topology, merged, last.fields, shares) if last and not last.fields <= says else merged
    changes = compare(topology, live, new).without(writer.not_its)
    if not force and (owned := _conflicts(shares, changes, except_for=owner)):
        raise Conflicts(owned)
    shares = _taken(shares, changes, except_for=owner)
    return Result(new, _settled(writer, shares, is_changed=not same(live, new)))


def message(owned: Mapping[Owner, FieldSet]) -> str:
    """The conflicts in upstream's words, which kubectl prints and tools look for."""
    count = sum(map(len, owned.values()))
    if count == 1:
        ((owner, fields),) = owned.items()
        return f"Apply failed with 1 conflict: conflict with {owner}: {text(*fields)}"
    lines: list[str] = []
    for owner in sorted(owned):
        lines.append(f"conflicts with {owner}:")
        lines += (f"- {text(path)}" for path in in_order(owned[owner]))
    return f"Apply failed with {count} conflicts: " + "\n".join(lines)


def _settled(writer: Writer, shares: dict[Owner, Share], *, is_changed: bool) -> Managed:
    """Without what nobody may own; an applier that owns nothing then is gone. Only a change has a time."""
    share = shares.get(writer.owner)
    if share is None:
        return shares
    if not (fields := share.fields - NEVER_OWNED):
        return {owner: other for owner, other in shares.items() if owner != writer.owner}
    time = writer.time if is_changed else share.time
    return {**shares, writer.owner: replace(share, fields=fields, time=time)}


def _conflicts(managed: Managed, changes: Comparison, *, except_for: Owner) -> dict[Owner, FieldSet]:
    written = changes.written
    owned = {owner: share.fields & written for owner, share in managed.items() if owner != except_for}
    return {owner: fields for owner, fields in owned.items() if fields}


def _taken(managed: Managed, changes: Comparison, *, except_for: Owner | None) -> dict[Owner, Share]:
    """What everybody still owns when these changes are somebody else's."""
    lost = changes.written | changes.removed
    shares = {
        owner: share if owner == except_for or not lost else replace(share, fields=share.fields - lost)
        for owner, share in managed.items()
    }
    return {owner: share for owner, share in shares.items() if share.fields}


def _pruned(topology: Topology, merged: Any, last: FieldSet, shares: Managed) -> Any:
    """What is merged, without what only the applier's last word held there.

    Removing a member takes along what others own in it, so that is put back; and nothing goes that nobody had applied.
    """
    was = with_named(topology, last)
    owned = with_named(topology, frozenset().union(*(share.fields for share in shares.values())))
    whole = with_named(topology, fields_of(topology, merged))

    def left(value: Any) -> FieldSet:
        return with_named(topology, fields_of(topology, value))

    pruned = remove(topology, merged, was)
    pruned = remove(topology, merged, whole - (left(pruned) | owned))
    return remove(topology, merged, (whole - left(pruned)) & was)
