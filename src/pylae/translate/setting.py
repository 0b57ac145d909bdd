"""A setting in the mesh configuration: under which name it is written, how it is read, and what holds where it cannot
be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from pylae.api.scalars import parse_duration
from pylae.model.codes import DOUBTFUL
from pylae.model.finding import Code

Value = TypeVar("Value")

LONGEST = timedelta(days=365)
"""Of a time-out. Envoy refuses what is far longer."""

SHOWN = 60
"""Characters of a value that a message repeats."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something written that is not used; `path` is below the mesh configuration."""

    code: Code
    path: str
    message: str
    cure: str = "Correct it, or leave it out."


@dataclass(frozen=True, slots=True)
class Setting(Generic[Value]):
    """`read` raises ValueError, with a clause that says what is wrong with the value."""

    name: str
    default: Value
    read: Callable[[object], Value]
    below: str = ""

    def of(self, written: Mapping[Any, object], unusable: list[Unusable]) -> Value:
        """What is written under the name; its default where nothing is, or nothing that can be used."""
        if self.name not in written:
            return self.default
        try:
            return self.read(written[self.name])
        except ValueError as problem:
            path = f"{self.below}.{self.name}" if "/" not in self.name else f"{self.below}[{self.name}]"
            unusable.append(Unusable(DOUBTFUL, path, f"{problem}; the default is used."))
            return self.default


def read_duration(value: object) -> timedelta:
    """From nothing (`0s`) to a year."""
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no duration: write a number with a unit, such as 10s or 1h5m")
    found = parse_duration(value[:SHOWN])
    if not timedelta(0) <= found <= LONGEST:
        raise ValueError(f"{shown(value)} is no duration from 0s to {LONGEST.days * 24}h")
    return found


def read_flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"{shown(value)} is neither true nor false")


def read_number(lowest: int, highest: int) -> Callable[[object], int]:
    """Whole numbers between the two, which count in."""

    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        raise ValueError(f"{shown(value)} is no whole number from {lowest} to {highest}")

    return read


def shown(value: object) -> str:
    """A value for a message: short, and nothing of what is nested, for with aliases a few lines of YAML can stand for
    gigabytes."""
    match value:
        case dict():
            return "a mapping"
        case list() | tuple() | set():
            return "a list"
        case int():
            return str(value) if abs(value) < 10**SHOWN else "a number as long as that"
        case _:
            return str(value)[:SHOWN]
