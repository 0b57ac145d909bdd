"""A real API server for each test that asks for one, and a client that talks to it as kubectl would."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings
from pylae.kube.client import Client
from pylae.kube.kubeconfig import load


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    server = ApiServer(ApiServerSettings(data=tmp_path / "api" / "api.db"))
    server.settings.data.parent.mkdir()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server: ApiServer) -> AsyncIterator[Client]:
    async with Client(load(server.settings.kubeconfig)) as client:
        yield client
