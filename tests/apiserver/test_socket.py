"""The Unix socket for the user's own processes: nobody else gets there, and who gets there proves who it is."""

import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from pylae.api.scheme import NAMESPACE
from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings
from pylae.kube.client import Client
from pylae.kube.errors import Unreachable
from pylae.kube.kubeconfig import load


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    settings = ApiServerSettings(data=tmp_path / "data" / "api.db", socket=tmp_path / "api.sock")
    with socket.socket(socket.AF_UNIX) as left_by_a_dead_process:
        left_by_a_dead_process.bind(str(settings.socket))
    server = ApiServer(settings)
    await server.start()
    yield server
    await server.stop()


def path(server: ApiServer) -> Path:
    assert server.settings.socket is not None
    return server.settings.socket


async def status(server: ApiServer, where: str = "/api/v1/namespaces", **headers: str) -> int:
    async with (
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path(server)))) as session,
        session.get(f"http://localhost{where}", headers=headers) as response,
    ):
        return response.status


async def test_only_its_owner_can_open_it(server: ApiServer) -> None:
    found = path(server).stat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert found.st_uid == os.getuid()


@pytest.mark.parametrize("where", ["/", "/api", "/readyz", "/version", "/openapi/v3", "/api/v1/namespaces"])
async def test_nobody_is_let_in_without_the_token(server: ApiServer, where: str) -> None:
    assert await status(server, where) == 401
    assert await status(server, where, Authorization="Bearer guessed") == 401


async def test_foreign_names_and_web_pages_are_refused_even_with_the_token(server: ApiServer) -> None:
    token = load(server.settings.kubeconfig).headers()
    assert await status(server, **token) == 200
    assert await status(server, **token, Host="rebound.example") == 403
    assert await status(server, **token, Origin="http://localhost") == 403


async def test_the_client_sees_there_what_it_sees_at_the_address(server: ApiServer) -> None:
    connection = load(server.settings.kubeconfig)
    async with Client(connection) as outer, Client(connection.through(path(server))) as inner:
        made = await inner.create(NAMESPACE, "", {"kind": "Namespace", "metadata": {"name": "shop"}})
        assert await outer.get(NAMESPACE, "", "shop") == made
        assert await inner.list(NAMESPACE) == await outer.list(NAMESPACE)


async def test_it_is_gone_with_the_server(server: ApiServer) -> None:
    connection = load(server.settings.kubeconfig).through(path(server))
    await server.stop()
    assert not path(server).exists()
    async with Client(connection) as client:
        with pytest.raises(Unreachable, match=r"api\.sock"):
            await client.list(NAMESPACE)
