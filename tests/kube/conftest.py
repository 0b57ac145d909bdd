"""A real API server for each test that asks for one, and a client that talks to it as kubectl would."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import pytest

from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings
from pylae.kube.client import Client
from pylae.kube.connection import Connection
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


@pytest.fixture
def stub() -> Callable[..., AbstractAsyncContextManager[Client]]:
    """A client of something that answers requests, one after the other, with these bytes, the last one for ever.

    It then closes the connection, or with `keep_open` falls silent.
    """

    @asynccontextmanager
    async def answering(*answers: bytes, keep_open: bool = False) -> AsyncIterator[Client]:
        remaining = list(answers)

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(asyncio.IncompleteReadError):  # a client that left without a word
                await reader.readuntil(b"\r\n\r\n")
                writer.write(remaining.pop(0) if len(remaining) > 1 else remaining[0])
            if keep_open:
                await reader.read()
            writer.close()

        listener = await asyncio.start_server(answer, "127.0.0.1")
        address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        async with listener, Client(Connection(address)) as client:
            yield client

    return answering
