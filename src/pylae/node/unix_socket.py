"""Unix sockets of the runtime directory: who binds one takes the place of a dead process's, and of nothing else."""

import stat
from pathlib import Path

from aiohttp import web


def remove_stale(socket: Path) -> None:
    """Only a socket is removed: anything else at that path was not put there by us."""
    try:
        if stat.S_ISSOCK(socket.lstat().st_mode):
            socket.unlink()
    except FileNotFoundError:
        return


async def serve(app: web.Application, socket: Path) -> web.AppRunner:
    """Serve HTTP on `socket` (0600), replacing what a dead process left there; the caller cleans the runner up."""
    remove_stale(socket)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.UnixSite(runner, str(socket)).start()
    socket.chmod(0o600)
    return runner
