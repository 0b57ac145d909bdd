"""What names what in an ingress: VirtualServices their Gateways and destinations, hosts their Services, Gateways their
Secrets. Documents are as a server gave them, in the preferred version of their kind.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from pylae.api.decode import convert
from pylae.api.gateway import Gateway
from pylae.api.scheme import GATEWAY
from pylae.model.snapshot import Key
from pylae.rules.credentials import server_secrets
from pylae.rules.hosts import matches
from pylae.rules.names import expand, gateway_reference
from pylae.rules.sds_name import KUBERNETES, parse

Json = dict[str, Any]

DOMAIN: Final = "cluster.local"

ROUTED_BY: Final = ("destination", "mirror")
"""The fields of a VirtualService that hold a destination, in routes of every protocol."""


def names_one_of(virtual_service: Json, gateways: Iterable[Key]) -> bool:
    """Whether the VirtualService speaks for one of the Gateways."""
    namespace = virtual_service["metadata"]["namespace"]
    named = virtual_service.get("spec", {}).get("gateways") or ()
    return not {gateway_reference(text, namespace) for text in named}.isdisjoint(gateways)


def destinations(virtual_service: Json) -> Iterator[str]:
    """The full names of all hosts that requests and connections are sent to."""
    namespace = virtual_service["metadata"]["namespace"]
    for destination in _destinations(virtual_service.get("spec", {})):
        if host := destination.get("host"):
            yield expand(host, namespace, DOMAIN)


def provides_one_of(service_entry: Json, hosts: Iterable[str]) -> bool:
    """Whether the ServiceEntry is what one of the hosts means."""
    provided = service_entry.get("spec", {}).get("hosts") or ()
    return any(matches(pattern.lower(), host) for pattern in provided for host in hosts)


def rules_one_of(destination_rule: Json, hosts: Iterable[str]) -> bool:
    """Whether the DestinationRule is about one of the hosts."""
    host = destination_rule.get("spec", {}).get("host", "")
    pattern = expand(host, destination_rule["metadata"]["namespace"], DOMAIN)
    return any(matches(pattern, meant) for meant in hosts)


def service(host: str) -> Key | None:
    """The Service that a full name may mean: `webapp.shop.svc.cluster.local`."""
    name, found, namespace = host.removesuffix(f".svc.{DOMAIN}").partition(".")
    is_service = host.endswith(f".svc.{DOMAIN}") and found and "." not in namespace
    return (namespace, name) if is_service else None


def secrets(gateway: Json, namespace: str) -> Iterator[tuple[str, ...]]:
    """For each credential of a Gateway the names that its Secret may have, in order of preference. What a gateway in
    this namespace is not given is passed over. Raises `Malformed`."""
    typed = convert(GATEWAY, gateway)
    assert isinstance(typed, Gateway)
    for server in typed.spec.servers:
        certificates, authorities = server_secrets(server.tls) if server.tls else ((), None)
        for reference in (*certificates, *((authorities,) if authorities else ())):
            name = parse(reference.name)
            if name.scheme == KUBERNETES and name.namespace in ("", namespace):
                yield name.candidates


def _destinations(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        for item in value:
            yield from _destinations(item)
    elif isinstance(value, dict):
        for key, member in value.items():
            if key in ROUTED_BY and isinstance(member, dict) and "host" in member:
                yield member
            else:
                yield from _destinations(member)
