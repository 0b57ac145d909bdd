"""A column of what `kubectl get` prints, and the words that all columns share.

The server makes the cells (kubectl only lays them out), so ages are written here, and the clock is handed in.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

Cell: TypeAlias = str | int | float | bool | None
"""What a Table shows at one place; None is empty."""

Read: TypeAlias = Callable[[Mapping[str, Any], datetime], Cell]
"""Makes a cell of an object at a moment."""

NONE = "<none>"
UNKNOWN = "<unknown>"


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is printed in capitals; `priority` above 0 shows in `-o wide` only; `format` is `name` for the name."""

    name: str
    read: Read
    type: str = "string"
    description: str = ""
    format: str = ""
    priority: int = 0

    def definition(self) -> dict[str, Any]:
        """The column's entry in a Table's `columnDefinitions`."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description or self.name,
            "priority": self.priority,
        }


def wide(name: str, read: Read, description: str = "") -> Column:
    """A column that shows in `-o wide` only."""
    return Column(name, read, description=description, priority=1)


def dig(value: Any, *path: str) -> Any:
    """What lies at a path of keys, or None. Never fails: a table must be printed of whatever is stored."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def items(value: Any, *path: str) -> list[Any]:
    """The list at a path of keys; [] where there is none."""
    found = dig(value, *path)
    return found if isinstance(found, list) else []


def objects(value: Any, *path: str) -> list[Mapping[str, Any]]:
    """The objects in the list at a path of keys; what is no object is passed over."""
    return [item for item in items(value, *path) if isinstance(item, Mapping)]


def text(*path: str, absent: str = "") -> Read:
    """Reads the text at a path."""

    def read(obj: Mapping[str, Any], _now: datetime) -> str:
        found = dig(obj, *path)
        return absent if found is None else str(found)

    return read


def pairs(*path: str) -> Read:
    """Reads the map at a path as `key=value,...`; `<none>` where it is empty."""

    def read(obj: Mapping[str, Any], _now: datetime) -> str:
        found = dig(obj, *path)
        return ",".join(f"{key}={value}" for key, value in found.items()) or NONE if isinstance(found, dict) else NONE

    return read


def few(words: Iterable[str], limit: int, absent: str) -> str:
    """The first words joined by commas, and how many are left out: `a,b,c + 2 more...`."""
    every = list(words)
    if not every:
        return absent
    left_out = len(every) - limit
    return ",".join(every[:limit]) + (f" + {left_out} more..." if left_out > 0 else "")


def since(timestamp: Any, now: datetime) -> str:
    """How long ago an RFC 3339 time was: `3m20s`; `<unknown>` where there is none."""
    moment = parse_time(timestamp)
    return human(now - moment) if moment else UNKNOWN


def parse_time(timestamp: Any) -> datetime | None:
    """RFC 3339 to a moment with its zone; None for anything else."""
    if not isinstance(timestamp, str) or not timestamp:
        return None
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def human(span: timedelta) -> str:
    """A duration as Kubernetes shortens it: two units while the first is small, one after that."""
    seconds = int(span.total_seconds())
    if seconds < -1:
        return "<invalid>"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{max(seconds, 0)}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 365 * 2:
        return f"{days}d"
    if days < 365 * 8:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(big: int, big_unit: str, small: int, small_unit: str) -> str:
    return f"{big}{big_unit}{small}{small_unit}" if small else f"{big}{big_unit}"


def _age(obj: Mapping[str, Any], now: datetime) -> str:
    return since(dig(obj, "metadata", "creationTimestamp"), now)


NAME = Column("Name", text("metadata", "name"), format="name", description="Name, unique within its namespace")
AGE = Column("Age", _age, description="Time since the object was created")
