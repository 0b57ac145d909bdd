"""Lists in the shapes that clients ask for: a Table to print, or metadata alone (meta.k8s.io/v1).

kubectl lays out whatever columns it is sent: what a user sees of a kind is decided by the columns of its `Resource`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from pylae.apimachinery.columns.column import AGE, NAME
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import bad_request
from pylae.apimachinery.resource import Resource

META: Final = "meta.k8s.io/v1"
DEFAULT_COLUMNS: Final = (NAME, AGE)


def table(
    resource: Resource,
    version: str,
    objects: Iterable[Json],
    *,
    now: datetime,
    include: str = "Metadata",
    columns: bool = True,
    list_metadata: Json | None = None,
) -> Json:
    """A Table with a row per object.

    - `now`: ages are counted to this moment
    - `include`: what comes along with each row: `Metadata`, `Object` or `None` (query parameter `includeObject`)
    - `columns`: the columns are described, too; in a watch only the first event does so
    - `list_metadata`: resourceVersion, continue, remainingItemCount

    Raises 400 if `include` is another word.
    """
    shown, api_version = resource.columns or DEFAULT_COLUMNS, resource.group_version(version)
    rows = [
        {
            "cells": [column.read(obj, now) for column in shown],
            **_object_of_row({**obj, "apiVersion": api_version}, include),
        }
        for obj in objects
    ]
    return {
        "kind": "Table",
        "apiVersion": META,
        "metadata": list_metadata or {},
        "columnDefinitions": [column.definition() for column in shown] if columns else None,
        "rows": rows,
    }


def partial(obj: Mapping[str, Any]) -> Json:
    """An object's metadata alone: PartialObjectMetadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": META, "metadata": obj.get("metadata", {})}


def _object_of_row(obj: Json, include: str) -> Json:
    match include or "Metadata":
        case "Metadata":
            return {"object": partial(obj)}
        case "Object":
            return {"object": obj}
        case "None":
            return {}
        case other:
            raise bad_request(f"includeObject={other} is not supported: use None, Metadata or Object")
