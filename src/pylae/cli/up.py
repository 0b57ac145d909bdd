"""`pylae up`: start the API, the control plane and one Envoy, here in the foreground or detached."""

import time
from pathlib import Path
from typing import Any

import click

from pylae.cli import instance
from pylae.cli.gateway_options import gateway_options
from pylae.cli.launch import Launch, launch_options
from pylae.cli.parameters import address
from pylae.cli.summary import render
from pylae.controlplane.settings import Settings
from pylae.node.directories import DataDirectory


@click.command()
@click.option(
    "-f", "--file", "files", multiple=True, type=click.Path(exists=True, path_type=Path),
    help="Apply this file or directory and go on watching it.",
)  # fmt: skip
@gateway_options(bind="127.0.0.1")
@click.option(
    "--xds", metavar="ADDRESS:PORT", callback=address,
    help="Let gateways elsewhere join here, by certificate: see `pylae enroll` and `pylae gateway`.",
)  # fmt: skip
@launch_options
@instance.data_dir_option
def up(data: DataDirectory, detach: bool, unattended: bool, **wanted: Any) -> None:
    """Start the gateway: its API, its control plane and one Envoy."""
    launch = Launch(data, _page, time.monotonic())
    if detach and not unattended:
        launch.detached()
    else:
        launch.in_foreground(
            lambda: _run(Settings(data=data, foreground=not unattended, **wanted)), attended=not unattended
        )


def _page(data: DataDirectory) -> str:
    return render(instance.status(data), data)


def _run(settings: Settings) -> None:
    from pylae.controlplane.standalone import run

    run(settings)
