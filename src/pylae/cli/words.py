"""Times and sizes in the words of people: `3m`, `in 9 days`, `71 MB`."""

from datetime import datetime, timedelta

UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
FAR = timedelta(days=90)
"""Beyond this an exact date says more than a number of days."""


def span(length: timedelta) -> str:
    """The largest unit that fits, as kubectl prints ages: `12s`, `5m`, `3h`, `9d`."""
    seconds = max(0, int(length.total_seconds()))
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size), UNITS[-1])
    return f"{seconds // size}{unit}"


def age(since: datetime, now: datetime) -> str:
    """How long ago `since` was."""
    return span(now - since)


def expiry(until: datetime, now: datetime) -> str:
    """`expired 2d ago`, `in 3h`, `in 9 days`, and from 90 days on the date."""
    left = until - now
    if left < timedelta():
        return f"expired {span(-left)} ago"
    if left >= FAR:
        return f"{until:%Y-%m-%d}"
    return f"in {left.days} days" if left.days > 1 else f"in {span(left)}"


def megabytes(size: int) -> str:
    """Bytes as whole megabytes of 10^6: `71 MB`."""
    return f"{round(size / 1e6)} MB"
