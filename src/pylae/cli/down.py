"""`pylae down`: end an instance, whatever is left of it."""

import os
import select
import signal
from pathlib import Path

import click

from pylae.cli.instance import data_dir_option
from pylae.cli.output import say
from pylae.node.directories import DataDirectory
from pylae.node.lock import holder

PATIENCE = 60
"""Seconds for open connections to drain and both processes to end."""


@click.command()
@data_dir_option
def down(data: DataDirectory) -> None:
    """End the gateway. Open requests may finish, and what was applied is kept for the next start."""
    pid = holder(data.lock)
    if pid:
        _end(pid)
        say(f"Pylae (pid {pid}) has ended. What it knows is kept in {data.path}")
    elif _end_envoy(data):
        say("The Envoy that a dead Pylae left behind has ended.")
    else:
        say(f"Nothing runs on {data.path}")


def _end(pid: int) -> None:
    """Ask the process to end and wait until it has. It stops its own Envoy."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(process, signal.SIGTERM)
        if not select.select([process], [], [], PATIENCE)[0]:
            raise click.ClickException(
                f"Pylae (pid {pid}) still drains after {PATIENCE} s. End it at once: kill -9 {pid}"
            )
    finally:
        os.close(process)


def _end_envoy(data: DataDirectory) -> bool:
    """End the Envoy that serves on after its control plane died; false if there is none."""
    import asyncio

    from pylae.envoy.admin import Admin
    from pylae.envoy.command import Command
    from pylae.envoy.process import adopt

    async def end() -> bool:
        command = Command(Path("envoy"), data.run / "bootstrap.json")
        if (process := adopt(command, pid_file=data.run / "envoy.pid")) is None:
            return False
        async with Admin(data.admin_socket) as admin:
            await process.stop(admin)
        (data.run / "envoy.pid").unlink(missing_ok=True)
        return True

    return asyncio.run(end())
