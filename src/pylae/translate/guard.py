"""The one place where a mistake of ours is caught: it costs the user that object and nothing else."""

from dataclasses import dataclass
from types import TracebackType

from pylae.model.codes import INTERNAL
from pylae.model.finding import Finding
from pylae.model.ir.origin import Origin


@dataclass(frozen=True, slots=True)
class guarded:  # noqa: N801 - it reads as the statement that it makes of `with`
    """Runs the translation of one object; an exception that nobody expected becomes a finding on it."""

    origin: Origin
    findings: list[Finding]

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, mistake: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(mistake, Exception):
            return False
        message = f"It could not be translated: {type(mistake).__name__}: {mistake}."
        cure = "It is left out, all else serves. This is a mistake in Pylae: please report it with the object."
        self.findings.append(Finding(INTERNAL, self.origin.about, self.origin.path, message, cure))
        return True
