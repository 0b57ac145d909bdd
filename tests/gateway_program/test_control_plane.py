"""One stream to one control plane: when it is taken, and what is said when it is not."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import grpc
import pytest
from data_plane import free_port
from joined import new_authority, now

from pylae.api.scalars import SecretText
from pylae.certs.authority import Authority, Purpose, Request, Validity, leaf
from pylae.certs.pem import certificate_pem, key_pem
from pylae.certs.subject import subject
from pylae.certs.trust import CONTROL_PLANE, spiffe
from pylae.controlplane.discovery.trust import Trust, draw
from pylae.gateway.control_plane import Failure, Stream
from pylae.gateway.credentials import Credentials
from pylae.xds.message import METHOD, SERVICE, SPEAKS

Answer = Callable[[AsyncIterator[bytes], Any], Awaitable[None]]


@asynccontextmanager
async def answering(
    issuer: Authority, answer: Answer, credentials: grpc.ServerCredentials | None = None
) -> AsyncIterator[str]:
    """A server that treats every stream alike; its address. It is a control plane, if it shows nothing else."""
    server = grpc.aio.server()
    handler = grpc.stream_stream_rpc_method_handler(answer)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),))
    trust = Trust(issuer, certificate_pem(issuer.certificate), "pylae-system", now)
    shown = credentials or trust.server_credentials(require_client_certificate=False)
    port = server.add_secure_port("127.0.0.1:0", shown)
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


async def attempt(address: str, issuer: Authority) -> Failure | None:
    stream = Stream(address, Credentials(certificate_pem(issuer.certificate), token=SecretText(b"secret-token")))
    try:
        return await stream.connect() or await stream.taken()
    finally:
        await stream.close()


@pytest.fixture(scope="module")
def issuer() -> Authority:
    return new_authority()


async def speaks(requests: AsyncIterator[bytes], context: Any) -> None:
    await context.send_initial_metadata(((SPEAKS, "1"),))
    async for _ in requests:
        pass


async def test_it_is_taken_when_the_control_plane_says_that_it_can_speak(issuer: Authority) -> None:
    async with answering(issuer, speaks) as address:
        assert await attempt(address, issuer) is None


async def test_headers_of_anybody_else_are_not_enough(issuer: Authority) -> None:
    async def answer(_: AsyncIterator[bytes], context: Any) -> None:
        await context.send_initial_metadata(())

    async with answering(issuer, answer) as address:
        failure = await attempt(address, issuer)
    assert failure == Failure(grpc.StatusCode.OK, "it ended the stream")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, "it does not know us (the reason). Renew the token, or enrol again"),
        (grpc.StatusCode.PERMISSION_DENIED, "it refuses us: the reason"),
        (grpc.StatusCode.UNAVAILABLE, "the reason"),
        (grpc.StatusCode.INVALID_ARGUMENT, "the reason (INVALID_ARGUMENT)"),
    ],
)
async def test_a_refusal_is_never_taken_for_a_stream(issuer: Authority, code: grpc.StatusCode, words: str) -> None:
    async def refuse(_: AsyncIterator[bytes], context: Any) -> None:
        await context.abort(code, "the reason")

    async with answering(issuer, refuse) as address:
        failures = [await attempt(address, issuer) for _ in range(20)]
    assert all(failure is not None and failure.code is code for failure in failures)
    assert {words in failure.message for failure in failures if failure} == {True}


async def test_nobody_there_is_told_at_once(issuer: Authority) -> None:
    address = f"127.0.0.1:{free_port()}"
    failures = [await attempt(address, issuer) for _ in range(20)]
    assert set(failures) == {Failure(grpc.StatusCode.UNAVAILABLE, "it refuses connections")}


async def test_a_token_is_shown_to_nobody_whose_certificate_is_not_of_our_authority(issuer: Authority) -> None:
    shown: list[object] = []

    async def listen(_: AsyncIterator[bytes], context: Any) -> None:
        shown.append(context.invocation_metadata())

    async with answering(new_authority(), listen) as address:
        failure = await attempt(address, issuer)
    assert failure is not None
    assert "not signed by the authority in --ca" in failure.message
    assert shown == []
    assert "secret-token" not in failure.message


async def test_a_certificate_that_has_ended_is_not_trusted(issuer: Authority) -> None:
    def yesterday() -> Any:
        return now() - timedelta(days=2)

    ended = Trust(issuer, certificate_pem(issuer.certificate), "pylae-system", yesterday)
    server = grpc.aio.server()
    port = server.add_secure_port("127.0.0.1:0", ended.server_credentials(require_client_certificate=False))
    await server.start()
    failure = await attempt(f"127.0.0.1:{port}", issuer)
    await server.stop(None)
    assert failure is not None
    assert "certificate" in failure.message


@pytest.mark.parametrize(
    ("name", "purpose"),
    [(spiffe("edge", "gateway"), Purpose.CLIENT), (CONTROL_PLANE, Purpose.CLIENT), ("edge.example", Purpose.SERVER)],
    ids=["of a gateway", "of the right name, for clients", "for servers, of another name"],
)
async def test_no_other_certificate_of_our_authority_makes_a_control_plane(
    issuer: Authority, name: str, purpose: Purpose
) -> None:
    shown: list[object] = []

    async def listen(_: AsyncIterator[bytes], context: Any) -> None:
        shown.append(context.invocation_metadata())

    drawn = draw()
    validity = Validity(now() - timedelta(hours=1), now() + timedelta(hours=1))
    made = leaf(Request(subject("O=Pylae"), drawn.serial, validity), drawn.key, issuer, purpose=purpose, names=[name])
    pair = (bytes(key_pem(drawn.key)), certificate_pem(made))
    async with answering(issuer, listen, grpc.ssl_server_credentials([pair])) as address:
        failure = await attempt(address, issuer)
    assert failure is not None
    assert failure.code is grpc.StatusCode.UNAVAILABLE
    assert shown == []
