"""What time does to the store: Events are dropped after an hour, and the past is forgotten."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from pylae.apimachinery.document import Json
from pylae.apiserver.cache import Cache
from pylae.apiserver.entry import Key
from pylae.apiserver.journal import Journal
from pylae.apiserver.transaction import Transaction

EVENT_LIFE: Final = timedelta(hours=1)
"""As upstream's `--event-ttl`."""
EVENTS_AT_ONCE: Final = 250
"""Looked at, and dropped, in one step."""


async def tend(journal: Journal, cache: Cache, now: datetime) -> None:
    """Drops old Events, then compacts.

    Events are looked at from the longest unwritten on, and no further than to where all are young: a million young
    ones cost nothing.
    """
    while old := [entry.key for entry in cache.oldest_events(EVENTS_AT_ONCE) if _is_old(entry.object, now)]:
        await journal.write(partial(_drop, keys=tuple(old), now=now))
    await journal.compact()


def _drop(transaction: Transaction, *, keys: Iterable[Key], now: datetime) -> None:
    for key in keys:
        entry = transaction.get(key)
        if entry and _is_old(entry.object, now):
            transaction.remove(entry)


def _is_old(event: Json, now: datetime) -> bool:
    return last_seen(event) + EVENT_LIFE < now


def last_seen(event: Json) -> datetime:
    """When an Event last happened, by whichever of its several times is the latest."""
    series = event.get("series") or {}
    metadata = event["metadata"]
    times = (
        event.get("lastTimestamp"),
        event.get("eventTime"),
        series.get("lastObservedTime"),
        metadata.get("creationTimestamp"),
    )
    return max((moment for text in times if (moment := _moment(text))), default=datetime.min.replace(tzinfo=UTC))


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
