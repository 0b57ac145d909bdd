"""Rules of Endpoints and EndpointSlices.

One rule of Kubernetes is left out on purpose: loopback addresses are allowed. On a single machine the processes behind
a Service listen there, and nothing but the gateway of the same machine reads these addresses.
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pylae.apimachinery.columns.column import items
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, duplicate, invalid_value, missing, too_many, unsupported
from pylae.apimachinery.name import dns_label, dns_subdomain

ADDRESS_TYPES: Final[Mapping[str, int]] = {"IPv4": 4, "IPv6": 6, "FQDN": 0}
MOST_ENDPOINTS: Final = 1000
MOST_ADDRESSES: Final = 100


def complete_endpoints(obj: Json) -> Json:
    """Endpoints whose ports have a protocol."""
    return {**obj, "subsets": [_complete_ports(subset) for subset in obj["subsets"]]} if "subsets" in obj else obj


def complete_endpoint_slice(obj: Json) -> Json:
    """An EndpointSlice whose ports have a name, be it empty, and a protocol."""
    completed = _complete_ports(obj)
    return {**completed, "ports": [{"name": "", **port} for port in completed["ports"]]} if "ports" in obj else obj


def check_endpoints(obj: Json, _old: Json | None) -> Iterator[Cause]:
    for index, subset in enumerate(items(obj, "subsets")):
        path = f"subsets[{index}]"
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield missing(path, "must have addresses or notReadyAddresses")
        for field in ("addresses", "notReadyAddresses"):
            for place, address in enumerate(subset.get(field, ())):
                yield from _check_ip(f"{path}.{field}[{place}].ip", address.get("ip", ""), 0)
        yield from _check_ports(f"{path}.ports", subset.get("ports", ()))


def check_endpoint_slice(obj: Json, old: Json | None) -> Iterator[Cause]:
    address_type = obj.get("addressType", "")
    if not address_type:
        yield missing("addressType")
    elif address_type not in ADDRESS_TYPES:
        yield unsupported("addressType", address_type, ADDRESS_TYPES)
    if old is not None and address_type != old.get("addressType"):
        yield invalid_value("addressType", address_type, "field is immutable")
    endpoints = obj.get("endpoints", [])
    if len(endpoints) > MOST_ENDPOINTS:
        yield too_many("endpoints", len(endpoints), MOST_ENDPOINTS)
    for index, endpoint in enumerate(endpoints):
        yield from _check_endpoint(f"endpoints[{index}].addresses", endpoint.get("addresses", []), address_type)
    yield from _check_ports("ports", obj.get("ports", ()))


def _complete_ports(owner: Json) -> Json:
    if "ports" not in owner:
        return owner
    return {**owner, "ports": [{**port, "protocol": port.get("protocol") or "TCP"} for port in owner["ports"]]}


def _check_endpoint(path: str, addresses: Sequence[str], address_type: str) -> Iterator[Cause]:
    if not addresses:
        yield missing(path, "must have at least one address")
    if len(addresses) > MOST_ADDRESSES:
        yield too_many(path, len(addresses), MOST_ADDRESSES)
    for index, address in enumerate(addresses):
        if address_type == "FQDN":
            if problem := dns_subdomain(address.lower()):
                yield invalid_value(f"{path}[{index}]", address, problem)
        else:
            yield from _check_ip(f"{path}[{index}]", address, ADDRESS_TYPES.get(address_type, 0))


def _check_ip(path: str, address: str, version: int) -> Iterator[Cause]:
    """`version` 0 takes both."""
    try:
        found = ipaddress.ip_address(address).version
    except ValueError:
        found = None
    if found is None or version not in (0, found):
        yield invalid_value(path, address, f"must be an IPv{version} address" if version else "must be an IP address")


def _check_ports(path: str, ports: Sequence[Mapping[str, Any]]) -> Iterator[Cause]:
    names: set[str] = set()
    for index, port in enumerate(ports):
        name, number = port.get("name", ""), port.get("port")
        if name in names:
            yield duplicate(f"{path}[{index}].name", name)
        elif name and (problem := dns_label(name)):
            yield invalid_value(f"{path}[{index}].name", name, problem)
        if number is not None and not 1 <= number <= 65535:
            yield invalid_value(f"{path}[{index}].port", number, "must be between 1 and 65535, inclusive")
        names.add(name)
