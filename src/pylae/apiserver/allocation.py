"""Addresses and node ports of Services: chosen when left out, refused when another Service has them.

The choice is made inside the write's decision, where every earlier one is visible, so no two Services get the same.
Each Service starts to look at a place of its own (its uid), so the choice does not depend on who came first, and is
mostly free at the first look: what a Service costs does not grow with their number.
"""

import ipaddress
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, invalid, invalid_value
from pylae.apimachinery.resource import Resource
from pylae.apiserver.claims import SERVICES, address_claim, node_port_claim, node_ports
from pylae.apiserver.entry import Key
from pylae.apiserver.transaction import Transaction

NETWORK: Final = ipaddress.ip_network("10.96.0.0/12")
"""kubeadm's choice: room for a million Services."""
FIRST_ADDRESS: Final = 10
"""Offset in the network; what lies below is by custom for services of the cluster itself."""
STRIDE: Final = 99_991
"""From one look for a free address to the next: far, so that a long run of taken ones is left at once, and prime, so
that every address is looked at in the end."""
NODE_PORTS: Final = range(30000, 32768)
STATIC_NODE_PORTS: Final = 86
"""The first of `NODE_PORTS` are left to those who choose their own (the walkthrough's 30000 and 30005), as upstream
does."""
WITH_NODE_PORTS: Final = ("NodePort", "LoadBalancer")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a Service may have: `seed` is where it starts to look, `taken` whether another has a claim."""

    seed: int
    taken: Callable[[str], bool]


def allocate(transaction: Transaction, resource: Resource, obj: Json) -> Json:
    """A Service with its address and node ports; any other object as it is. Raises 422 for what is taken, or used
    up."""
    if resource.qualified_name != SERVICES:
        return obj
    metadata, spec = obj["metadata"], dict(obj["spec"])
    own = Key(SERVICES, metadata["namespace"], metadata["name"])
    wish = Wish(zlib.crc32(metadata["uid"].encode()), lambda claim: transaction.holder(claim) not in (None, own))
    causes = [*_settle_address(spec, wish), *_settle_ports(spec, wish)]
    if causes:
        raise invalid(resource, metadata["name"], causes)
    return {**obj, "spec": spec}


def _settle_address(spec: Json, wish: Wish) -> Iterator[Cause]:
    if spec["type"] == "ExternalName":
        for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            spec.pop(field, None)
        return
    address = spec.get("clusterIP") or _free_address(wish)
    if not address:
        yield invalid_value("spec.clusterIP", "", f"no address is free in {NETWORK}")
    elif address != "None" and wish.taken(address_claim(address)):
        yield invalid_value("spec.clusterIP", address, "failed to allocate IP: provided IP is already allocated")
    spec |= {"clusterIP": address, "clusterIPs": [address]}
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    spec.setdefault("ipFamilies", ["IPv6" if ":" in address else "IPv4"])


def _free_address(wish: Wish) -> str:
    count = NETWORK.num_addresses - FIRST_ADDRESS - 1
    offsets = (FIRST_ADDRESS + (wish.seed + step * STRIDE) % count for step in range(count))
    addresses = (str(NETWORK[offset]) for offset in offsets)
    return next((address for address in addresses if not wish.taken(address_claim(address))), "")


def _settle_ports(spec: Json, wish: Wish) -> Iterator[Cause]:
    if spec["type"] not in WITH_NODE_PORTS:
        spec.pop("allocateLoadBalancerNodePorts", None)
        spec.pop("externalTrafficPolicy", None)
        return
    ports = [dict(port) for port in spec.get("ports", [])]
    for index, port in enumerate(ports):
        if port.get("nodePort") and wish.taken(node_port_claim(port["nodePort"])):
            path = f"spec.ports[{index}].nodePort"
            yield invalid_value(path, port["nodePort"], "provided port is already allocated")
    if _chooses(spec):
        yield from _choose_ports(ports, set(node_ports(spec)), wish)
    spec["ports"] = ports


def _chooses(spec: Json) -> bool:
    """A load balancer may say that it needs no node ports."""
    if spec["type"] != "LoadBalancer":
        return True
    return bool(spec.get("allocateLoadBalancerNodePorts", True))


def _choose_ports(ports: list[Json], own: set[int], wish: Wish) -> Iterator[Cause]:
    for index, port in enumerate(ports):
        if port.get("nodePort"):
            continue
        chosen = _free_port(own, Wish(wish.seed + index, wish.taken))
        if not chosen:
            yield invalid_value(f"spec.ports[{index}].nodePort", 0, "no node port is free")
            return
        port["nodePort"] = chosen
        own.add(chosen)


def _free_port(own: set[int], wish: Wish) -> int:
    chosen = NODE_PORTS[STATIC_NODE_PORTS:]
    start = wish.seed % len(chosen)
    order = (*chosen[start:], *chosen[:start], *NODE_PORTS[:STATIC_NODE_PORTS])
    return next((port for port in order if port not in own and not wish.taken(node_port_claim(port))), 0)
