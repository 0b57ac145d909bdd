"""Strategic merge patch: a merge patch that knows which lists are merged, by which key, and in which order.

Directives in a patch (Kubernetes, "Update API Objects in Place Using kubectl patch"):

    {"$patch": "replace", …}              this object as it stands, nothing merged
    {"$patch": "delete", "name": "x"}     removes the item of that key from a merged list
    "$setElementOrder/ports": […]         the order of the list after the patch; other items keep their places
    "$deleteFromPrimitiveList/x": […]     removes values from a list of plain values
    "$retainKeys": […]                    removes all other fields of this object

Null removes a field. Lists without a merge key are replaced. Nothing here changes its arguments.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pylae.apimachinery.built_in.merge_keys import SET
from pylae.apimachinery.document import Json, join
from pylae.apimachinery.failure import Failure, bad_request

PATCH: Final = "$patch"
RETAIN: Final = "$retainKeys"
ORDER: Final = "$setElementOrder/"
REMOVE: Final = "$deleteFromPrimitiveList/"

Identity: TypeAlias = Callable[[Any], Any]
"""What an item of a list is known by: the value of its merge key, or itself."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where we are in the object, and the merge keys of all lists."""

    keys: Mapping[str, str]
    path: str = ""

    def below(self, field: str) -> "_Place":
        return _Place(self.keys, join(self.path, field))

    @property
    def merge_key(self) -> str | None:
        """The key of the list here; None if it is replaced whole."""
        return self.keys.get(self.path)


def strategic_merge(target: Json, patch: Any, merge_keys: Mapping[str, str]) -> Json:
    """The target after a strategic merge patch. Raises 400 for a patch whose directives or merge keys are wrong."""
    if not isinstance(patch, dict):
        raise bad_request("a strategic merge patch is an object")
    return _merge(target, patch, _Place(merge_keys))


def _merge(target: Json, patch: Json, place: _Place) -> Json:
    match patch.get(PATCH):
        case None:
            pass
        case "replace":
            return {field: value for field, value in patch.items() if field != PATCH}
        case "delete":
            return {}
        case directive:
            raise _unknown(directive, place)
    merged = _retained(target, patch, place)
    for field, value in patch.items():
        if not field.startswith("$"):
            _merge_field(merged, field, value, place.below(field))
    for field, values in _directives(patch, REMOVE, place):
        if isinstance(merged.get(field), list):
            merged[field] = [item for item in merged[field] if item not in values]
    for field, order in _directives(patch, ORDER, place):
        if isinstance(merged.get(field), list):
            merged[field] = _in_order(merged[field], order, target.get(field, ()), place.below(field))
    return merged


def _merge_field(merged: Json, field: str, value: Any, place: _Place) -> None:
    before = merged.get(field)
    if value is None or (isinstance(value, dict) and value.get(PATCH) == "delete" and field not in merged):
        merged.pop(field, None)
    elif isinstance(value, dict) and isinstance(before, dict):
        merged[field] = _merge(before, value, place)
    elif isinstance(value, list) and isinstance(before, list) and place.merge_key is not None:
        merged[field] = _merge_list(before, value, place)
    else:
        merged[field] = _fresh(value)


def _merge_list(target: list[Any], patch: list[Any], place: _Place) -> list[Any]:
    key = place.merge_key
    if key == SET:
        merged = list(dict.fromkeys(_plain(item, place) for item in (*target, *patch)))
        return _in_order(merged, patch, target, place)
    items = [item for item in patch if not (isinstance(item, dict) and PATCH in item)]
    if any(_list_directive(item, place) == "replace" for item in patch):
        return [_fresh(item) for item in items]
    gone = {_known_by(item, place) for item in patch if _list_directive(item, place) == "delete"}
    merged = [item for item in target if _known_by(item, place) not in gone]
    for item in items:
        _merge_item(merged, item, place)
    return _in_order(merged, items, target, place)


def _merge_item(merged: list[Any], item: Any, place: _Place) -> None:
    identity = _known_by(item, place)
    for index, before in enumerate(merged):
        if _known_by(before, place) == identity:
            merged[index] = _merge(before, item, place)
            return
    merged.append(_fresh(item))


def _in_order(items: Sequence[Any], order: Sequence[Any], live: Sequence[Any], place: _Place) -> list[Any]:
    """The items that `order` names, in that order, with the others woven in where they stood in the live list."""
    wanted, stood = _positions(order, place), _positions(live, place)
    named = [item for item in items if _known_by(item, place) in wanted]
    others = [item for item in items if _known_by(item, place) not in wanted]
    named.sort(key=lambda item: wanted[_known_by(item, place)])
    others.sort(key=lambda item: stood.get(_known_by(item, place), len(stood)))
    woven: list[Any] = []
    for item in named:
        position = stood.get(_known_by(item, place))
        while position is not None and others and stood.get(_known_by(others[0], place), position) < position:
            woven.append(others.pop(0))
        woven.append(item)
    return woven + others


def _positions(items: Sequence[Any], place: _Place) -> dict[Any, int]:
    positions: dict[Any, int] = {}
    for index, item in enumerate(items):
        positions.setdefault(_known_by(item, place), index)
    return positions


def _known_by(item: Any, place: _Place) -> Any:
    key = place.merge_key
    if not key:
        return _plain(item, place)
    if not isinstance(item, dict) or key not in item:
        raise bad_request(f"{place.path}: every item of the patch and of the object needs its merge key `{key}`")
    return _plain(item[key], place)


def _plain(value: Any, place: _Place) -> Any:
    if isinstance(value, dict | list):
        raise bad_request(f"{place.path}: expected plain values, such as text and numbers")
    return value


def _list_directive(item: Any, place: _Place) -> str | None:
    directive = item.get(PATCH) if isinstance(item, dict) else None
    if directive not in (None, "replace", "delete"):
        raise _unknown(directive, place)
    return directive


def _retained(target: Json, patch: Json, place: _Place) -> Json:
    """The target without the fields that `$retainKeys` leaves out."""
    if RETAIN not in patch:
        return dict(target)
    retained = patch[RETAIN]
    set_fields = {field for field, value in patch.items() if not field.startswith("$") and value is not None}
    if not isinstance(retained, list) or not set_fields <= set(retained):
        raise bad_request(f"{join(place.path, RETAIN)} must be a list that names every field set beside it")
    return {field: value for field, value in target.items() if field in retained}


def _directives(patch: Json, prefix: str, place: _Place) -> list[tuple[str, list[Any]]]:
    found = [(name.removeprefix(prefix), value) for name, value in patch.items() if name.startswith(prefix)]
    for field, value in found:
        if not isinstance(value, list):
            raise bad_request(f"{join(place.path, prefix + field)} must be a list")
    return found


def _fresh(value: Any) -> Any:
    """A value of the patch that meets nothing to be merged with: without its directives and its nulls."""
    if isinstance(value, dict):
        return {
            field: _fresh(member)
            for field, member in value.items()
            if not (member is None or field.startswith("$") or _is_directive(member))
        }
    if isinstance(value, list):
        return [_fresh(item) for item in value if not _is_directive(item)]
    return value


def _is_directive(value: Any) -> bool:
    return isinstance(value, dict) and PATCH in value


def _unknown(directive: Any, place: _Place) -> Failure:
    return bad_request(f"{place.path or 'the patch'}: unknown directive $patch: {directive}; use replace or delete")
