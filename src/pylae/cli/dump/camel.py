"""Field names as protobuf's JSON has them.

Envoy's admin writes the names of the .proto files (`filter_chains`), istioctl and every other tool the JSON names
(`filterChains`): scripts written for istioctl look for the latter.
"""

import re
from typing import Any

DATA = frozenset({"filter_metadata", "labels"})
"""Fields that hold a user's own keys, and nothing else: they stay as they are."""

MAPS = frozenset({"typed_extension_protocol_options", "typed_filter_metadata", "typed_per_filter_config"})
"""Fields whose keys are names of filters, with messages as values."""

_FIELD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")


def camel(value: Any) -> Any:
    """`value` with every field's name in lowerCamelCase."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {_name(key): _held(key, item) for key, item in value.items()}


def _held(key: str, value: Any) -> Any:
    if key in DATA:
        return value
    if key in MAPS and isinstance(value, dict):
        return {name: camel(item) for name, item in value.items()}
    return camel(value)


def _name(key: str) -> str:
    if not _FIELD.fullmatch(key):
        return key
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)
