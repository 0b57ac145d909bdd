"""`expose`: a Service gets its endpoints, the addresses of ordinary processes, by EndpointSlices of ours.

All addresses of one slice share its ports and its address family (discovery.k8s.io/v1), so there is a slice for each
port and family. Slices of ours that are wanted no more are deleted; those of others are left alone.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pylae.api.scheme import ENDPOINT_SLICE, SERVICE
from pylae.apimachinery.patch import three_way_merge
from pylae.kube.client import Client
from pylae.kube.errors import NotFound
from pylae.model.ir.listener import SocketAddress
from pylae.model.snapshot import SERVICE_NAME_LABEL

Json = dict[str, Any]

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "pylae.dev"


@dataclass(frozen=True, slots=True)
class Exposed:
    """`created`: there was no such Service. `port` is the Service's port that the addresses answer on."""

    created: bool
    port: int
    slices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """The addresses of one slice."""

    family: str
    port: int
    hosts: tuple[str, ...]


def parse_address(text: str) -> SocketAddress:
    """Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`. Raises ValueError with a sentence for the user."""
    host, colon, port = text.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(f'"{text}" is not ADDRESS:PORT with an IP address, such as 127.0.0.1:8080') from None
    if not colon or not port.isascii() or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError(f'"{text}" has no port from 1 to 65535')
    return SocketAddress(str(address), int(port))


async def expose(client: Client, service: str, namespace: str, addresses: Sequence[SocketAddress]) -> Exposed:
    """Lets the Service answer from these addresses, and from no other that was exposed before.

    A Service that is missing is made, with port 80 named http. One of several ports gets each address at the port
    whose target port it is, else at its first. Raises `ApiError`, `Unreachable`.
    """
    try:
        found, created = await client.get(SERVICE, namespace, service), False
    except NotFound:
        found, created = await client.create(SERVICE, namespace, _service(service, namespace, addresses[0].port)), True
    names = _Slices(found)
    wanted = [names.slice(group, first=index == 0) for index, group in enumerate(_groups(addresses))]
    for endpoint_slice in wanted:
        await _put(client, namespace, endpoint_slice)
    await _delete_others(client, found, {endpoint_slice["metadata"]["name"] for endpoint_slice in wanted})
    port = names.port_for(addresses[0].port)["port"]
    return Exposed(created, port, tuple(endpoint_slice["metadata"]["name"] for endpoint_slice in wanted))


def _service(name: str, namespace: str, target_port: int) -> Json:
    port = {"name": "http", "port": 80, "targetPort": target_port, "protocol": "TCP"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ports": [port]},
    }


def _groups(addresses: Iterable[SocketAddress]) -> tuple[_Group, ...]:
    """The addresses by family and port, in the order in which they were given."""
    hosts: dict[tuple[str, int], list[str]] = {}
    for address in addresses:
        family = f"IPv{ipaddress.ip_address(address.host).version}"
        found = hosts.setdefault((family, address.port), [])
        if address.host not in found:
            found.append(address.host)
    return tuple(_Group(family, port, tuple(found)) for (family, port), found in hosts.items())


class _Slices:
    """The EndpointSlices of one Service."""

    def __init__(self, service: Json) -> None:
        self.metadata: Json = service["metadata"]
        self.ports: list[Json] = service["spec"].get("ports") or [{"port": 80, "name": "http"}]

    def port_for(self, number: int) -> Json:
        """The Service's port that an address with this port serves."""
        return next((port for port in self.ports if port.get("targetPort") == number), self.ports[0])

    def slice(self, group: _Group, *, first: bool) -> Json:
        name = f"{self.metadata['name']}-pylae"
        port = {"name": self.port_for(group.port).get("name", ""), "port": group.port, "protocol": "TCP"}
        return {
            "apiVersion": ENDPOINT_SLICE.api_version,
            "kind": "EndpointSlice",
            "metadata": {
                "name": name if first else f"{name}-{group.port}-{group.family.lower()}",
                "namespace": self.metadata["namespace"],
                "labels": {SERVICE_NAME_LABEL: self.metadata["name"], MANAGED_BY: MANAGER},
                "ownerReferences": [self._owner()],
            },
            "addressType": group.family,
            "endpoints": [{"addresses": [host], "conditions": {"ready": True}} for host in group.hosts],
            "ports": [port],
        }

    def _owner(self) -> Json:
        """A cluster's garbage collector takes the slices away with the Service."""
        return {"apiVersion": "v1", "kind": "Service", "name": self.metadata["name"], "uid": self.metadata["uid"]}


async def _put(client: Client, namespace: str, wanted: Json) -> None:
    name = wanted["metadata"]["name"]
    try:
        current = await client.get(ENDPOINT_SLICE, namespace, name)
    except NotFound:
        await client.create(ENDPOINT_SLICE, namespace, wanted)
        return
    if current["addressType"] != wanted["addressType"]:  # it never changes
        await client.delete(ENDPOINT_SLICE, namespace, name)
        await client.create(ENDPOINT_SLICE, namespace, wanted)
    elif patch := three_way_merge({}, current, wanted):
        await client.patch(ENDPOINT_SLICE, namespace, name, patch)


async def _delete_others(client: Client, service: Json, wanted: set[str]) -> None:
    metadata = service["metadata"]
    ours = f"{SERVICE_NAME_LABEL}={metadata['name']},{MANAGED_BY}={MANAGER}"
    for endpoint_slice in await client.list(ENDPOINT_SLICE, metadata["namespace"], labelSelector=ours):
        if (name := endpoint_slice["metadata"]["name"]) not in wanted:
            await client.delete(ENDPOINT_SLICE, metadata["namespace"], name)
