"""Who gets in, and who does not."""

from dataclasses import replace

import pytest

from pylae.apimachinery.failure import Failure
from pylae.apiserver.authentication import Credentials, Doorkeeper, administrator
from pylae.apiserver.kubeconfig import token_hash

KEEPER = Doorkeeper({token_hash("right"): administrator()}, frozenset({"tunnel.example"}))
NOBODY = Credentials(host="127.0.0.1:6443", origin=None, authorization="", certificate=None)
BEARER = replace(NOBODY, authorization="Bearer right")


def certificate(name: str, *organizations: str) -> dict[str, object]:
    subject = [(("organizationName", organization),) for organization in organizations]
    return {"subject": (*subject, (("commonName", name),))}


@pytest.mark.parametrize("scheme", ["Bearer right", "bearer right", "Bearer  right "])
def test_the_token_is_the_administrator(scheme):
    user = KEEPER.admit(replace(NOBODY, authorization=scheme))
    assert (user.name, user.groups) == ("pylae-admin", ("system:masters", "system:authenticated"))


def test_a_client_certificate_of_our_authority_says_who_it_is():
    user = KEEPER.admit(replace(NOBODY, certificate=certificate("alice", "system:masters")))
    assert (user.name, user.groups) == ("alice", ("system:masters", "system:authenticated"))


def test_a_good_certificate_counts_even_with_a_stale_token():
    given = replace(NOBODY, certificate=certificate("alice", "system:masters"), authorization="Bearer stale")
    assert KEEPER.admit(given).name == "alice"


@pytest.mark.parametrize(
    "given",
    [
        NOBODY,
        replace(NOBODY, authorization="Bearer wrong"),
        replace(NOBODY, authorization="Bearer "),
        replace(NOBODY, authorization="Basic right"),
        replace(NOBODY, authorization=token_hash("right")),
        replace(NOBODY, certificate={}),
        replace(NOBODY, certificate=certificate("alice", "users")),
        replace(NOBODY, certificate={"subject": ((("organizationName", "system:masters"),),)}),
    ],
    ids=["nothing", "wrong", "empty", "basic", "hash", "no certificate", "no group", "no name"],
)
def test_nobody_else_gets_in(given):
    with pytest.raises(Failure) as caught:
        KEEPER.admit(given)
    assert (caught.value.code, caught.value.reason) == (401, "Unauthorized")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "[::1]", "localhost", "LocalHost:1", "Tunnel.example:1"],
)
def test_loopback_and_configured_hosts_are_answered(host):
    assert KEEPER.admit(replace(BEARER, host=host)).name == "pylae-admin"


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:1", "10.0.0.1", "[2001:db8::1]:1", "localhost.evil.example", "127.0.0.1.x"],
)
def test_a_foreign_host_is_refused_before_the_token_is_looked_at(host):
    with pytest.raises(Failure, match="does not answer to the host name") as caught:
        KEEPER.admit(replace(BEARER, host=host))
    assert caught.value.code == 403


@pytest.mark.parametrize("origin", ["null", "", "https://127.0.0.1:6443", "https://evil.example"])
def test_a_browser_is_refused(origin):
    with pytest.raises(Failure, match="web pages") as caught:
        KEEPER.admit(replace(BEARER, origin=origin))
    assert caught.value.code == 403


def test_nobody_is_taken_for_another():
    with pytest.raises(Failure, match="cannot be taken for another") as caught:
        KEEPER.admit(replace(BEARER, impersonated="Impersonate-User"))
    assert caught.value.code == 403
