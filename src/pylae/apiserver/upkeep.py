"""What time does to the store: Events are dropped after an hour, and the past is forgotten."""

from datetime import UTC, datetime, timedelta
from typing import Final

from pylae.apimachinery.document import Json
from pylae.apiserver.journal import Journal
from pylae.apiserver.transaction import Transaction

EVENTS: Final = "events"
EVENT_LIFE: Final = timedelta(hours=1)
"""As upstream's `--event-ttl`."""


async def tend(journal: Journal, now: datetime) -> None:
    """Drops old Events, then compacts."""

    def drop(transaction: Transaction) -> None:
        for entry in tuple(transaction.walk(EVENTS)):
            if last_seen(entry.object) + EVENT_LIFE < now:
                transaction.remove(entry)

    await journal.write(drop)
    await journal.compact()


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
