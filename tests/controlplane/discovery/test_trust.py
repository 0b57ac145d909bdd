"""The authority as an object of the API, and the door that its certificates open."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509

from pylae.api.scheme import CONFIG_MAP, NAMESPACE, SECRET
from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings
from pylae.certs.pem import certificate_pem, key_pem
from pylae.certs.trust import CONTROL_PLANE, authority
from pylae.controlplane.discovery.trust import Trust, TrustError, draw, read
from pylae.controlplane.home.admission import admission
from pylae.kube.client import Client
from pylae.kube.kubeconfig import load
from pylae.model.control_plane import AUTHORITY


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(tmp_path: Path, clock: Clock) -> AsyncIterator[Client]:
    settings = ApiServerSettings(data=tmp_path / "api.db", port=0)
    server = ApiServer(settings, admit=admission(clock))
    await server.start()
    async with Client(load(settings.kubeconfig)) as made:
        yield made
    await server.stop()


async def test_whoever_comes_first_makes_it_and_all_have_the_same(client: Client, clock: Clock) -> None:
    found = await asyncio.gather(*(Trust.found(client, "pylae-system", clock) for _ in range(3)))
    assert len({trust.bundle for trust in found}) == 1
    secret = await client.get(SECRET, "pylae-system", AUTHORITY)
    assert secret["type"] == "kubernetes.io/tls"
    assert base64.b64decode(secret["data"]["tls.crt"]) == found[0].bundle


async def test_gateways_are_told_whom_to_trust_in_their_namespace(client: Client, clock: Clock) -> None:
    trust = await Trust.found(client, "pylae-system", clock)
    await client.create(NAMESPACE, "", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "edge"}})
    await trust.publish(client, "edge")
    told = await client.get(CONFIG_MAP, "edge", AUTHORITY)
    assert told["data"] == {"ca.crt": trust.bundle.decode()}
    await client.patch(CONFIG_MAP, "edge", AUTHORITY, {"data": {"ca.crt": "another"}})
    await trust.publish(client, "edge")
    assert (await client.get(CONFIG_MAP, "edge", AUTHORITY))["data"] == told["data"]


async def test_a_new_authority_takes_over_beside_the_old_one(client: Client, clock: Clock) -> None:
    trust = await Trust.found(client, "pylae-system", clock)
    old, new = trust.bundle, authority(draw(), clock())
    both = certificate_pem(new.certificate) + old
    data = {"tls.crt": both, "tls.key": bytes(key_pem(new.key))}
    encoded = {name: base64.b64encode(content).decode() for name, content in data.items()}
    await client.patch(SECRET, "pylae-system", AUTHORITY, {"data": encoded})
    await trust.refresh(client)
    assert trust.bundle == both
    assert trust.issuer.certificate == new.certificate


async def test_a_secret_that_is_none_is_named(client: Client, clock: Clock) -> None:
    await client.create(NAMESPACE, "", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pylae-system"}})
    other = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": AUTHORITY}, "data": {"tls.crt": "bm9uZQ=="}}
    await client.create(SECRET, "pylae-system", other)
    with pytest.raises(TrustError, match="Secret pylae-system/pylae-ca"):
        await Trust.found(client, "pylae-system", clock)


def test_a_key_that_belongs_to_another_certificate_is_told(clock: Clock) -> None:
    one, other = authority(draw(), clock()), authority(draw(), clock())
    pair = {"tls.crt": certificate_pem(one.certificate), "tls.key": bytes(key_pem(other.key))}
    secret = {"data": {name: base64.b64encode(content).decode() for name, content in pair.items()}}
    with pytest.raises(TrustError, match="Put that one first"):
        read(secret, "pylae-system")


async def test_its_certificate_is_renewed_while_it_serves(clock: Clock) -> None:
    issuer = authority(draw(), clock())
    trust = Trust(issuer, certificate_pem(issuer.certificate), "pylae-system", clock)
    server = grpc.aio.server()
    port = server.add_secure_port("127.0.0.1:0", trust.server_credentials(require_client_certificate=True))
    await server.start()
    first = await shown(port, trust)
    assert first.subject.rfc4514_string().startswith(f"CN={CONTROL_PLANE}")
    assert await shown(port, trust) == first
    clock.now += timedelta(hours=12)
    assert (await shown(port, trust)).not_valid_after_utc > first.not_valid_after_utc
    await server.stop(None)


async def shown(port: int, trust: Trust) -> x509.Certificate:
    """The certificate that a gateway is shown."""
    context = ssl.create_default_context(cadata=trust.bundle.decode())
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=CONTROL_PLANE)
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(found)
