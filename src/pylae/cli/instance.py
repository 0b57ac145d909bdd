"""The instance that a command is about: its data directory, and what its two processes tell about themselves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from pylae.cli.door import RefusedError, UnreachedError, ask, ask_json
from pylae.node.directories import DataDirectory
from pylae.node.lock import holder

Json = dict[str, Any]
Command = Callable[..., Any]


def _directory(context: click.Context, parameter: click.Parameter, value: Path | None) -> DataDirectory:
    del context, parameter
    return DataDirectory.at(value)


def data_dir_option(command: Command) -> Command:
    """`--data-dir DIR`, handed to the command as `data`."""
    return click.option(
        "--data-dir",
        "data",
        type=click.Path(file_okay=False, path_type=Path),
        callback=_directory,
        envvar="PYLAE_DATA_DIR",
        show_envvar=True,
        help="Where this gateway keeps what it knows; by default pylae in the XDG state directory.",
    )(command)


def status(data: DataDirectory) -> Json:
    """The control plane's own account of itself. Raises ClickException if none runs here."""
    document: Json = _told(data, "/status")
    return document


def proxies(data: DataDirectory) -> list[Json]:
    """The Envoys that are connected, and how far each has followed. Raises ClickException if no control plane runs
    here.
    """
    document: list[Json] = _told(data, "/proxies")
    return document


def host(data: DataDirectory, name: str) -> Json:
    """What a host that is served on demand is given. Raises ClickException if no control plane runs here."""
    document: Json = _told(data, f"/hosts/{quote(name, safe='')}")
    return document


def is_ready(data: DataDirectory) -> bool:
    """Whether everything that there was at the start is served by now."""
    try:
        ask(data.control_socket, "/ready")
    except (UnreachedError, RefusedError):
        return False
    return True


def envoy(data: DataDirectory, target: str) -> Json:
    """What Envoy's admin answers to `target`, such as `/config_dump`. Raises ClickException if no Envoy runs here."""
    try:
        document: Json = ask_json(data.admin_socket, target)
    except UnreachedError:
        raise click.ClickException(f"No Envoy runs on {data.path}. Start one: {up(data)}") from None
    return document


def up(data: DataDirectory) -> str:
    """The command that starts this instance, as one would type it."""
    return "pylae up" if data == DataDirectory.at() else f"pylae up --data-dir {data.path}"


def _told(data: DataDirectory, target: str) -> Any:
    try:
        return ask_json(data.control_socket, target)
    except UnreachedError:
        raise click.ClickException(_absence(data)) from None
    except RefusedError as error:
        raise click.ClickException(str(error)) from None


def _absence(data: DataDirectory) -> str:
    if pid := holder(data.lock):
        return f"Pylae (pid {pid}) holds {data.path} and does not answer yet. Try again, or read {data.log}"
    if _envoy_lives(data):
        return f"Pylae died on {data.path}, and its Envoy serves on. Take it over: {up(data)}"
    return f"No Pylae runs on {data.path}. Start one: {up(data)}"


def _envoy_lives(data: DataDirectory) -> bool:
    try:
        ask(data.admin_socket, "/ready")
    except RefusedError:
        return True
    except UnreachedError:
        return False
    return True
