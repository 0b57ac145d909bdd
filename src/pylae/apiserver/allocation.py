"""Addresses and node ports of Services: chosen when left out, refused when another Service has them.

The choice is made inside the write's decision, where every earlier one is visible, so no two Services get the same.
Each Service starts to look at a place of its own (its uid), so the choice does not depend on who came first, and is
mostly free at the first look.
"""

import ipaddress
import zlib
from collections.abc import Collection, Iterator
from typing import Any, Final

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, invalid, invalid_value
from pylae.apimachinery.resource import Resource
from pylae.apiserver.entry import Key
from pylae.apiserver.transaction import Transaction

SERVICES: Final = "services"
NETWORK: Final = ipaddress.ip_network("10.96.0.0/16")
FIRST_ADDRESS: Final = 10
"""Offset in the network; what lies below is by custom for services of the cluster itself."""
NODE_PORTS: Final = range(30000, 32768)
STATIC_NODE_PORTS: Final = 86
"""The first of `NODE_PORTS` are left to those who choose their own (the walkthrough's 30000 and 30005), as upstream
does."""
WITH_NODE_PORTS: Final = ("NodePort", "LoadBalancer")


def allocate(transaction: Transaction, resource: Resource, obj: Json) -> Json:
    """A Service with its address and node ports; any other object as it is. Raises 422 for what is taken, or used
    up."""
    if resource.qualified_name != SERVICES:
        return obj
    metadata, spec = obj["metadata"], dict(obj["spec"])
    own = Key(SERVICES, metadata["namespace"], metadata["name"])
    others = [entry.object["spec"] for entry in transaction.walk(SERVICES) if entry.key != own]
    seed = zlib.crc32(metadata["uid"].encode())
    causes = [*_settle_address(spec, others, seed), *_settle_ports(spec, others, seed)]
    if causes:
        raise invalid(resource, metadata["name"], causes)
    return {**obj, "spec": spec}


def _settle_address(spec: Json, others: Collection[Json], seed: int) -> Iterator[Cause]:
    if spec["type"] == "ExternalName":
        for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            spec.pop(field, None)
        return
    taken = {other["clusterIP"] for other in others if other.get("clusterIP") not in (None, "", "None")}
    address = spec.get("clusterIP") or _free_address(taken, seed)
    if not address:
        yield invalid_value("spec.clusterIP", "", f"no address is free in {NETWORK}")
    elif address in taken:
        yield invalid_value("spec.clusterIP", address, "failed to allocate IP: provided IP is already allocated")
    spec |= {"clusterIP": address, "clusterIPs": [address]}
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    spec.setdefault("ipFamilies", ["IPv6" if ":" in address else "IPv4"])
    if address != "None":
        spec.setdefault("internalTrafficPolicy", "Cluster")


def _free_address(taken: Collection[str], seed: int) -> str:
    count = NETWORK.num_addresses - FIRST_ADDRESS - 1
    offsets = (FIRST_ADDRESS + (seed + step) % count for step in range(count))
    return next((address for offset in offsets if (address := str(NETWORK[offset])) not in taken), "")


def _settle_ports(spec: Json, others: Collection[Json], seed: int) -> Iterator[Cause]:
    if spec["type"] not in WITH_NODE_PORTS:
        spec.pop("allocateLoadBalancerNodePorts", None)
        spec.pop("externalTrafficPolicy", None)
        return
    spec.setdefault("externalTrafficPolicy", "Cluster")
    taken = {port for other in others for port in _node_ports(other)}
    ports = [dict(port) for port in spec.get("ports", [])]
    for index, port in enumerate(ports):
        if port.get("nodePort") in taken:
            path = f"spec.ports[{index}].nodePort"
            yield invalid_value(path, port["nodePort"], "provided port is already allocated")
    if _chooses(spec):
        yield from _choose_ports(ports, taken | set(_node_ports(spec)), seed)
    spec["ports"] = ports


def _chooses(spec: Json) -> bool:
    """A load balancer may say that it needs no node ports."""
    if spec["type"] != "LoadBalancer":
        return True
    return bool(spec.setdefault("allocateLoadBalancerNodePorts", True))


def _choose_ports(ports: list[Json], taken: set[int], seed: int) -> Iterator[Cause]:
    for index, port in enumerate(ports):
        if port.get("nodePort"):
            continue
        chosen = _free_port(taken, seed + index)
        if not chosen:
            yield invalid_value(f"spec.ports[{index}].nodePort", 0, "no node port is free")
            return
        port["nodePort"] = chosen
        taken.add(chosen)


def _free_port(taken: Collection[int], seed: int) -> int:
    chosen = NODE_PORTS[STATIC_NODE_PORTS:]
    start = seed % len(chosen)
    order = (*chosen[start:], *chosen[:start], *NODE_PORTS[:STATIC_NODE_PORTS])
    return next((port for port in order if port not in taken), 0)


def _node_ports(spec: Json) -> Iterator[Any]:
    return (port["nodePort"] for port in spec.get("ports", []) if port.get("nodePort"))
