"""What a reader of YAML or JSON makes of a document: a value, and where everything in it was written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEEPEST = 200
"""Levels of nesting in a document. Nothing in Kubernetes comes near it, and what walks over values may recurse."""

TOO_DEEP = f"nested more than {DEEPEST} levels deep"


class Unreadable(Exception):
    """What is wrong, and on which line (from 1)."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message, line)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Reading:
    """One document. `lines` has the line of each place in it (`spec.servers[1].port`; "" is the whole), from 1."""

    value: Any = field(repr=False)  # it may be a Secret
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)

    def at(self, place: str, value: Any) -> "Reading":
        """The same for `value`, which lies at that place in the document."""
        inner = {
            path.removeprefix(place).lstrip("."): line for path, line in self.lines.items() if path.startswith(place)
        }
        return Reading(value, inner or {"": self.lines.get("", 1)})
