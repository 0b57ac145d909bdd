"""What an object has for itself alone: the cluster address and the node ports of a Service.

A claim is a word such as `address 10.96.7.7` or `node port 30005`. The database keeps who holds which, by change, so
that the next Service finds out by one look whether it may have them, however many Services there are.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pylae.apiserver.entry import Entry, Key

SERVICES: Final = "services"


def claims(entry: Entry) -> frozenset[str]:
    """What a stored object holds."""
    if not may_claim(entry.key):
        return frozenset()
    return frozenset(_of_service(entry.object.get("spec") or {}))


def may_claim(key: Key) -> bool:
    return key.resource == SERVICES


def address_claim(address: str) -> str:
    return f"address {address}"


def node_port_claim(port: int) -> str:
    return f"node port {port}"


def node_ports(spec: Mapping[str, Any]) -> Iterator[Any]:
    return (port["nodePort"] for port in spec.get("ports") or [] if port.get("nodePort"))


def _of_service(spec: Mapping[str, Any]) -> Iterator[str]:
    if spec.get("clusterIP") not in (None, "", "None"):
        yield address_claim(spec["clusterIP"])
    yield from map(node_port_claim, node_ports(spec))
