"""The writer: status documents out, and nothing that says what is said already.

Whoever asks for a write knows no statuses: they are read from the API when there is something to decide. What was said
last of an object is remembered for a while as a digest, so that the same again costs no request.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pylae.api.meta import Object
from pylae.api.scheme import Kind
from pylae.kube.client import FIELD_MANAGER, Client
from pylae.kube.errors import Conflict, NotFound
from pylae.kube.objects import Recent
from pylae.kube.present import Present
from pylae.kube.tact import Tact, whoever_else_does
from pylae.model.snapshot import Key

Json = dict[str, Any]

Made = Callable[[Json], Json]
"""An object's status, made over the one that it has: the times of its conditions and those of others are kept."""

ATTEMPTS = 5
TIME = "lastTransitionTime"
DIGEST_SIZE = 8
"""Bytes. A status is compared with one other only: the one that was said before of the same object."""


class StatusWriter:
    """Writes the status of objects, as far as it is ours to write. What it remembers of those that are gone, `forget`
    drops."""

    def __init__(self, client: Client, tact: Tact = whoever_else_does) -> None:
        self._client = client
        self._tact = tact
        self._said: dict[Kind, Recent[int]] = {}
        """A digest of what each object says by our doing, of the last few thousand: there may be a hundred thousand."""

    async def write(self, kind: Kind, object_: Object, made: Made, *, unasked: bool = True) -> bool:
        """Brings the fields of the status to the object, and leaves its other fields alone; unless `unasked`, only
        where we have said something before.

        Says whether anything was written. An object that has gone meanwhile is left in peace. Raises `ApiError`,
        `Unreachable`.
        """
        key, said = _key(object_), _digest(object_, made)
        if self._of(kind).get(key) == said:
            return False
        try:
            present = await self._present(kind, key)
        except NotFound:
            self.forget(kind, key)
            return False
        return await self.write_over(kind, object_, present, made, unasked=unasked)

    async def write_over(
        self, kind: Kind, object_: Object, present: Present, made: Made, *, unasked: bool = True
    ) -> bool:
        """The same where the present status is known, as from a list."""
        key = _key(object_)
        if not unasked and FIELD_MANAGER not in present.managers:
            return False
        try:
            written = await self._bring(kind, key, present, made)
        except NotFound:
            self.forget(kind, key)
            return False
        self._of(kind).keep(key, _digest(object_, made))
        return written

    def knows(self, kind: Kind, key: Key) -> bool:
        """Whether the object was seen to say something by our doing, of late."""
        return self._of(kind).get(key) is not None

    def forget(self, kind: Kind, key: Key) -> None:
        """This object is gone."""
        self._of(kind).drop(key)

    def _of(self, kind: Kind) -> Recent[int]:
        return self._said.setdefault(kind, Recent())

    async def _present(self, kind: Kind, key: Key) -> Present:
        return Present.read(msgspec.json.encode(await self._client.get(kind, *key)))

    async def _bring(self, kind: Kind, key: Key, present: Present, made: Made) -> bool:
        """Another who writes at the same time is given way: what he wrote is looked at before the next attempt."""
        for attempt in range(ATTEMPTS):
            if not self._tact(present) or not (change := _change(present.status, made(present.status))):
                return False
            try:
                await self._client.patch_status(kind, *key, _patch(present, change))
                return True
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
                present = await self._present(kind, key)
        raise AssertionError("the last attempt returns or raises")


def _key(object_: Object) -> Key:
    return object_.metadata.namespace, object_.metadata.name


def _digest(object_: Object, made: Made) -> int:
    """Of what we say of the object by ourselves; one that was made anew under the same name says nothing yet."""
    said = msgspec.json.encode([object_.metadata.uid, _timeless(made({}))])
    return int.from_bytes(hashlib.blake2b(said, digest_size=DIGEST_SIZE).digest(), "big")


def _patch(present: Present, change: Json) -> Json:
    """For the object as it was looked at and no other state of it: a list such as `conditions` is written as a whole,
    and may hold what others wrote."""
    precondition = {"metadata": {"resourceVersion": present.version}} if present.version else {}
    return {**precondition, "status": change}


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
