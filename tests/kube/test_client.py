"""The client against the embedded server: every verb, and every way in which a request can come to nothing."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pylae.api.scalars import SecretBytes, SecretText
from pylae.api.scheme import CONFIG_MAP, GATEWAY, NAMESPACE, SERVICE
from pylae.apiserver.server import ApiServer
from pylae.kube.client import JSON_PATCH, Client, path
from pylae.kube.connection import Connection, UnusableCredentials
from pylae.kube.errors import (
    AlreadyExists,
    BadRequest,
    Conflict,
    Gone,
    Invalid,
    NotFound,
    Unauthorized,
    Unreachable,
)
from pylae.kube.kubeconfig import load

Json = dict[str, Any]
Stub = Callable[..., AbstractAsyncContextManager[Client]]


def config_map(name: str, **data: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def gateway(name: str, port: object = 80, **more: object) -> Json:
    server = {"port": {"number": port, "name": "http", "protocol": "HTTP"}, "hosts": ["a.example"]}
    spec = {"selector": {"istio": "ingressgateway"}, "servers": [server], **more}
    return {"apiVersion": GATEWAY.api_version, "kind": "Gateway", "metadata": {"name": name}, "spec": spec}


def test_paths_are_those_of_the_api() -> None:
    assert path(CONFIG_MAP, "shop", "a") == "/api/v1/namespaces/shop/configmaps/a"
    assert path(GATEWAY) == "/apis/networking.istio.io/v1/gateways"
    assert path(NAMESPACE, "ignored", "shop") == "/api/v1/namespaces/shop"
    assert path(CONFIG_MAP, "shop", "../../secrets") == "/api/v1/namespaces/shop/configmaps/..%2F..%2Fsecrets"


async def test_what_is_created_is_read_listed_replaced_patched_and_deleted(client: Client) -> None:
    made = await client.create(CONFIG_MAP, "default", config_map("a", x="1"))
    assert await client.get(CONFIG_MAP, "default", "a") == made
    assert [found["metadata"]["name"] for found in await client.list(CONFIG_MAP)] == ["a"]
    made["data"] = {"x": "2"}
    replaced = await client.replace(CONFIG_MAP, "default", "a", made)
    assert replaced["data"] == {"x": "2"}
    patched = await client.patch(CONFIG_MAP, "default", "a", {"data": {"y": "3"}})
    assert patched["data"] == {"x": "2", "y": "3"}
    await client.delete(CONFIG_MAP, "default", "a")
    with pytest.raises(NotFound, match='configmaps "a" not found'):
        await client.get(CONFIG_MAP, "default", "a")


async def test_a_json_patch_says_so_in_its_content_type(client: Client) -> None:
    await client.create(CONFIG_MAP, "default", config_map("a", x="1"))
    steps = [{"op": "remove", "path": "/data/x"}, {"op": "add", "path": "/data/y", "value": "2"}]
    assert (await client.patch(CONFIG_MAP, "default", "a", steps, content_type=JSON_PATCH))["data"] == {"y": "2"}


async def test_a_status_is_patched_without_touching_the_rest(client: Client) -> None:
    await client.create(GATEWAY, "default", gateway("front"))
    patched = await client.patch_status(GATEWAY, "default", "front", {"status": {"x": 1}, "spec": {"servers": []}})
    assert patched["status"] == {"x": 1}
    assert len(patched["spec"]["servers"]) == 1


async def test_a_long_list_comes_in_pages(client: Client) -> None:
    for number in range(5):
        await client.create(CONFIG_MAP, "default", config_map(f"m{number}"))
    pages = [page async for page in client.pages(CONFIG_MAP, limit="2")]
    assert [len(page.items) for page in pages] == [2, 2, 1]
    assert [bool(page.continue_token) for page in pages] == [True, True, False]


async def test_a_list_can_be_narrowed_by_labels(client: Client) -> None:
    labelled = config_map("a")
    labelled["metadata"]["labels"] = {"app": "shop"}
    await client.create(CONFIG_MAP, "default", labelled)
    await client.create(CONFIG_MAP, "default", config_map("b"))
    assert [found["metadata"]["name"] for found in await client.list(CONFIG_MAP, labelSelector="app=shop")] == ["a"]


async def test_a_watch_tells_what_happens_after_a_version(client: Client) -> None:
    first = await client.create(CONFIG_MAP, "default", config_map("a"))
    await client.patch(CONFIG_MAP, "default", "a", {"data": {"x": "1"}})
    await client.delete(CONFIG_MAP, "default", "a")
    version = first["metadata"]["resourceVersion"]
    async with aclosing(client.watch(CONFIG_MAP, resourceVersion=version)) as events:
        assert [(await anext(events)).type for _ in range(2)] == ["MODIFIED", "DELETED"]


async def test_a_watch_ends_when_its_time_is_up(client: Client) -> None:
    version = (await client.page(CONFIG_MAP)).resource_version
    events = client.watch(CONFIG_MAP, resourceVersion=version, timeoutSeconds="1")
    assert [event.type async for event in events if event.type != "BOOKMARK"] == []


async def test_a_version_from_the_future_is_gone(client: Client) -> None:
    with pytest.raises(Gone):
        await anext(client.watch(CONFIG_MAP, resourceVersion="99999999"))


async def test_refusals_have_the_names_of_their_reasons(client: Client) -> None:
    made = await client.create(CONFIG_MAP, "default", config_map("a"))
    with pytest.raises(AlreadyExists):
        await client.create(CONFIG_MAP, "default", config_map("a"))
    made["metadata"]["resourceVersion"] = "1"
    with pytest.raises(Conflict):
        await client.replace(CONFIG_MAP, "default", "a", made)
    with pytest.raises(Conflict):
        await client.delete(CONFIG_MAP, "default", "a", uid="another")
    with pytest.raises(Invalid) as caught:
        await client.create(GATEWAY, "default", gateway("front", port="eighty"))
    assert [field for field, _ in caught.value.causes] == ["spec.servers[0].port.number"]


async def test_unknown_fields_are_refused_when_asked_and_warned_of_otherwise(client: Client) -> None:
    with pytest.raises(BadRequest, match='unknown field "spec\\.selectorr"'):
        await client.create(GATEWAY, "default", gateway("front", selectorr={}), strict=True)
    assert client.take_warnings() == ()
    await client.create(GATEWAY, "default", gateway("front", selectorr={}))
    assert client.take_warnings() == ('unknown field "spec.selectorr"',)
    assert client.take_warnings() == ()


async def test_any_path_can_be_read(client: Client) -> None:
    assert await client.get_raw("/readyz") == b"ok"
    assert b'"limit"' not in await client.get_raw("/api/v1/services?limit=1")


async def test_a_wrong_token_is_unauthorized(server: ApiServer) -> None:
    connection = load(server.settings.kubeconfig)
    stranger = replace(connection, token=SecretText(b"wrong"), client_certificate=b"", client_key=SecretBytes())
    async with Client(stranger) as client:
        with pytest.raises(Unauthorized):
            await client.list(SERVICE)


async def test_a_server_of_another_authority_is_not_trusted(server: ApiServer) -> None:
    async with Client(replace(load(server.settings.kubeconfig), ca=b"")) as client:
        with pytest.raises(Unreachable, match="certificate"):
            await client.list(SERVICE)


async def test_nobody_there_is_unreachable_with_the_address() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound, and not listening
        address = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        async with Client(Connection(address)) as client:
            with pytest.raises(Unreachable, match=f"{address} cannot be reached: .*[Rr]efused"):
                await client.list(SERVICE)


async def test_a_server_on_this_machine_is_not_asked_to_compress() -> None:
    asked: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1") as listener:
        address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        async with Client(Connection(address)) as client:
            with pytest.raises(Unreachable):
                await client.get_raw("/")
    assert b"Accept-Encoding: identity\r\n" in asked[0]


async def test_a_server_that_hangs_up_is_unreachable(stub: Stub) -> None:
    async with stub(b"") as client:
        with pytest.raises(Unreachable, match="closed the connection"):
            await client.create(SERVICE, "default", {})


async def test_a_page_that_is_no_answer_is_unreachable_as_well(stub: Stub) -> None:
    async with stub(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>Log in</h") as client:
        with pytest.raises(Unreachable, match="what answers is no Kubernetes API"):
            await client.list(SERVICE)
        with pytest.raises(Unreachable, match="what answers is no Kubernetes API"):
            await client.get(SERVICE, "default", "web")


async def test_a_broken_key_is_told_without_showing_it(server: ApiServer) -> None:
    connection = replace(load(server.settings.kubeconfig), client_key=SecretBytes(b"s3cr3t"))
    with pytest.raises(UnusableCredentials) as caught:
        async with Client(connection):
            pass
    assert "s3cr3t" not in str(caught.value)


def files_in(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*"))


async def test_a_key_leaves_no_file_behind(server: ApiServer, tmp_path: Path) -> None:
    connection = load(server.settings.kubeconfig)
    assert connection.client_key
    before = files_in(tmp_path)
    async with Client(connection) as client:
        await client.list(SERVICE)
    assert files_in(tmp_path) == before
