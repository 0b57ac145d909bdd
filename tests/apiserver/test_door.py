"""The door over real TLS: who gets in, what is too much, what is nowhere."""

import asyncio
import gzip
import re
import ssl

import aiohttp
import pytest

from pylae.apiserver.settings import Limits

SECRETS = "/api/v1/namespaces/default/secrets"


@pytest.fixture
async def api(serve):
    return await serve()


async def ask(api, path: str, *, context: ssl.SSLContext, **headers: str) -> tuple[int, dict]:
    async with aiohttp.ClientSession() as session:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with session.get(f"{api.server.url}{path}", ssl=context, headers=named) as response:
            return response.status, await response.json()


@pytest.fixture
def trusting(api):
    return ssl.create_default_context(cafile=str(api.server.settings.pki / "ca.crt"))


@pytest.mark.parametrize("path", ["/", "/readyz", "/version", "/api", "/openapi/v3", SECRETS, "/nowhere"])
async def test_nobody_is_anonymous_anywhere(api, trusting, path):
    status, answer = await ask(api, path, context=trusting)
    assert (status, answer["kind"], answer["reason"]) == (401, "Status", "Unauthorized")


async def test_the_client_certificate_is_enough(api, trusting):
    pki = api.server.settings.pki
    trusting.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    assert (await ask(api, SECRETS, context=trusting))[0] == 200


async def test_the_servers_own_certificate_does_not_make_a_client(api, trusting):
    pki = api.server.settings.pki
    trusting.load_cert_chain(pki / "server.crt", pki / "server.key")
    with pytest.raises(aiohttp.ClientError):
        await ask(api, SECRETS, context=trusting)


async def test_a_certificate_of_another_authority_is_refused_in_the_handshake(api, serve, tmp_path, trusting):
    other = await serve(data=tmp_path / "other" / "api.db")
    pki = other.server.settings.pki
    trusting.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    with pytest.raises(aiohttp.ClientError):
        await ask(api, SECRETS, context=trusting)


async def test_the_token_of_another_server_is_refused(api, serve, tmp_path, trusting):
    other = await serve(data=tmp_path / "other" / "api.db")
    status, _ = await ask(api, SECRETS, context=trusting, Authorization=other.session.headers["Authorization"])
    assert status == 401


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Host": "evil.example"}, "does not answer to the host name"),
        ({"Origin": "https://evil.example"}, "web pages"),
        ({"Origin": "null"}, "web pages"),
    ],
)
async def test_a_foreign_host_or_a_browser_is_refused_even_with_the_token(api, headers, why):
    reply = await api("GET", SECRETS, **headers)
    assert (reply.status, reply.json["reason"]) == (403, "Forbidden")
    assert why in reply.message


@pytest.mark.parametrize("name", ["Impersonate_User", "impersonate_group", "Impersonate_Extra_Scopes"])
async def test_who_asks_for_less_than_all_rights_is_not_given_all_of_them(api, trusting, name):
    pki = api.server.settings.pki
    trusting.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    status, answer = await ask(api, SECRETS, context=trusting, **{name: "somebody"})
    assert (status, answer["reason"]) == (403, "Forbidden")


async def test_a_body_that_is_too_large_is_413_with_a_status(api):
    body = b'{"metadata":{"name":"big"},"data":{"k":"%s"}}' % (b"A" * 4_000_000)
    reply = await api("POST", SECRETS, body, Content_Type="application/json")
    assert (reply.status, reply.json["reason"]) == (413, "RequestEntityTooLarge")
    assert reply.message == "Request entity too large: limit is 3145728 bytes"


async def test_a_body_of_unknown_length_is_bounded_too(api):
    async def pieces():
        for _ in range(5):
            yield b"A" * 1_000_000

    url = f"{api.server.url}{SECRETS}"
    async with api.session.post(url, data=pieces(), headers={"Content-Type": "application/json"}) as response:
        assert response.status == 413


async def test_a_compressed_body_is_refused(api):
    reply = await api("POST", SECRETS, gzip.compress(b"{}"), Content_Encoding="gzip")
    assert (reply.status, reply.json["reason"]) == (415, "UnsupportedMediaType")


async def talk(api, content: bytes) -> bytes:
    """Sends raw bytes over TLS and gives the answer's first line."""
    context = ssl.create_default_context(cafile=str(api.server.settings.pki / "ca.crt"))
    reader, writer = await asyncio.open_connection("127.0.0.1", api.server.port, ssl=context)
    writer.write(content.replace(b"TOKEN", api.session.headers["Authorization"].encode()))
    async with asyncio.timeout(10):
        first = await reader.readline()
    writer.close()
    return first


@pytest.mark.parametrize(
    "content",
    [
        b"POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: TOKEN\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: TOKEN\x00\r\n\r\n",
        b"\x16\x03\x01 garbage\r\n\r\n",
    ],
    ids=["chunks", "header", "garbage"],
)
async def test_what_is_not_http_is_400_and_leaves_no_credentials_in_the_log(api, content, caplog):
    first = await talk(api, content.replace(b"%s", SECRETS.encode()))
    assert re.match(rb"HTTP/1\.\d 400 ", first)
    assert "Bearer" not in caplog.text
    assert (await api("GET", SECRETS)).status == 200


async def test_a_client_that_leaves_in_the_middle_of_a_body_is_not_a_crash(api, caplog):
    context = ssl.create_default_context(cafile=str(api.server.settings.pki / "ca.crt"))
    _, writer = await asyncio.open_connection("127.0.0.1", api.server.port, ssl=context)
    head = f"POST {SECRETS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
    writer.write(f"{head}Authorization: {api.session.headers['Authorization']}\r\n\r\n{{".encode())
    await writer.drain()
    writer.transport.abort()
    assert (await api("GET", SECRETS)).status == 200
    assert caplog.text == ""


async def test_a_secret_of_two_megabytes_is_too_much_for_a_secret(api):
    body = {"metadata": {"name": "big"}, "data": {"k": "A" * 2_000_000}}
    reply = await api("POST", SECRETS, body)
    assert (reply.status, "Too long" in reply.message) == (422, True)
    assert "AAAA" not in reply.message


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/api/v2",
        "/api/v1/nothings",
        "/api/v1/secrets/a",
        "/api/v1/namespaces/default/nodes",
        "/api/v1/namespaces/default/secrets/a/log",
        "/api/v1/namespaces/default/secrets/a/status",
        "/api/v1/namespaces/default/pods/a/exec",
        "/api/v1/namespaces//secrets",
        "/apis/nothing.io",
        "/apis/networking.istio.io/v7",
        "/apis/networking.istio.io/v7/gateways",
        "/openapi/v3/apis/nothing.io/v1",
        "/openapi/v4",
        "/version/more",
        "/readyz/more",
    ],
)
async def test_what_is_nowhere_is_404_with_a_status(api, path):
    reply = await api("GET", path)
    assert (reply.status, reply.json["kind"], reply.json["reason"]) == (404, "Status", "NotFound")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", SECRETS),
        ("POST", f"{SECRETS}/a"),
        ("POST", "/api/v1/secrets"),
        ("DELETE", "/api/v1/namespaces/default/status"),
        ("POST", "/version"),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
        ("TRACE", SECRETS),
    ],
)
async def test_a_method_that_a_place_does_not_have_is_405(api, method, path):
    reply = await api(method, path)
    assert (reply.status, reply.json["reason"]) == (405, "MethodNotAllowed")


async def test_a_slash_at_the_end_changes_nothing(api):
    for path in ("/version", "/api/v1", SECRETS):
        assert (await api("GET", f"{path}/")).body == (await api("GET", path)).body


async def test_a_name_with_an_encoded_slash_is_one_name(api):
    assert (await api("GET", f"{SECRETS}/a%2Flog")).message == 'secrets "a/log" not found'


async def test_the_administrator_may_do_all_and_is_told_so(api):
    spec = {"resourceAttributes": {"verb": "delete", "resource": "secrets", "namespace": "default"}}
    reply = await api("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {"spec": spec})
    assert (reply.status, reply.json["status"]["allowed"]) == (201, True)
    reply = await api("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
    assert reply.json["status"]["userInfo"]["username"] == "pylae-admin"


async def test_a_full_disk_is_507_and_reading_goes_on(serve):
    api = await serve(limits=Limits(storage_bytes=400 * 1024))
    await api.create(SECRETS, "Secret", "small")
    reply = await api("POST", SECRETS, {"metadata": {"name": "big"}, "data": {"k": "A" * 900_000}})
    assert (reply.status, reply.json["reason"]) == (507, "InsufficientStorage")
    assert "Free some space, or at the limit delete objects" in reply.message
    assert [item["metadata"]["name"] for item in (await api("GET", SECRETS)).json["items"]] == ["small"]
    assert (await api("DELETE", f"{SECRETS}/small")).status == 200
