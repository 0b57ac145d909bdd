"""Objects are written as users write them, and judged as at the door."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import yaml

from pylae.api.decode import convert
from pylae.api.scheme import Kind
from pylae.model.finding import Finding, Level
from pylae.validation.validate import validate

FILES = frozenset({"/etc/a.crt", "/etc/a.key", "/etc/ca.crt", "/etc/ca.crl", "@foobar", "/run/shop.sock"})


@dataclass(frozen=True)
class Verdict:
    """What validation found, as `path: message` lines, errors apart from the rest."""

    findings: tuple[Finding, ...]

    @property
    def errors(self) -> list[str]:
        return [f"{f.path}: {f.message}" for f in self.findings if f.level is Level.ERROR]

    @property
    def warnings(self) -> list[str]:
        return [f"{f.path}: {f.message}" for f in self.findings if f.level is not Level.ERROR]

    def must_be(self, errors: tuple[str, ...], warnings: tuple[str, ...] = ()) -> None:
        """Exactly as many findings as told, each containing its key words, in order."""
        _must_contain(self.errors, errors)
        _must_contain(self.warnings, warnings)


def _must_contain(found: list[str], keys: tuple[str, ...]) -> None:
    assert len(found) == len(keys), found
    for line, key in zip(found, keys, strict=True):
        assert key in line


Judge = Callable[..., Verdict]


@pytest.fixture
def judge() -> Judge:
    """Validates an object of this kind with this `spec` (YAML) in namespace shop; further fields as keywords.

    `files=True` lets the object name some files and sockets of the machine.
    """

    def judged(kind: Kind, spec: str = "{}", *, files: bool = False, **metadata: object) -> Verdict:
        document = {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": {"name": "mine", "namespace": "shop", **metadata},
            "spec": yaml.safe_load(spec),
        }
        return Verdict(validate(convert(kind, document), FILES if files else frozenset()))

    return judged
