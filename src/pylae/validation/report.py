"""The report of one object's validation: findings, each with the path of the field that it is about."""

from functools import lru_cache

from pylae.api.meta import ObjectRef
from pylae.model.codes import ADDRESS_REFUSED, DOUBTFUL, INVALID, NOT_HONOURED
from pylae.model.finding import Code, Finding


class Path(str):
    """The path of a field, such as `spec.servers[1].port.name`. A name or an index is added by `/`, a map's key by
    `key`.

    Paths are walked down for every object and nearly never read; they are the same few again and again, and remembered.
    """

    __slots__ = ()

    @lru_cache(maxsize=8192)  # noqa: B019 - the paths that it holds are the cache
    def __truediv__(self, step: str | int) -> "Path":
        if isinstance(step, int):
            return Path(f"{self}[{step}]")
        return Path(f"{self}.{step}" if self else step)

    def key(self, name: str) -> "Path":
        return Path(f"{self}[{name}]")


METADATA = Path("metadata")
SPEC = Path("spec")


class Report:
    """Gathers what is found about one object. `allowed_paths` are the files and sockets of the machine that it may
    name.
    """

    def __init__(self, about: ObjectRef, allowed_paths: frozenset[str] = frozenset()) -> None:
        self.about = about
        self.allowed_paths = allowed_paths
        self._findings: list[Finding] = []

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(self._findings)

    def add(self, code: Code, path: str, message: str, cure: str = "") -> None:
        self._findings.append(Finding(code, self.about, str(path), message, cure))

    def error(self, path: str, message: str, cure: str = "") -> None:
        """The object breaks a rule of its kind and will not be used."""
        self.add(INVALID, path, message, cure)

    def warning(self, path: str, message: str, cure: str = "") -> None:
        """The object will be used, though perhaps not as meant."""
        self.add(DOUBTFUL, path, message, cure)

    def not_honoured(self, path: str, message: str, cure: str = "") -> None:
        """Part of Istio's API that has no effect here yet."""
        self.add(NOT_HONOURED, path, message, cure)

    def check_reach(self, path: str, file: str, cure: str) -> None:
        """Refuses a file or socket of the machine, unless the allow-list names it. "" is none."""
        if file and file.removeprefix("unix://") not in self.allowed_paths and file not in self.allowed_paths:
            message = f"{file!r} is a file or socket of this machine, and the gateway reads and opens none of those."
            self.add(ADDRESS_REFUSED, path, message, cure)
