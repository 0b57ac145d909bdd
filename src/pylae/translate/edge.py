"""The limits of the edge as the mesh configuration has them: `pylae.dev/edge`, by the names of `Edge` in camel case.

Istio's own `pathNormalization` is honoured; where both speak of paths, what is written under `pylae.dev/edge` holds.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from pylae.model.codes import DOUBTFUL
from pylae.model.edge import Edge, EscapedSlashes, Underscores
from pylae.translate.setting import Setting, Unusable, read_duration, read_flag, read_number, shown

LARGEST_UINT32 = 2**32 - 1
LARGEST_WINDOW = 2**31 - 1
"""RFC 9113, section 6.9.1; the smallest that Envoy takes is the protocol's own default."""

RANGES: Mapping[str, tuple[int, int]] = {
    "per_connection_buffer_limit_bytes": (1024, LARGEST_UINT32),
    "upstream_per_connection_buffer_limit_bytes": (1024, LARGEST_UINT32),
    "max_concurrent_streams": (1, LARGEST_WINDOW),
    "initial_stream_window_size": (65_535, LARGEST_WINDOW),
    "upstream_initial_stream_window_size": (65_535, LARGEST_WINDOW),
    "initial_connection_window_size": (65_535, LARGEST_WINDOW),
    "max_request_headers_kb": (1, 8192),
}
"""What Envoy takes: with anything else it would refuse every listener."""

NORMALIZATIONS: Mapping[str, Edge] = {
    "DEFAULT": Edge(),
    "NONE": Edge(
        normalize_path=False, merge_slashes=False, path_with_escaped_slashes_action=EscapedSlashes.KEEP_UNCHANGED
    ),
    "BASE": Edge(merge_slashes=False, path_with_escaped_slashes_action=EscapedSlashes.KEEP_UNCHANGED),
    "MERGE_SLASHES": Edge(path_with_escaped_slashes_action=EscapedSlashes.KEEP_UNCHANGED),
    "DECODE_AND_MERGE_SLASHES": Edge(path_with_escaped_slashes_action=EscapedSlashes.UNESCAPE_AND_FORWARD),
}
"""Istio, MeshConfig.ProxyPathNormalization.NormalizationType. `DEFAULT` leaves it to the implementation."""

PATH_NORMALIZATION = ".pathNormalization"


def edge(written: object, normalization: object, path: str, unusable: list[Unusable]) -> Edge:
    """The limits: what is `written`, above Istio's `pathNormalization`, above the defaults."""
    base = _normalized(normalization, unusable)
    match written:
        case None:
            return base
        case dict():
            unusable += (_unknown(name, path) for name in written if name not in FIELDS)
            settings = (Setting(name, getattr(base, field), read, path) for name, (field, read) in FIELDS.items())
            return replace(base, **{FIELDS[one.name][0]: one.of(written, unusable) for one in settings})
        case _:
            unusable.append(Unusable(DOUBTFUL, path, f"{shown(written)} is no mapping; the defaults are used."))
            return base


def _normalized(written: object, unusable: list[Unusable]) -> Edge:
    if not isinstance(written, dict):
        return Edge()
    setting = Setting("normalization", Edge(), _read_normalization, PATH_NORMALIZATION)
    return setting.of(written, unusable)


def _read_normalization(value: object) -> Edge:
    if isinstance(value, str) and value in NORMALIZATIONS:
        return NORMALIZATIONS[value]
    raise ValueError(f"{shown(value)} is none of {', '.join(NORMALIZATIONS)}")


def _unknown(name: object, path: str) -> Unusable:
    message = f"There is no limit {shown(name)}; there are {', '.join(FIELDS)}."
    return Unusable(DOUBTFUL, f"{path}.{shown(name)}", message)


def _read_word(words: type[StrEnum]) -> Callable[[object], StrEnum]:
    def read(value: object) -> StrEnum:
        if isinstance(value, str) and value in words.__members__:
            return words(value)
        raise ValueError(f"{shown(value)} is none of {', '.join(words)}")

    return read


def _reader(field: str, default: object) -> Callable[[object], Any]:
    """How a field is read follows from what it is."""
    match default:
        case timedelta():
            return read_duration
        case bool():
            return read_flag
        case EscapedSlashes() | Underscores():
            return _read_word(type(default))
        case _:
            return read_number(*RANGES[field])


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


FIELDS: Mapping[str, tuple[str, Callable[[object], Any]]] = {
    _camel(field.name): (field.name, _reader(field.name, field.default)) for field in fields(Edge)
}
"""How each limit is written: the attribute that it sets, and how it is read."""
