"""The writer: status documents out, and nothing that says what is said already.

Our own write comes back as an event and would be computed anew; what is equal but for the time of its conditions is
therefore not written, neither over the object as we know it nor over what we wrote last.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from pylae.api.meta import Object
from pylae.api.scheme import Kind
from pylae.kube.client import Client
from pylae.kube.errors import Conflict, NotFound
from pylae.model.snapshot import Key

Json = dict[str, Any]

ATTEMPTS = 5
TIME = "lastTransitionTime"


class StatusWriter:
    """Writes the status of objects. What it remembers of those that are gone, `forget` drops."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._written: dict[tuple[Kind, Key], tuple[str, Json]] = {}
        """What we wrote last to each object, and the version that it had then."""

    async def write(self, kind: Kind, object_: Object, status: Json) -> bool:
        """Brings the fields in `status` to the object's status, and leaves its other fields alone.

        Says whether anything was written. An object that has gone meanwhile is left in peace. Raises `ApiError`,
        `Unreachable`.
        """
        metadata = object_.metadata
        key = (metadata.namespace, metadata.name)
        change = _change(_status(object_), status)
        if not change or self._is_under_way(kind, key, metadata.resource_version, status):
            return False
        try:
            version = await self._patch(kind, key, status, change)
        except NotFound:
            self._written.pop((kind, key), None)
            return False
        self._written[kind, key] = (version, _timeless(status))
        return True

    def forget(self, kind: Kind, key: Key) -> None:
        """This object is gone."""
        self._written.pop((kind, key), None)

    def _is_under_way(self, kind: Kind, key: Key, version: str, status: Json) -> bool:
        """Whether this was written, and the object that we know is the one from before."""
        written_version, written = self._written.get((kind, key), ("", None))
        return written == _timeless(status) and _is_older(version, written_version)

    async def _patch(self, kind: Kind, key: Key, status: Json, change: Json) -> str:
        """Returns the version that the object has then."""
        for _ in range(ATTEMPTS - 1):
            try:
                patched = await self._client.patch_status(kind, *key, {"status": change})
                return str(patched["metadata"]["resourceVersion"])
            except Conflict:
                current = await self._client.get(kind, *key)
                change = _change(current.get("status") or {}, status)
        patched = await self._client.patch_status(kind, *key, {"status": change})
        return str(patched["metadata"]["resourceVersion"])


def _is_older(version: str, than: str) -> bool:
    """Versions of one object are numbers that grow (Kubernetes, "Resource versions"); of others nothing can be said."""
    return version.isdecimal() and than.isdecimal() and int(version) < int(than)


def _status(object_: Object) -> Json:
    found = msgspec.to_builtins(getattr(object_, "status", {}))
    return found if isinstance(found, dict) else {}


def _change(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> Json:
    """The fields that differ in more than the time of a condition."""
    return {name: value for name, value in wanted.items() if _timeless(current.get(name)) != _timeless(value)}


def _timeless(value: Any) -> Any:
    """A status without the times of its conditions."""
    match value:
        case dict():
            return {name: _timeless(inner) for name, inner in value.items() if name != TIME}
        case list() | tuple():
            return [_timeless(item) for item in value]
        case _:
            return value
