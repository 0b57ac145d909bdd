"""A server that is killed loses nothing that it has acknowledged."""

import asyncio
import re
import signal
import sys

import pytest

pytestmark = pytest.mark.real

SERVE = """
import asyncio, sys
from pathlib import Path
from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings

async def serve():
    server = ApiServer(ApiServerSettings(data=Path(sys.argv[1])))
    await server.start()
    print(server.url, flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
"""
CONFIGMAPS = "/api/v1/namespaces/default/configmaps"


async def test_no_acknowledged_write_is_lost_by_kill_9(serve, tmp_path, connect):
    data = tmp_path / "killed" / "api.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, str(data), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    assert re.fullmatch(r"https://127\.0\.0\.1:\d+", url)
    acknowledged: dict[str, int] = {}
    async with connect(data.parent / "kubeconfig") as session:

        async def write(number: int) -> None:
            body = {"metadata": {"name": f"n{number}"}}
            async with session.post(f"{url}{CONFIGMAPS}", json=body) as response:
                created = await response.json()
                acknowledged[created["metadata"]["name"]] = int(created["metadata"]["resourceVersion"])
            if len(acknowledged) == 100:
                process.send_signal(signal.SIGKILL)

        await asyncio.gather(*(write(number) for number in range(300)), return_exceptions=True)
    await process.wait()
    assert 100 <= len(acknowledged) < 300
    again = await serve(data=data)
    stored = (await again("GET", CONFIGMAPS)).json
    versions = {item["metadata"]["name"]: int(item["metadata"]["resourceVersion"]) for item in stored["items"]}
    assert acknowledged.items() <= versions.items()
    assert int(stored["metadata"]["resourceVersion"]) > max(acknowledged.values())
