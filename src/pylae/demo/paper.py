"""How the demo looks on a terminal: headlines, commands as typed, answers, reasons, and the table at the end."""

import os
from collections.abc import Sequence

import click

from pylae.demo.step import Command, Section

COMMAND_INDENT = 3
ANSWER_INDENT = 5


def headline(number: int, section: Section) -> None:
    click.echo(f"\n{_bold(str(number))}  {_bold(section.title)}")


def typed(command: Command) -> None:
    """The command behind its prompt."""
    _lines(f"$ {command.typed()}", COMMAND_INDENT)


def answer(text: str) -> None:
    """What came back."""
    if text:
        _lines(text, ANSWER_INDENT)


def reason(text: str) -> None:
    """The sentence on why."""
    if text:
        _lines(f"↳ {text}", ANSWER_INDENT)


def remark(text: str = "") -> None:
    """A line of the demo's own."""
    click.echo(text)


def table(head: tuple[str, str], rows: Sequence[tuple[str, str, bool]]) -> None:
    """What was expected, what was seen, and whether it is the same."""
    label = max(len(text) for text in (head[0], *(row[0] for row in rows))) + 2
    seen = max(len(text) for text in (head[1], *(row[1] for row in rows))) + 2
    click.echo(f"\n{head[0]:<{label}}{head[1]}")
    for text, found, holds in rows:
        click.echo(f"{text:<{label}}{found:<{seen}}{_mark(holds)}")


def _mark(holds: bool) -> str:
    return _style("✓", "green") if holds else _style("✗", "red")


def _lines(text: str, indent: int) -> None:
    for line in text.splitlines():
        click.echo(" " * indent + line if line else "")


def _bold(text: str) -> str:
    return text if _plain() else click.style(text, bold=True)


def _style(text: str, colour: str) -> str:
    return text if _plain() else click.style(text, fg=colour)


def _plain() -> bool:
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
