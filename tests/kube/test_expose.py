"""`expose` against the embedded server."""

from typing import Any

import pytest

from pylae.api.scheme import ENDPOINT_SLICE, SERVICE
from pylae.kube.client import Client
from pylae.kube.expose import expose, parse_address
from pylae.model.ir.listener import SocketAddress

Json = dict[str, Any]

ADDRESSES = [
    ("127.0.0.1:8080", SocketAddress("127.0.0.1", 8080)),
    ("[::1]:8080", SocketAddress("::1", 8080)),
    ("localhost:1", SocketAddress("127.0.0.1", 1)),
    ("[2001:DB8::1]:65535", SocketAddress("2001:db8::1", 65535)),
]
NO_ADDRESSES = [
    "",
    "8080",
    ":8080",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:0",
    "127.0.0.1:65536",
    "web:80",
    "1.2.3:80",
    "127.0.0.1:٨٠",
]


@pytest.mark.parametrize(("text", "address"), ADDRESSES)
def test_an_address_is_an_ip_address_and_a_port(text: str, address: SocketAddress) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match=f'"{text}" '):
        parse_address(text)


async def exposed(client: Client, *addresses: str) -> Json:
    """Each slice's endpoints by its name: its ports and its addresses."""
    await expose(client, "web", "default", [parse_address(address) for address in addresses])
    return {
        found["metadata"]["name"]: (
            [(port["name"], port["port"]) for port in found["ports"]],
            [address for endpoint in found["endpoints"] for address in endpoint["addresses"]],
        )
        for found in await client.list(ENDPOINT_SLICE, "default")
    }


async def make_service(client: Client, *ports: Json) -> None:
    await client.create(SERVICE, "default", {"metadata": {"name": "web"}, "spec": {"ports": list(ports)}})


async def test_a_service_that_is_missing_is_made(client: Client) -> None:
    done = await expose(client, "web", "default", [SocketAddress("127.0.0.1", 8080)])
    assert (done.created, done.port, done.slices) == (True, 80, ("web-pylae",))
    (port,) = (await client.get(SERVICE, "default", "web"))["spec"]["ports"]
    assert (port["name"], port["port"], port["targetPort"]) == ("http", 80, 8080)


async def test_the_slice_says_whose_it_is_and_who_made_it(client: Client) -> None:
    await exposed(client, "127.0.0.1:8080")
    found = await client.get(ENDPOINT_SLICE, "default", "web-pylae")
    assert found["metadata"]["labels"] == {
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "pylae.dev",
    }
    service = await client.get(SERVICE, "default", "web")
    assert found["metadata"]["ownerReferences"][0]["uid"] == service["metadata"]["uid"]
    assert (found["addressType"], found["endpoints"]) == (
        "IPv4",
        [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
    )


async def test_addresses_of_one_port_share_a_slice(client: Client) -> None:
    slices = await exposed(client, "127.0.0.1:8080", "127.0.0.2:8080", "127.0.0.1:8080")
    assert slices == {"web-pylae": ([("http", 8080)], ["127.0.0.1", "127.0.0.2"])}


async def test_several_ports_and_families_are_several_slices(client: Client) -> None:
    slices = await exposed(client, "127.0.0.1:8080", "127.0.0.1:8081", "[::1]:8080")
    assert slices == {
        "web-pylae": ([("http", 8080)], ["127.0.0.1"]),
        "web-pylae-8081-ipv4": ([("http", 8081)], ["127.0.0.1"]),
        "web-pylae-8080-ipv6": ([("http", 8080)], ["::1"]),
    }


async def test_what_was_exposed_before_is_replaced(client: Client) -> None:
    await exposed(client, "127.0.0.1:8080", "127.0.0.1:8081")
    assert await exposed(client, "127.0.0.3:9090") == {"web-pylae": ([("http", 9090)], ["127.0.0.3"])}
    assert await exposed(client, "[::1]:9090") == {"web-pylae": ([("http", 9090)], ["::1"])}


async def test_slices_of_others_are_left_alone(client: Client) -> None:
    theirs = {
        "metadata": {"name": "web-abc", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"]}],
        "ports": [{"name": "http", "port": 80}],
    }
    await client.create(ENDPOINT_SLICE, "default", theirs)
    assert set(await exposed(client, "127.0.0.1:8080")) == {"web-abc", "web-pylae"}


async def test_an_address_goes_to_the_port_whose_target_port_it_is(client: Client) -> None:
    await make_service(
        client, {"name": "http", "port": 80, "targetPort": 8080}, {"name": "grpc", "port": 9000, "targetPort": 9090}
    )
    slices = await exposed(client, "127.0.0.1:9090", "127.0.0.1:7777")
    assert slices == {
        "web-pylae": ([("grpc", 9090)], ["127.0.0.1"]),
        "web-pylae-7777-ipv4": ([("http", 7777)], ["127.0.0.1"]),
    }


async def test_a_service_with_one_port_without_a_name_is_served_by_that_name(client: Client) -> None:
    await make_service(client, {"port": 80})
    assert await exposed(client, "127.0.0.1:8080") == {"web-pylae": ([("", 8080)], ["127.0.0.1"])}


async def test_exposing_the_same_again_writes_nothing(client: Client) -> None:
    await exposed(client, "127.0.0.1:8080")
    before = await client.get(ENDPOINT_SLICE, "default", "web-pylae")
    await exposed(client, "127.0.0.1:8080")
    assert await client.get(ENDPOINT_SLICE, "default", "web-pylae") == before
