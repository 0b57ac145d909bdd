"""How results are printed: aligned text for people, JSON and YAML for machines; colour only where it means something.

Results go to standard output, everything else to standard error. There is no colour off a terminal (click strips it),
with NO_COLOR (https://no-color.org) or on a dumb terminal.
"""

import io
import json
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

Command = Callable[..., Any]

WIDEST = 100_000
"""Characters of a line. A table is for eyes and for `grep` alike, so it is never folded to the terminal."""

TABLE, SHORT, JSON, YAML = "table", "short", "json", "yaml"


def output_option(*, default: str = TABLE, synonym: str = SHORT) -> Callable[[Command], Command]:
    """`-o/--output table|json|yaml`; `synonym` is accepted for the table, as istioctl calls it `short` here and
    `table` there.
    """
    forms = click.Choice([default, *({TABLE, synonym} - {default}), JSON, YAML])
    return click.option(
        "-o", "--output", type=forms, default=default, show_default=True, help="The form of the output."
    )


def columns(head: Sequence[str], rows: Iterable[Sequence[str]], *, gap: int = 2) -> str:
    """Lines of cells, each column as wide as its widest cell and `gap` spaces; nothing is cut and no line ends in
    spaces.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="")
    for name in head:
        table.add_column(Text(name), no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(file=io.StringIO(), width=WIDEST, no_color=True)
    with console.capture() as printed:
        console.print(table)
    return "\n".join(line.rstrip() for line in printed.get().splitlines())


def as_json(value: object, *, indent: int = 2) -> str:
    """JSON with keys in the order in which they were put, and text as it is."""
    return json.dumps(value, indent=indent, ensure_ascii=False)


def as_yaml(value: object) -> str:
    """The same value as block-style YAML."""
    import yaml

    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=4096)).rstrip()


def document(value: object, form: str, *, indent: int = 2) -> str:
    """`value` as JSON or YAML, by `form`."""
    return as_yaml(value) if form == YAML else as_json(value, indent=indent)


def paint(text: str, colour: str) -> str:
    """`text` in a colour by name, or as it is where colour is not wanted."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return click.style(text, fg=colour)


def say(text: str) -> None:
    """A result, on standard output."""
    click.echo(text)


def note(text: str) -> None:
    """Something beside the result, on standard error."""
    click.echo(text, err=True)
