"""The parts of a walkthrough: commands as typed, what comes back, what should, and one sentence on why."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass

LINE = 100
"""Columns from which a typed command goes on in the next line."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments; `into` is a second command that reads the first one's output."""

    words: tuple[str, ...]
    into: "Command | None" = None

    def typed(self) -> str:
        """As one types it in a shell, long ones over several lines."""
        text = " ".join(map(shlex.quote, self.words))
        if len(text) > LINE:
            text = _folded(self.words)
        return f"{text} | {self.into.typed()}" if self.into else text


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left: its exit code and what it printed."""

    code: int
    output: str
    errors: str

    def said(self) -> str:
        """All that it printed, results first."""
        return "\n".join(text.strip() for text in (self.output, self.errors) if text.strip())


@dataclass(frozen=True, slots=True)
class Earlier:
    """The same as was seen in an earlier step, by its key."""

    key: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """It holds if `see` finds in the outcome the very words that are `wanted`. `label` says in the final table
    what it is.
    """

    label: str
    wanted: str | Earlier
    see: Callable[[Outcome], str]


@dataclass(frozen=True, slots=True)
class Step:
    """A command, what should be seen, one sentence on why it comes out so, and how to show in short what came back.

    What kubectl changed takes a moment to reach Envoy, so a `patient` step is run again for a while until it holds.
    `pause` is waited first, in seconds. `key` is the name by which `Earlier` finds the step.
    """

    command: Command
    expected: tuple[Expectation, ...] = ()
    why: str = ""
    show: Callable[[Outcome], str] = Outcome.said
    patient: bool = False
    pause: float = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Steps under one headline."""

    title: str
    steps: tuple[Step, ...]


def command(text: str) -> Command:
    """A command from what one would type, without pipes: `kubectl get pods`."""
    return Command(tuple(shlex.split(text)))


def _folded(words: tuple[str, ...]) -> str:
    """Broken in front of options, so that each option stays with its value."""
    lines = [""]
    for part in _parts(words):
        if lines[-1] and len(lines[-1]) + len(part) >= LINE:
            lines.append(part)
        else:
            lines[-1] = f"{lines[-1]} {part}".lstrip()
    return " \\\n    ".join(lines)


def _parts(words: tuple[str, ...]) -> list[str]:
    """The program with its first arguments, then each option with what follows it."""
    parts: list[str] = []
    for word in map(shlex.quote, words):
        if parts and not word.startswith("-"):
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts
