"""`pylae logs`: what the control plane and its Envoy wrote, as `tail` shows several files."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click

from pylae.cli.instance import data_dir_option, up
from pylae.cli.output import say
from pylae.node.directories import DataDirectory

SOURCES = ("pylae", "envoy")
PAUSE = 0.25
"""Seconds between two looks at the files while following."""

BLOCK = 64 * 1024


@click.command()
@data_dir_option
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on, until Ctrl-C.")
@click.option(
    "--tail", type=click.IntRange(min=0), default=100, show_default=True, help="Lines of each log to begin with."
)
@click.argument("source", required=False, type=click.Choice(SOURCES))
def logs(data: DataDirectory, follow: bool, tail: int, source: str | None) -> None:
    """Print the logs of Pylae and its Envoy."""
    paths = {"pylae": data.log, "envoy": data.envoy_log}
    chosen = [paths[name] for name in ((source,) if source else SOURCES)]
    found = [path for path in chosen if path.exists()]
    if not found:
        raise click.ClickException(f"There is no log in {data.path}: no Pylae has run there. Start one: {up(data)}")
    tails = [Tail(path) for path in found]
    for each in tails:
        _show(each.last(tail), each.path.name if len(tails) > 1 else "")
    while follow:
        time.sleep(PAUSE)
        for each in tails:
            _show(each.fresh(), each.path.name if len(tails) > 1 else "")


@dataclass(slots=True)
class Tail:
    """A growing file, and how far it has been read; one that was rotated away is begun anew."""

    path: Path
    position: int = 0
    inode: int = 0

    def last(self, count: int) -> tuple[str, ...]:
        """The last `count` lines, without reading what lies before them."""
        with self.path.open("rb") as file:
            self.inode = self.path.stat().st_ino
            text, self.position = _end(file, count)
        lines = text.decode(errors="replace").splitlines()
        return tuple(lines[-count:] if count else ())

    def fresh(self) -> tuple[str, ...]:
        """The whole lines that were written since the last look."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return ()
        if found.st_ino != self.inode or found.st_size < self.position:
            self.inode, self.position = found.st_ino, 0
        with self.path.open("rb") as file:
            file.seek(self.position)
            whole, newline, _ = file.read().rpartition(b"\n")
        self.position += len(whole) + len(newline)
        return tuple(whole.decode(errors="replace").splitlines())


def readable(line: str) -> str:
    """A JSON line of ours as a person reads it, and any other line as it is."""
    try:
        entry = json.loads(line)
        moment = datetime.fromisoformat(entry["time"]).astimezone()
        text = f"{moment:%H:%M:%S} {'' if entry['level'] == 'info' else entry['level'] + '  '}{entry['msg']}"
    except (ValueError, KeyError, TypeError):
        return line
    return "\n".join([text, *filter(None, [entry.get("error")])])


def tells_of_trouble(line: str) -> bool:
    """Whether it is a warning or an error of ours, or somebody else's line."""
    try:
        return bool(json.loads(line)["level"] != "info")
    except (ValueError, KeyError, TypeError):
        return True


def _show(lines: tuple[str, ...], name: str) -> None:
    if lines and name:
        say(f"==> {name} <==")
    for line in lines:
        say(readable(line))


def _end(file: BinaryIO, count: int) -> tuple[bytes, int]:
    """Enough of the file's end to hold `count` lines, and how long the file is."""
    size = start = file.seek(0, 2)
    read = b""
    while start > 0 and read.count(b"\n") <= count:
        end, start = start, max(0, start - BLOCK)
        file.seek(start)
        read = file.read(end - start) + read
    return read, size
