"""Findings: what is wrong, or worth knowing, about an object that a user wrote.

A finding is data, gathered and never raised. The same sentence reaches the user wherever he looks: as a condition and
an event on the object, as `Warning:` in kubectl, in `pylae status` and in the log.
"""

from dataclasses import dataclass
from enum import StrEnum

from pylae.api.meta import ObjectRef


class Level(StrEnum):
    """How bad it is. `ERROR`: what the finding is about does not serve. `WARNING`: it serves, though perhaps not
    as meant."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of the catalogue in `codes`.

    `number` is Istio's (IST…) where the meaning is Istio's, else ours (PYL…); `reason` is CamelCase, as conditions
    and events want it; `meaning` says in one sentence when the code is given.
    """

    number: str
    reason: str
    level: Level
    meaning: str


@dataclass(frozen=True, slots=True)
class Finding:
    """`message` says what is wrong and where, `cure` what to do about it; `path` is the field, such as
    `spec.servers[1].tls`."""

    code: Code
    about: ObjectRef
    path: str
    message: str
    cure: str = ""

    @property
    def level(self) -> Level:
        return self.code.level

    def sentence(self) -> str:
        """The message and its cure as one line."""
        return f"{self.message} {self.cure}".rstrip()

    def __str__(self) -> str:
        where = f"{self.about}: {self.path}: " if self.path else f"{self.about}: "
        return f"{self.code.number} {where}{self.sentence()}"
