"""What became of users' files: applied, refused and pruned."""

from dataclasses import dataclass
from pathlib import Path

from pylae.api.meta import ObjectRef
from pylae.kube.apply import Outcome
from pylae.kube.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Applied:
    """`warnings` are the server's: the object is accepted, though perhaps not as meant."""

    about: ObjectRef
    outcome: Outcome
    source: Path
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What one look led to; false if to nothing. `refused` has what was not refused in the same words before."""

    applied: tuple[Applied, ...] = ()
    refused: tuple[Refusal, ...] = ()
    pruned: tuple[ObjectRef, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.applied or self.refused or self.pruned)


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one of the watched paths: so many objects applied, and what is refused at present."""

    path: Path
    applied: int
    refused: tuple[Refusal, ...]
