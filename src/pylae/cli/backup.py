"""`pylae backup`: all that a gateway keeps, in one file."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click

from pylae.cli.instance import data_dir_option
from pylae.cli.output import note
from pylae.node.directories import DataDirectory


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@data_dir_option
def backup(data: DataDirectory, file: Path) -> None:
    """Copy all that this gateway keeps into one file.

    It may run or not. FILE `-` is standard output. The file holds the objects of the API, Secrets with their private
    keys among them, the API's own certificates and the token of its kubeconfig. Only you can read it: keep it that way.

    \b
      pylae backup pylae-$(date +%F).tar.gz
      pylae backup - | age -r age1… > pylae.tar.gz.age
    """
    from pylae.node.backup import back_up

    with _opened(file) as into:
        manifest = back_up(data, into, datetime.now(UTC))
    note(f"{data.path} is backed up, as of {manifest.created:%Y-%m-%d %H:%M:%S} UTC. The file holds private keys.")


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """Where to write: a file of that name is there when it is whole, and not before."""
    if str(file) == "-":
        if sys.stdout.isatty():
            raise click.ClickException("A backup is not for a terminal: name a file, or pipe it on.")
        yield sys.stdout.buffer
        return
    if file.exists():
        raise click.ClickException(f"{file} is there already. Choose another name, or remove it.")
    if not file.parent.is_dir():
        raise click.ClickException(f"There is no directory {file.parent}. Make it first, or choose another.")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with open(draft, "xb", opener=lambda path, flags: os.open(path, flags | os.O_CLOEXEC, 0o600)) as into:
            yield into
            into.flush()
            os.fsync(into.fileno())
        os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
