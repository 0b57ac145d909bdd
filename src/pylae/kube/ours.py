"""Which objects are ours, where several control planes share a cluster: by Istio's revision label, and by a class of
Gateways.

An object that is another's counts as one that is not there. So a label that comes or goes is an object that goes or
comes, and nobody else needs to know of revisions.
"""

from collections.abc import Callable, Mapping

import msgspec

from pylae.api.scheme import GATEWAY, SECRET, Kind
from pylae.kube.body import identify
from pylae.model.control_plane import AUTHORITY

REVISION = "istio.io/rev"
"""Istio's label (istio.io, "Canary Upgrades"): an object without it is for every revision."""

CLASS = "pylae.dev/class"

Ours = Callable[[Kind, bytes], bool]
"""Whether an object of the kind, with that JSON, is ours."""


class _Metadata(msgspec.Struct):
    labels: dict[str, str] | None = None


class _Labelled(msgspec.Struct):
    metadata: _Metadata


_labelled = msgspec.json.Decoder(_Labelled)


def selection(revision: str = "", class_: str = "") -> Ours:
    """Objects of Istio's kinds that name no other revision (with "" all of them), and of Gateways those of the class
    (with "" those of none). The authority's Secret is nobody's: none is served it."""
    named = tuple(name.encode() for name in ((REVISION, CLASS) if revision else (CLASS,)))

    def is_ours(kind: Kind, body: bytes) -> bool:
        if kind.group != GATEWAY.group:
            return kind is not SECRET or not _is_authority(body)
        # most objects name neither, and looking for a word costs a hundredth of reading
        labels = _labels(body) if any(name in body for name in named) else {}
        if revision and labels.get(REVISION, revision) != revision:
            return False
        return kind != GATEWAY or labels.get(CLASS, "") == class_

    return is_ours


def _is_authority(body: bytes) -> bool:
    return AUTHORITY.encode() in body and identify(body).key[1] == AUTHORITY


def _labels(body: bytes) -> Mapping[str, str]:
    """None can be said of an object whose labels are no labels; it is malformed, and will be found to be."""
    try:
        return _labelled.decode(body).metadata.labels or {}
    except msgspec.DecodeError:
        return {}


UNLABELLED = selection()
"""What is ours unless something else is asked for."""
