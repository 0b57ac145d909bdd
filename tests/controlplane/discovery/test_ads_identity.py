"""Who may join from elsewhere, and what he is given: nothing before it is known who he is, and no Secret of another
namespace however he asks."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from demand import GOOD, RENEWED, gateway, routes, service
from edits import WORKLOAD
from elsewhere import HOUR, Gateway, Plane, Proof, new_authority, node, now, plane, proof
from fleet import secret, upsert
from world import pair

from pylae.certs.authority import Purpose
from pylae.certs.trust import spiffe
from pylae.controlplane.discovery.ads import KINDS_OF_A_NAMESPACE
from pylae.controlplane.discovery.identity import NotAdmittedError, identity_of
from pylae.controlplane.discovery.joining import LARGEST_SELF, MOST_PORTS
from pylae.controlplane.discovery.outbox import MOST_UNREAD, Outbox
from pylae.controlplane.discovery.tokens import AUDIENCE, Tokens
from pylae.kube.client import Client
from pylae.kube.connection import Connection
from pylae.kube.errors import Forbidden, KubeError
from pylae.xds.resource import Type

MINE, THEIRS = "tenant-a", "tenant-b"
FOREIGN = pair("foreign.example")
ATTEMPTS = 10


@pytest.fixture
async def made() -> AsyncIterator[Plane]:
    async with plane() as found:
        found.tell(
            upsert(gateway("g", "a.io", serve="ahead")),
            upsert(gateway("h", "b.io", serve="on-demand")),
            upsert(gateway("k", "f.io", serve="on-demand", credential="foreign")),
            upsert(gateway("l", "s.io", serve="on-demand", credential=f"kubernetes://{THEIRS}/foreign")),
            upsert(routes("v", "a.io", "b.io", "f.io", gateways=("g", "h", "k"))),
            upsert(service("x")),
            secret(MINE, "c", GOOD),
            secret(THEIRS, "c", RENEWED),
            secret(THEIRS, "foreign", FOREIGN),
            secret(WORKLOAD.namespace, "foreign", FOREIGN),
        )
        yield found


async def refused(made: Plane, shown: Proof | None, namespace: str = MINE, token: str = "") -> grpc.aio.AioRpcError:
    """Why one who shows this is told nothing; and nobody learned that he was there.

    gRPC's client says INTERNAL, and not why, of a stream that ended while it was writing: then it is tried again.
    """
    for _ in range(ATTEMPTS):
        error = await _refused(made, Gateway(made, shown, token), namespace)
        if error.code() is not grpc.StatusCode.INTERNAL:
            break
    return error


async def _refused(made: Plane, client: Gateway, namespace: str) -> grpc.aio.AioRpcError:
    with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):  # it may be over before there is time to ask
        await client.ask(Type.LISTENER, node=node(namespace))
    error = await client.refusal()
    await client.close()
    assert client.told == 0
    assert made.learned == []
    assert made.ads.connected() == ()
    return error


async def test_a_gateway_of_ours_is_told_what_is_there(made: Plane) -> None:
    client = Gateway(made, made.prove(MINE))
    await client.ask(Type.LISTENER, node=node(MINE))
    await client.hear()
    [stream] = made.ads.connected()
    assert (Type.LISTENER, "0.0.0.0_443") in client.has
    assert str(stream.identity) == "system:serviceaccount:tenant-a:gateway"
    assert stream.workload.namespace == MINE
    await client.close()


async def test_who_shows_no_certificate_ends_in_the_handshake(made: Plane) -> None:
    assert (await refused(made, None)).code() is grpc.StatusCode.UNAVAILABLE


async def test_a_certificate_of_another_authority_ends_in_the_handshake(made: Plane) -> None:
    shown = proof(new_authority(), spiffe(MINE, "gateway"))
    assert (await refused(made, shown)).code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(("begins", "ends"), [(-2 * HOUR, -HOUR), (HOUR, 2 * HOUR)], ids=["expired", "not yet valid"])
async def test_a_certificate_out_of_date_ends_in_the_handshake(made: Plane, begins: timedelta, ends: timedelta) -> None:
    shown = proof(made.issuer, spiffe(MINE, "gateway"), begins=begins, ends=ends)
    assert (await refused(made, shown)).code() is grpc.StatusCode.UNAVAILABLE


async def test_a_servers_certificate_is_none_of_a_client(made: Plane) -> None:
    shown = proof(made.issuer, spiffe(MINE, "gateway"), purpose=Purpose.SERVER)
    assert (await refused(made, shown)).code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAUTHENTICATED)


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("gateway.tenant-a.svc",),
        ("spiffe://elsewhere/ns/tenant-a/sa/gateway",),
        ("spiffe://cluster.local/ns/tenant-a/sa/",),
        ("spiffe://cluster.local/ns//sa/gateway",),
        ("spiffe://cluster.local/ns/tenant-a/sa/gateway/more",),
        ("https://cluster.local/ns/tenant-a/sa/gateway",),
        ("spiffe://cluster.local/ns/tenant-a/sa/gateway", "spiffe://cluster.local/ns/tenant-b/sa/gateway"),
    ],
)
async def test_a_certificate_that_names_no_identity_of_ours_is_refused(made: Plane, names: tuple[str, ...]) -> None:
    assert (await refused(made, proof(made.issuer, *names))).code() is grpc.StatusCode.UNAUTHENTICATED


async def test_the_namespace_is_that_of_the_identity_whatever_a_gateway_says(made: Plane) -> None:
    error = await refused(made, made.prove(MINE), namespace=THEIRS)
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert THEIRS in str(error.details())
    assert MINE in str(error.details())


@pytest.mark.parametrize(
    "said",
    [
        {"LABELS": ["a"]},
        {"LABELS": {"a": 1}},
        {"LABELS": {"a": "x" * 10_000}},
        {"PYLAE_GATEWAY": "x"},
        {"PYLAE_GATEWAY": {"bind": "nowhere"}},
        {"PYLAE_GATEWAY": {"nodePorts": "yes"}},
        {"PYLAE_GATEWAY": {"publish": {"443": 70000}}},
        {"PYLAE_GATEWAY": {"publish": {"x": 1}}},
    ],
    ids=str,
)
async def test_metadata_that_says_nothing_of_use_is_refused_with_a_sentence(made: Plane, said: dict[str, Any]) -> None:
    client = Gateway(made, made.prove(MINE))
    await client.ask(Type.LISTENER, node=node(MINE, **said))
    error = await client.refusal()
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert next(iter(said)) in str(error.details())
    assert made.learned == []
    await client.close()


async def test_a_stream_that_does_not_say_who_it_is_ends(made: Plane) -> None:
    client = Gateway(made, made.prove(MINE))
    await client.ask(Type.LISTENER)
    assert (await client.refusal()).code() is grpc.StatusCode.PERMISSION_DENIED
    await client.close()


async def test_a_stream_ends_with_the_certificate_that_it_was_opened_with(made: Plane) -> None:
    client = Gateway(made, proof(made.issuer, spiffe(MINE, "gateway"), ends=timedelta(seconds=2)))
    await client.ask(Type.LISTENER, node=node(MINE))
    await client.hear()
    error = await client.refusal()
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert made.ads.connected() == ()
    await client.close()


async def test_a_stream_of_something_else_ends(made: Plane) -> None:
    client = Gateway(made, made.prove(MINE))
    await client.ask(Type.LISTENER, node=node(MINE))
    await client.hear()
    await client.say(b"\xff\xff")
    assert (await client.refusal()).code() is grpc.StatusCode.INVALID_ARGUMENT
    assert made.ads.connected() == ()
    await client.close()


async def test_a_namespace_has_kinds_of_gateways_without_number_only_by_mistake(made: Plane) -> None:
    clients = [Gateway(made, made.prove(MINE)) for _ in range(KINDS_OF_A_NAMESPACE + 1)]
    for number, client in enumerate(clients[:-1]):
        await client.ask(Type.CLUSTER, node=node(MINE, {"number": str(number)}))
        await client.hear()
    await clients[-1].ask(Type.CLUSTER, node=node(MINE, {"number": "one more"}))
    assert (await clients[-1].refusal()).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    other = Gateway(made, made.prove(THEIRS))
    await other.ask(Type.CLUSTER, node=node(THEIRS))
    await other.hear()
    for client in (*clients, other):
        await client.close()


async def test_pods_of_one_kind_are_one_kind_and_say_where_they_bind(made: Plane) -> None:
    clients = [Gateway(made, made.prove(MINE)) for _ in range(2)]
    place = {"bind": "127.0.0.2", "publish": {"443": 30443}}
    for number, client in enumerate(clients):
        labels = {"istio": "ingressgateway", "pod-template-hash": str(number)}
        await client.ask(Type.LISTENER, node=node(MINE, labels, PYLAE_GATEWAY=place))
        await client.hear()
    [serving] = made.fleet
    assert serving.workload.bind_address == "127.0.0.2"
    [listener] = serving.configuration.translation.listeners
    assert [str(address) for address in listener.addresses] == ["127.0.0.2:30443"]
    for client in clients:
        await client.close()


async def joined(made: Plane, namespace: str, *asked: str) -> Gateway:
    """A gateway that has been told all that it is ever told of these secrets."""
    client = Gateway(made, made.prove(namespace))
    await client.ask(Type.LISTENER, node=node(namespace))
    await client.ask(Type.SECRET, *asked)
    await client.hear_all()
    return client


def holds(client: Gateway, chain: str) -> bool:
    lines = "".join(chain.split("\n")[1:-2]).encode()
    return any(chain.encode() in body or lines in body for body in client.has.values())


@pytest.mark.parametrize(
    "asked",
    [
        ("kubernetes://c",),
        ("b.io", "B.IO"),
        ("f.io", "s.io"),
        ("*",),
        (f"kubernetes://{THEIRS}/c", f"kubernetes://{THEIRS}/foreign", "kubernetes://foreign"),
        (f"kubernetes-gateway://{THEIRS}/c", f"{THEIRS}/c", f"{THEIRS}/foreign", "foreign", "c"),
        (f"kubernetes://../{THEIRS}/c", f"kubernetes://{THEIRS}%2Fc", f"kubernetes://{MINE}/../{THEIRS}/c"),
    ],
    ids=lambda names: names[0],
)
async def test_no_name_leads_to_a_secret_of_another_namespace(made: Plane, asked: tuple[str, ...]) -> None:
    other = await joined(made, THEIRS, "kubernetes://c", "b.io", "f.io")
    assert holds(other, RENEWED.chain)
    assert holds(other, FOREIGN.chain), "what is there is given to its own namespace"
    client = await joined(made, MINE, *asked)
    assert not holds(client, RENEWED.chain)
    assert not holds(client, FOREIGN.chain)
    await client.close()
    await other.close()


async def test_a_secret_of_its_own_namespace_is_given_ahead_and_on_demand(made: Plane) -> None:
    client = await joined(made, MINE, "kubernetes://c", "b.io")
    assert {name for type_, name in client.has if type_ is Type.SECRET} == {"kubernetes://c", "b.io"}
    assert holds(client, GOOD.chain)
    assert not holds(client, RENEWED.chain)
    await client.close()


async def test_to_leave_and_to_ask_again_and_to_say_that_one_had_it_leads_nowhere_else(made: Plane) -> None:
    other = await joined(made, THEIRS, "kubernetes://c", "f.io")
    client = Gateway(made, made.prove(MINE))
    await client.ask(Type.LISTENER, node=node(MINE))
    names = ("kubernetes://c", "kubernetes://foreign", f"kubernetes://{THEIRS}/c", "f.io")
    await client.ask(Type.SECRET, *names, had=dict.fromkeys(names, "1"))
    await client.hear_all()
    await client.ask(Type.SECRET, leave=names)
    await client.ask(Type.SECRET, *names)
    await client.hear_all()
    assert not holds(client, RENEWED.chain)
    assert not holds(client, FOREIGN.chain)
    await client.close()
    await other.close()


async def test_a_change_of_a_secret_is_told_in_its_own_namespace_only(made: Plane) -> None:
    mine, theirs = await joined(made, MINE, "kubernetes://c"), await joined(made, THEIRS, "kubernetes://c")
    told = mine.told
    made.tell(secret(THEIRS, "c", FOREIGN))
    await theirs.hear_all()
    await mine.hear_all()
    assert holds(theirs, FOREIGN.chain)
    assert mine.told == told
    await mine.close()
    await theirs.close()


class Reviews(Client):
    """An API server that knows one token."""

    def __init__(self, user: str = f"system:serviceaccount:{MINE}:gateway", audience: str = AUDIENCE) -> None:
        super().__init__(Connection("https://127.0.0.1"))
        self.user, self.audience = user, audience
        self.error: KubeError | None = None

    async def create(self, *asked: Any, **_: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        spec = asked[2]["spec"]
        assert spec["audiences"] == [AUDIENCE]
        good = spec["token"] == TOKEN
        status = {"authenticated": good, "user": {"username": self.user}, "audiences": [self.audience]}
        return {"status": status if good else {"error": "no"}}


def spelled(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


TOKEN = f"{spelled({})}.{spelled({'exp': int(now().timestamp()) + 600})}.x"


async def test_a_service_accounts_token_is_an_identity_for_an_hour_at_most() -> None:
    async with plane(Tokens(Reviews()).identify) as made:
        made.tell()
        client = Gateway(made, None, TOKEN)
        await client.ask(Type.LISTENER, node=node(MINE))
        await client.hear()
        [stream] = made.ads.connected()
        assert stream.identity is not None
        assert (stream.identity.namespace, stream.identity.account) == (MINE, "gateway")
        assert timedelta(minutes=5) < stream.identity.expires - now() <= timedelta(minutes=10)
        await client.close()


@pytest.mark.parametrize(
    ("reviews", "token"),
    [
        (Reviews(), ""),
        (Reviews(), "another"),
        (Reviews(audience="https://kubernetes.default.svc"), TOKEN),
        (Reviews("admin"), TOKEN),
        (Reviews(f"system:node:{MINE}:gateway"), TOKEN),
    ],
    ids=["none", "unknown", "of another audience", "of a user", "of a node"],
)
async def test_a_token_that_says_nothing_of_use_is_refused(reviews: Reviews, token: str) -> None:
    async with plane(Tokens(reviews).identify) as made:
        made.tell()
        error = await refused(made, None, token=token)
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        assert TOKEN not in str(error.details())


async def test_a_token_that_cannot_be_checked_is_to_be_shown_again() -> None:
    reviews = Reviews()
    reviews.error = Forbidden(403, "Forbidden", "no right to create tokenreviews")
    async with plane(Tokens(reviews).identify) as made:
        made.tell()
        assert (await refused(made, None, token=TOKEN)).code() is grpc.StatusCode.UNAVAILABLE


async def test_a_token_does_not_open_another_namespace() -> None:
    async with plane(Tokens(Reviews()).identify) as made:
        made.tell()
        error = await refused(made, None, namespace=THEIRS, token=TOKEN)
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    "name",
    [
        "SPIFFE://cluster.local/ns/tenant-a/sa/gateway",
        "spiffe://cluster.local/ns/tenant-a/sa/gateway/",
        "spiffe://cluster.local//ns/tenant-a/sa/gateway",
        "spiffe://CLUSTER.LOCAL/ns/tenant-a/sa/gateway",
        "spiffe://cluster.local:443/ns/tenant-a/sa/gateway",
        "spiffe://x@cluster.local/ns/tenant-a/sa/gateway",
        "spiffe://cluster.local/ns/tenant%2Da/sa/gateway",
        "spiffe://cluster.local/ns/tenant-\ta/sa/gateway",
        "spiffe://cluster.local/ns/tenant-a/sa/gateway?x",
        "spiffe://cluster.local/ns/tenant-a/sa/gateway#x",
        "spiffe://cluster.local/ns/tenant-b/../tenant-a/sa/gateway",
    ],
)
async def test_an_identity_is_read_character_by_character(made: Plane, name: str) -> None:
    certificate = x509.load_pem_x509_certificate(proof(made.issuer, name).chain)
    with pytest.raises(NotAdmittedError) as refusal:
        identity_of(certificate.public_bytes(Encoding.PEM), "cluster.local", now())
    assert refusal.value.code is grpc.StatusCode.UNAUTHENTICATED


async def test_what_a_gateway_says_of_itself_is_bounded_and_no_less_than_json(made: Plane) -> None:
    large = {"PYLAE_GATEWAY": {"publish": {f"{zeros * '0'}443": 30443 for zeros in range(MOST_PORTS + 1)}}}
    for said in ({"X": "x" * LARGEST_SELF}, large):
        client = Gateway(made, made.prove(MINE))
        await client.ask(Type.LISTENER, node=node(MINE, **said))
        assert (await client.refusal()).code() is grpc.StatusCode.INVALID_ARGUMENT
        await client.close()
    odd = node(MINE)
    odd.metadata["X"] = float("nan")
    client = Gateway(made, made.prove(MINE))
    await client.ask(Type.LISTENER, node=odd)
    assert (await client.refusal()).code() is grpc.StatusCode.INVALID_ARGUMENT
    await client.close()
    assert made.learned == []


async def test_who_a_gateway_is_was_settled_by_its_first_request(made: Plane) -> None:
    client = Gateway(made, made.prove(MINE))
    await client.ask(Type.LISTENER, node=node(MINE))
    await client.hear()
    await client.ask(Type.SECRET, "kubernetes://c", node=node(THEIRS))
    await client.hear_all()
    [stream] = made.ads.connected()
    assert (stream.workload.namespace, stream.node.metadata["NAMESPACE"]) == (MINE, MINE)
    assert holds(client, GOOD.chain)
    assert not holds(client, RENEWED.chain)
    await client.close()


async def test_names_without_number_end_the_stream(made: Plane) -> None:
    made.ads.names_of_a_stream = 1000
    client = await joined(made, MINE, "kubernetes://c")
    await client.ask(Type.ENDPOINT, *(f"outbound|{number}||x" for number in range(1000)))
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await client.hear()
    assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await client.close()


async def test_who_reads_nothing_is_heard_no_further_than_there_is_room() -> None:
    outbox = Outbox()
    outbox.put(b"x" * MOST_UNREAD)
    await asyncio.wait_for(outbox.room(), 1)
    outbox.put(b"x")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(outbox.room(), 0.01)
    assert len(await outbox.get()) == MOST_UNREAD
    await asyncio.wait_for(outbox.room(), 1)
