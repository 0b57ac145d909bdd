"""The recorder: findings as Kubernetes events on the objects that they are about.

An event that comes again is counted on the one that is there. Its name is made from what it says, so that this holds
over restarts as well, and however often a finding comes and goes it is one event.
"""

import hashlib
from collections import OrderedDict
from datetime import datetime
from typing import Any

from pylae import __version__
from pylae.api.meta import Object, ObjectRef
from pylae.api.scheme import EVENT
from pylae.kube.client import Client
from pylae.kube.errors import AlreadyExists, NotFound
from pylae.status.conditions import timestamp
from pylae.status.events import EventWanted

Json = dict[str, Any]

COMPONENT = "pylae"
LONGEST_MESSAGE = 1024
"""Characters that core/v1 Event takes."""

LONGEST_NAME = 253
REMEMBERED = 1000


class Recorder:
    """Writes events through one client; of `remembered` events the count is known without asking."""

    def __init__(self, client: Client, *, remembered: int = REMEMBERED) -> None:
        self._client = client
        self._remembered = remembered
        self._counts: OrderedDict[tuple[str, str], int] = OrderedDict()
        """How often each event was told, by its namespace and name."""

    async def record(self, object_: Object, wanted: EventWanted, now: datetime, *, again: bool = True) -> None:
        """Tells the event on the object, or, unless it shall not be told `again`, that it came once more. Raises
        `ApiError`, `Unreachable`."""
        event = _event(object_, wanted, now)
        key = (event["metadata"]["namespace"], event["metadata"]["name"])
        if key not in self._counts and await self._create(event):
            count = 1
        elif not again:
            return
        else:
            count = await self._count(key, event)
        self._counts[key] = count
        self._counts.move_to_end(key)
        if len(self._counts) > self._remembered:
            self._counts.popitem(last=False)

    async def _create(self, event: Json) -> bool:
        """False if the event is there, from an earlier run."""
        try:
            await self._client.create(EVENT, event["metadata"]["namespace"], event)
        except AlreadyExists:
            return False
        return True

    async def _count(self, key: tuple[str, str], event: Json) -> int:
        """Raises the count of the event that is there; one that has expired is told anew."""
        try:
            count = self._counts.get(key) or (await self._client.get(EVENT, *key)).get("count", 1)
            change = {"count": count + 1, "lastTimestamp": event["lastTimestamp"]}
            await self._client.patch(EVENT, *key, change)
        except NotFound:
            await self._create(event)
            return 1
        return int(count) + 1


def _event(object_: Object, wanted: EventWanted, now: datetime) -> Json:
    about, metadata = wanted.about, object_.metadata
    namespace = about.namespace or "default"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": _name(about, metadata.uid, wanted), "namespace": namespace},
        "involvedObject": {
            "apiVersion": object_.api_version,
            "kind": about.kind,
            "namespace": about.namespace,
            "name": about.name,
            "uid": metadata.uid,
            "resourceVersion": metadata.resource_version,
        },
        "type": wanted.type,
        "reason": wanted.reason,
        "message": _shortened(wanted.message),
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": f"{COMPONENT}-{__version__}",
        "firstTimestamp": timestamp(now),
        "lastTimestamp": timestamp(now),
        "count": 1,
    }


def _name(about: ObjectRef, uid: str, wanted: EventWanted) -> str:
    told = f"{about.kind}\0{uid}\0{wanted.reason}\0{wanted.message}"
    digest = hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
    return f"{about.name[: LONGEST_NAME - len(digest) - 1].rstrip('.-')}.{digest}"


def _shortened(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"
