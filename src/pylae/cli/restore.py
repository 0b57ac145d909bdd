"""`pylae restore`: a backup in the place of what a gateway keeps."""

import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import click

from pylae.cli.instance import data_dir_option, up
from pylae.cli.output import note, say
from pylae.node.directories import DataDirectory


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--replace", is_flag=True, help="Put what the directory holds aside, into a directory in it.")
@data_dir_option
def restore(data: DataDirectory, file: Path, replace: bool) -> None:
    """Put a backup in the place of what is here.

    The gateway must not run. FILE `-` is standard input. Kubeconfigs of the time of the backup let in again, and
    clients that saw what happened after it list anew.
    """
    from pylae.node.restore import restore as put_back

    with nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as source:
        restored = put_back(data, source, datetime.now(UTC), replace=replace)
    say(f"{data.path} is as it was on {restored.manifest.created:%Y-%m-%d %H:%M:%S} UTC. Start it: {up(data)}")
    if restored.replaced:
        note(
            f"What it held before lies in {restored.replaced}, keys and all. Remove it when it is not wanted any more."
        )
