"""One watch: which changes it wants, and the queue between the change and the client that reads at its own pace."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pylae.apimachinery.document import Json
from pylae.apiserver.entry import Entry, Event, Verb, record


@dataclass(frozen=True, slots=True)
class Interest:
    """Which objects a list or a watch is about. `None` and `""` exclude nothing."""

    namespace: str = ""
    name: str = ""
    labels: Callable[[Mapping[str, str]], bool] | None = None
    fields: Callable[[Json], bool] | None = None

    @property
    def selective(self) -> bool:
        """Does more than the namespace choose?"""
        return bool(self.name or self.labels or self.fields)

    def sees(self, entry: Entry) -> bool:
        if self.namespace not in ("", entry.key.namespace) or self.name not in ("", entry.key.name):
            return False
        if self.labels is not None and not self.labels(entry.labels):
            return False
        return self.fields is None or self.fields(entry.object)

    def of(self, event: Event) -> Event | None:
        """The event as this watch sees it: an object that starts to match is ADDED, one that ceases to is DELETED.

        An object that went out of sight is shown as it last was in sight, at the revision of its leaving (as upstream).
        """
        was = event.previous is not None and self.sees(event.previous)
        now = event.verb is not Verb.DELETED and self.sees(event.entry)
        match was, now:
            case False, False:
                return None
            case False, True:
                return Event(Verb.ADDED, event.entry, None)
            case True, True:
                return event
            case _:
                return event if event.verb is Verb.DELETED else _departed(event)


def _departed(event: Event) -> Event:
    assert event.previous is not None
    return Event(Verb.DELETED, record(event.entry.key, event.previous.object, event.revision), event.previous)


class Listener(Protocol):
    """Who is told of changes."""

    def offer(self, event: Event, /) -> None: ...

    def close(self) -> None:
        """There will be no more of them."""


class Watcher:
    """A bounded queue of events. A reader too slow for it loses the watch, not the server its memory."""

    def __init__(self, interest: Interest, missed: Iterable[Event], limit: int) -> None:
        self._interest = interest
        self._queue = deque(seen.resting() for event in missed if (seen := interest.of(event)))
        self._limit = max(limit, len(self._queue))
        self._ready = asyncio.Event()
        self._closed = False
        if self._queue:
            self._ready.set()

    def offer(self, event: Event) -> None:
        """Queues an event if it is of interest; closes the watch if there is no room."""
        if self._closed or (seen := self._interest.of(event)) is None:
            return
        if len(self._queue) >= self._limit:
            self._queue.clear()
            self.close()
            return
        self._queue.append(seen.resting())
        self._ready.set()

    def close(self) -> None:
        self._closed = True
        self._ready.set()

    @property
    def is_idle(self) -> bool:
        """Has everything that happened been taken? Then the reader is as far as the cache."""
        return not self._queue and not self._closed

    async def take(self, patience: float) -> tuple[Event, ...] | None:
        """What has happened: waits up to `patience` seconds for it, and is `()` after that and None when the watch is
        over."""
        if not self._ready.is_set():
            try:
                async with asyncio.timeout(patience):
                    await self._ready.wait()
            except TimeoutError:
                return ()
        if self._closed:
            return None
        taken = tuple(self._queue)
        self._queue.clear()
        self._ready.clear()
        return taken
