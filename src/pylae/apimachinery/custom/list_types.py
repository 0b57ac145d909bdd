"""Lists that are sets or maps (`x-kubernetes-list-type`): nothing may stand in one twice."""

from collections.abc import Iterator, Mapping
from typing import Any

from pylae.apimachinery.document import encode, join
from pylae.apimachinery.failure import Cause, duplicate
from pylae.apimachinery.schema import LIST_KEYS, LIST_TYPE, Schema


def check_list_types(schema: Schema, value: Any, path: str = "") -> Iterator[Cause]:
    """What stands twice, in a value whose structure is right."""
    if isinstance(value, list):
        if schema.get(LIST_TYPE) in ("set", "map"):
            yield from _check_list(schema, value, path)
        below = schema.get("items", {})
        for index, item in enumerate(value):
            yield from check_list_types(below, item, f"{path}[{index}]")
    elif isinstance(value, dict):
        properties, additional = schema.get("properties", {}), schema.get("additionalProperties")
        for key, member in value.items():
            below = properties.get(key, additional)
            if isinstance(member, dict | list) and isinstance(below, Mapping):
                yield from check_list_types(below, member, join(path, key))


def _check_list(schema: Schema, value: list[Any], path: str) -> Iterator[Cause]:
    seen = set()
    for index, item in enumerate(value):
        identity = _identity(schema, item)
        spelled = encode(identity)
        if spelled in seen:
            yield duplicate(f"{path}[{index}]", identity)
        seen.add(spelled)


def _identity(schema: Schema, item: Any) -> Any:
    """What makes an item itself: its keys in a map, all of it in a set."""
    if schema[LIST_TYPE] == "set" or not isinstance(item, dict):
        return item
    return {key: item[key] for key in schema.get(LIST_KEYS, ()) if key in item}
