"""The way from a command to the instance's API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from pylae.cli.instance import up
from pylae.node.directories import DataDirectory
from pylae.node.lock import holder

if TYPE_CHECKING:
    from pylae.kube.client import Client


@asynccontextmanager
async def connected(data: DataDirectory) -> AsyncIterator["Client"]:
    """A client of the API that the instance serves. Raises ClickException if none runs here."""
    from pylae.kube.client import Client
    from pylae.kube.kubeconfig import load

    if holder(data.lock) is None:
        raise click.ClickException(f"No Pylae runs on {data.path}. Start one: {up(data)}")
    async with Client(load(data.kubeconfig)) as client:
        yield client
