"""The embedded API in a process of its own: `python embedded_server.py DIRECTORY PORT`.

It says `ready` when it serves. The line `compact` has it forget its past, as if an hour had gone by; it says
`compacted`. The end of its input ends it.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings
from pylae.controlplane.home.admission import admission


class Clock:
    ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def serve(directory: Path, port: int) -> None:
    clock = Clock()
    settings = ApiServerSettings(data=directory / "api.db", port=port)
    server = ApiServer(settings, admit=admission(clock), clock=clock)
    await server.start()
    print("ready", flush=True)
    try:
        while await asyncio.to_thread(sys.stdin.readline):
            clock.ahead = timedelta(hours=2)
            await server.tend()
            clock.ahead = timedelta()
            print("compacted", flush=True)
    finally:
        await server.stop()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
