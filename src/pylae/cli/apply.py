"""`pylae apply` and `pylae delete`: manifests into the API and out of it, for a machine without kubectl.

What cannot be read or is refused is told with its file and line; everything else is done all the same.
"""

import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pylae.cli.api import connected
from pylae.cli.instance import data_dir_option
from pylae.cli.output import note, say
from pylae.node.directories import DataDirectory

if TYPE_CHECKING:
    from pylae.kube.client import Client
    from pylae.kube.manifest import Document, Manifest

Command = Callable[..., Any]
Deed = Callable[["Client", "Document", str], Awaitable[str]]


def manifests_option(command: Command) -> Command:
    """`-f/--file`, required and repeatable."""
    return click.option(
        "-f",
        "--file",
        "files",
        multiple=True,
        required=True,
        type=click.Path(path_type=Path, allow_dash=True, exists=True),
        help="A file or directory of manifests (- is standard input).",
    )(command)


namespace_option = click.option(
    "-n", "--namespace", default="default", show_default=True, help="For objects that name none."
)


@click.command()
@manifests_option
@namespace_option
@data_dir_option
@click.pass_context
def apply(context: click.Context, data: DataDirectory, files: tuple[Path, ...], namespace: str) -> None:
    """Create or change what the manifests hold."""
    context.exit(_each(data, files, namespace, _apply))


@click.command()
@manifests_option
@namespace_option
@data_dir_option
@click.pass_context
def delete(context: click.Context, data: DataDirectory, files: tuple[Path, ...], namespace: str) -> None:
    """Delete what the manifests hold."""
    context.exit(_each(data, files, namespace, _delete, backwards=True))


async def _apply(client: "Client", document: "Document", namespace: str) -> str:
    from pylae.kube.apply import apply

    return str(await apply(client, document, namespace=namespace))


async def _delete(client: "Client", document: "Document", namespace: str) -> str:
    from pylae.kube.apply import delete

    return "deleted" if await delete(client, document, namespace=namespace) else "not there"


def _each(data: DataDirectory, files: tuple[Path, ...], namespace: str, deed: Deed, *, backwards: bool = False) -> int:
    """Do it to every object of every file, and tell of each; 1 if anything did not go well."""
    import asyncio

    from pylae.kube.refusal import unreadable

    manifests = list(_loaded(files))
    problems = [str(unreadable(error)) for manifest in manifests for error in manifest.errors]
    documents = [document for manifest in manifests for document in manifest.documents]

    async def all_of_them() -> None:
        async with connected(data) as client:
            for document in reversed(documents) if backwards else documents:
                problems.extend(await _one(client, document, namespace, deed))

    asyncio.run(all_of_them())
    for problem in problems:
        note(problem)
    return 1 if problems else 0


async def _one(client: "Client", document: "Document", namespace: str, deed: Deed) -> list[str]:
    """Do it to one object; why it could not be done. A server that does not answer ends all of it."""
    from pylae.kube.errors import KubeError, Unreachable
    from pylae.kube.refusal import refusals

    try:
        done = await deed(client, document, namespace)
    except Unreachable:
        raise
    except KubeError as error:
        return [str(refusal) for refusal in refusals(document, document.about, error)]
    say(f"{document.about} {done}")
    for warning in client.take_warnings():
        note(f"Warning: {warning}")
    return []


def _loaded(files: tuple[Path, ...]) -> Iterator["Manifest"]:
    """Every manifest that the paths mean; a directory stands for those in it."""
    from pylae.kube.manifest import STANDARD_INPUT, load, read
    from pylae.kube.tree import manifests

    for path in files:
        if path == STANDARD_INPUT:
            yield read(sys.stdin.buffer.read(), path)
        else:
            yield from map(load, manifests(path))
