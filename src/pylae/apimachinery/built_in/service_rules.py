"""Rules of Services: what is filled in, what an update keeps, and which ports and types go together."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pylae.apimachinery.columns.column import dig, items
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, duplicate, invalid_value, missing, not_allowed, unsupported
from pylae.apimachinery.name import dns_label, dns_subdomain

TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
WITH_NODE_PORTS: Final = ("LoadBalancer", "NodePort")
HEADLESS: Final = "None"
PORT_RANGE: Final = "must be between 1 and 65535, inclusive"


def complete_service(obj: Json) -> Json:
    """A Service with its type, affinity, policies and protocols; a port's target is the port itself unless told."""
    spec = obj.get("spec", {})
    spec = {**spec, "type": spec.get("type") or "ClusterIP", "sessionAffinity": spec.get("sessionAffinity") or "None"}
    spec = {**spec, **_policies(spec)}
    if "ports" in spec:
        external = spec["type"] == "ExternalName"
        spec["ports"] = [_complete_port(port, external=external) for port in spec["ports"]]
    return {**obj, "spec": spec}


def _policies(spec: Json) -> Json:
    """Which traffic goes where, for the types that have any; a load balancer has node ports unless it says no."""
    policies: Json = {}
    if spec["type"] != "ExternalName":
        policies["internalTrafficPolicy"] = spec.get("internalTrafficPolicy") or "Cluster"
    if spec["type"] in WITH_NODE_PORTS:
        policies["externalTrafficPolicy"] = spec.get("externalTrafficPolicy") or "Cluster"
    if spec["type"] == "LoadBalancer":
        policies["allocateLoadBalancerNodePorts"] = spec.get("allocateLoadBalancerNodePorts", True)
    return policies


def carry_over(old: Json, new: Json) -> Json:
    """What the server chose stays when a writer leaves it out; node ports go when the type no longer has any."""
    spec, old_spec = dict(new["spec"]), old["spec"]
    if spec["type"] != "ExternalName":
        for field in ("clusterIP", "clusterIPs"):
            if not spec.get(field) and old_spec.get(field):
                spec[field] = old_spec[field]
    if "ports" in spec:
        node_ports = {_port_key(port): port["nodePort"] for port in items(old_spec, "ports") if port.get("nodePort")}
        keep = spec["type"] in WITH_NODE_PORTS
        spec["ports"] = [_carry_node_port(port, node_ports, keep=keep) for port in spec["ports"]]
    return {**new, "spec": spec}


def check_service(obj: Json, old: Json | None) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    if spec["type"] not in TYPES:
        yield unsupported("spec.type", spec["type"], TYPES)
    ports = spec.get("ports", [])
    if not ports and spec["type"] != "ExternalName" and spec.get("clusterIP") != HEADLESS:
        yield missing("spec.ports")
    if spec["type"] == "ExternalName":
        yield from _check_external_name(spec.get("externalName", ""))
    for index, port in enumerate(ports):
        yield from _check_port(f"spec.ports[{index}]", port, spec["type"])
    yield from _check_names(ports)
    yield from _check_address(spec, dig(old, "spec") or {})


def _complete_port(port: Json, *, external: bool) -> Json:
    completed = {**port, "protocol": port.get("protocol") or "TCP"}
    if not completed.get("targetPort") and port.get("port") and not external:
        completed["targetPort"] = port["port"]
    return completed


def _carry_node_port(port: Json, node_ports: Mapping[Any, int], *, keep: bool) -> Json:
    """Keeps a node port that the writer left out, or drops one that came along from a type that had them."""
    inherited = node_ports.get(_port_key(port))
    if keep:
        return {**port, "nodePort": inherited} if inherited and not port.get("nodePort") else port
    return {key: value for key, value in port.items() if key != "nodePort" or value not in (inherited, 0)}


def _port_key(port: Mapping[str, Any]) -> tuple[Any, Any]:
    return port.get("port"), port.get("protocol") or "TCP"


def _check_port(path: str, port: Mapping[str, Any], service_type: str) -> Iterator[Cause]:
    if not _is_port(port.get("port")):
        yield invalid_value(f"{path}.port", port.get("port", 0), PORT_RANGE)
    target = port.get("targetPort")
    if isinstance(target, int) and not _is_port(target):
        yield invalid_value(f"{path}.targetPort", target, PORT_RANGE)
    elif isinstance(target, str) and (problem := _port_name(target)):
        yield invalid_value(f"{path}.targetPort", target, problem)
    node_port = port.get("nodePort")
    if node_port and service_type not in WITH_NODE_PORTS:
        yield not_allowed(f"{path}.nodePort", f"may not be used when `type` is '{service_type}'")
    elif node_port and not _is_port(node_port):
        yield invalid_value(f"{path}.nodePort", node_port, PORT_RANGE)


def _check_names(ports: list[Mapping[str, Any]]) -> Iterator[Cause]:
    names: set[str] = set()
    numbers: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        path, name, number = f"spec.ports[{index}]", port.get("name", ""), _port_key(port)
        if not name and len(ports) > 1:
            yield missing(f"{path}.name")
        elif name and (problem := dns_label(name)):
            yield invalid_value(f"{path}.name", name, problem)
        if name and name in names:
            yield duplicate(f"{path}.name", name)
        if number in numbers:
            yield duplicate(path, f"{number[0]}/{number[1]}")
        names.add(name)
        numbers.add(number)


def _check_external_name(name: str) -> Iterator[Cause]:
    if not name:
        yield missing("spec.externalName")
    elif problem := dns_subdomain(name.removesuffix(".").lower()):
        yield invalid_value("spec.externalName", name, problem)


def _check_address(spec: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[Cause]:
    address, before = spec.get("clusterIP", ""), old.get("clusterIP", "")
    if address not in ("", HEADLESS) and not _is_address(address):
        yield invalid_value("spec.clusterIP", address, "must be an IP address, `None`, or left out")
    elif before and address != before and "ExternalName" not in (spec["type"], old.get("type")):
        yield invalid_value("spec.clusterIP", address, "field is immutable")


def _is_port(number: Any) -> bool:
    return isinstance(number, int) and 1 <= number <= 65535


def _port_name(name: str) -> str:
    """The name of a container's port: at most 15 characters, one of them a letter (RFC 6335)."""
    if len(name) <= 15 and not dns_label(name) and any(letter.isalpha() for letter in name) and "--" not in name:
        return ""
    return "must be at most 15 lower-case letters, digits and single '-', with at least one letter"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
