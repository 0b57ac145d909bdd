"""Who may be whom: what a gateway and a control plane must show each other, and what is said if it is not enough."""

import asyncio
import stat
from datetime import datetime, timedelta
from typing import Any

import grpc
import pytest
from data_plane import eventually
from joined import NAMESPACE, ControlPlane, Program, new_authority
from seen import serial

from pylae.certs.authority import Authority
from pylae.controlplane.discovery.identity import Identity, NotAdmittedError

pytestmark = pytest.mark.real


class Tokens:
    """Knows one token at a time."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.life = timedelta(hours=1)

    async def identify(self, context: Any, now: datetime) -> Identity:
        if ("authorization", f"Bearer {self.token}") not in context.invocation_metadata():
            raise NotAdmittedError(grpc.StatusCode.UNAUTHENTICATED, "The token is not valid.")
        return Identity(NAMESPACE, "gateway", now + self.life)


async def test_a_control_plane_of_a_foreign_authority_is_told_nothing(
    program: Program, issuer: Authority, shop
) -> None:
    foreign = ControlPlane(new_authority(), shop())
    await foreign.start()
    program.control_planes = [foreign.address]
    await program.start()
    await eventually(says(program, "not signed by the authority in --ca"), "the reason")
    assert foreign.kinds == set()
    await foreign.stop()


async def test_a_gateway_of_a_foreign_authority_is_told_nothing(plane: ControlPlane, program: Program) -> None:
    program.enroll(new_authority())
    await program.start()
    await eventually(says(program, plane.address), "the reason")
    assert plane.kinds == set()
    assert not await program.is_ready()


async def test_a_gateway_of_another_namespace_is_told_which(plane: ControlPlane, program: Program) -> None:
    program.enroll(program.issuer, namespace="another")
    await program.start()
    await eventually(says(program, "system:serviceaccount:another:gateway"), "the reason")
    assert plane.kinds == set()


async def test_a_renewed_certificate_is_used_without_a_restart(plane: ControlPlane, program: Program) -> None:
    program.enroll(program.issuer, life=timedelta(seconds=-1))
    await program.start()
    await eventually(says(program, plane.address), "the refusal")
    assert "ends on" in program.said
    program.enroll(program.issuer)
    await eventually(program.joined, "the new certificate to be used")


async def test_a_token_is_read_anew_for_each_connection(program: Program, issuer: Authority, shop, port: int) -> None:
    tokens = Tokens("first")
    plane = ControlPlane(issuer, shop())
    await plane.start(tokens.identify)
    program.control_planes, program.token = [plane.address], b"first\n"
    await program.start()
    await eventually(program.joined, "the first token to be taken")
    await plane.stop()
    tokens.token = "second"
    await plane.start(tokens.identify)
    await eventually(says(program, "it does not know us (The token is not valid.)"), "the first token to be refused")
    (program.home / "token").write_bytes(b"second\n")
    await eventually(program.joined, "the second token to be taken")
    assert "first" not in program.said
    assert "second" not in program.said
    await plane.stop()


async def test_an_identity_that_ends_is_shown_anew_and_nothing_is_lost(
    program: Program, issuer: Authority, shop, port: int
) -> None:
    tokens = Tokens("token")
    tokens.life = timedelta(seconds=2)
    plane = ControlPlane(issuer, shop())
    await plane.start(tokens.identify)
    program.control_planes, program.token = [plane.address], b"token"
    await program.start()
    await eventually(program.joined, "the gateway to join")
    await eventually(says(program, "is gone"), "the end of the identity")
    await eventually(program.joined, "the gateway to join again")
    assert await serial("shop.test", port) == 1
    await plane.stop()


async def test_what_it_keeps_is_its_owners_alone_and_no_key_is_in_its_logs(
    plane: ControlPlane, program: Program
) -> None:
    await program.start()
    await eventually(program.is_ready, "the gateway to serve")
    await plane.stop()
    await program.end()
    for path in [program.data, *program.data.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert b"PRIVATE KEY" in (program.data / "configuration.db").read_bytes()
    for log in ("pylae.log", "envoy.log"):
        assert "PRIVATE KEY" not in (program.data / log).read_text()
    assert "PRIVATE KEY" not in program.said


async def test_files_that_are_wrong_from_the_start_end_it_with_a_sentence(program: Program) -> None:
    (program.home / "tls.key").write_text("none")
    await program.start()
    assert await asyncio.wait_for(program.process.wait(), 20) == 1
    assert f"{program.home}/tls.key holds no private key" in program.said


def says(program: Program, words: str):
    async def said() -> bool:
        return words in program.said

    return said
