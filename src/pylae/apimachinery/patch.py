"""JSON Patch (RFC 6902), JSON Merge Patch (RFC 7396), and the merge patch that `apply` computes from three objects.

Nothing here changes its arguments.
"""

import copy
from collections.abc import Mapping
from typing import Any

import jsonpatch
import jsonpointer

from pylae.apimachinery.document import TOO_DEEP, Json, encode, same
from pylae.apimachinery.failure import Failure, bad_request, too_large

MAX_OPERATIONS = 10_000
"""Steps that one JSON Patch may have, as upstream."""

MAX_COPIED = 3 * 1024 * 1024
"""Bytes that its copy operations may make together: the size of a whole request."""


def json_patch(target: Json, patch: Any) -> Any:
    """The target after all steps of the patch. Raises 400 for what is no patch, 422 for one that does not fit."""
    if not isinstance(patch, list):
        raise bad_request("a JSON Patch is a list of operations")
    if len(patch) > MAX_OPERATIONS:
        raise bad_request(f"a JSON Patch may have at most {MAX_OPERATIONS} operations; this one has {len(patch)}")
    patched: Any = copy.deepcopy(target)
    copied = 0
    for index, operation in enumerate(patch):
        _check_operation(operation, index)
        try:
            copied += _size_of_copy(patched, operation)
            patched = jsonpatch.JsonPatch([operation]).apply(patched, in_place=True)
        except jsonpatch.InvalidJsonPatch:
            raise bad_request(f"{_place(index, operation)} is malformed") from None
        except RecursionError:
            raise bad_request(TOO_DEEP) from None
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError):
            raise Failure(422, "Invalid", f"{_place(index, operation)} does not fit the object") from None
        if copied > MAX_COPIED:
            raise too_large(f"the copy operations of the JSON Patch make more than {MAX_COPIED} bytes")
    return patched


def merge_patch(target: Any, patch: Any) -> Any:
    """The target after a merge patch: objects are merged, null removes, everything else replaces (RFC 7396)."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def three_way_merge(last_applied: Mapping[str, Any], current: Mapping[str, Any], wanted: Mapping[str, Any]) -> Json:
    """The merge patch by which `apply` brings an object to what is wanted.

    What is wanted is added or changed; what was applied last time and is wanted no more is removed; what others have
    set meanwhile is left alone. Empty if there is nothing to do.
    """
    patch: Json = {key: None for key in last_applied if key in current and wanted.get(key) is None}
    for key, value in wanted.items():
        before = current.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            earlier = last_applied.get(key)
            if inner := three_way_merge(earlier if isinstance(earlier, Mapping) else {}, before, value):
                patch[key] = inner
        elif key in current if value is None else not same(before, value):
            patch[key] = value
    return patch


def _check_operation(operation: Any, index: int) -> None:
    if not isinstance(operation, dict):
        raise bad_request(f"operation {index} of the JSON Patch must be an object")
    if not all(isinstance(operation.get(key, ""), str) for key in ("op", "path", "from")):
        raise bad_request(f"operation {index} of the JSON Patch is malformed: op, path and from are texts")


def _size_of_copy(target: Any, operation: Json) -> int:
    """What a copy adds: copies of copies would grow without bound."""
    if operation.get("op") != "copy" or "from" not in operation:
        return 0
    return len(encode(jsonpointer.JsonPointer(operation["from"]).resolve(target)))


def _place(index: int, operation: Json) -> str:
    """Names an operation without its values: they may be a Secret's."""
    return f"operation {index} of the JSON Patch ({operation.get('op')} {operation.get('path')})"
