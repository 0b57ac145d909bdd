"""What `kubectl get` prints of Services and what stands behind them, as a Kubernetes API server does."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pylae.apimachinery.columns.column import AGE, NAME, NONE, Column, dig, few, items, objects, pairs, text, wide

SHOWN: Final = 3
"""Addresses and ports that are shown; of the others, how many they are."""

UNSET: Final = "<unset>"
PENDING: Final = "<pending>"


def _external_ip(obj: Mapping[str, Any], _now: datetime) -> str:
    kind, more = dig(obj, "spec", "type"), items(obj, "spec", "externalIPs")
    if kind == "ExternalName":
        return str(dig(obj, "spec", "externalName") or NONE)
    if kind != "LoadBalancer":
        return ",".join(map(str, more)) or NONE
    ingress = objects(obj, "status", "loadBalancer", "ingress")
    return ",".join(map(str, [*(point.get("ip") or point.get("hostname") for point in ingress), *more])) or PENDING


def _service_ports(obj: Mapping[str, Any], _now: datetime) -> str:
    return ",".join(_service_port(port) for port in objects(obj, "spec", "ports")) or NONE


def _service_port(port: Mapping[str, Any]) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port')}{node_port}/{port.get('protocol', 'TCP')}"


def _endpoints(obj: Mapping[str, Any], _now: datetime) -> str:
    found = (
        _host_port(str(address.get("ip")), port.get("port"))
        for subset in objects(obj, "subsets")
        for port in objects(subset, "ports")
        for address in objects(subset, "addresses")
    )
    return few(found, SHOWN, NONE)


def _host_port(host: str, port: Any) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _slice_ports(obj: Mapping[str, Any], _now: datetime) -> str:
    return few((str(port.get("port") or "*") for port in objects(obj, "ports")), SHOWN, UNSET)


def _slice_addresses(obj: Mapping[str, Any], _now: datetime) -> str:
    found = (str(address) for endpoint in objects(obj, "endpoints") for address in items(endpoint, "addresses"))
    return few(found, SHOWN, UNSET)


NETWORK: Final[Mapping[str, tuple[Column, ...]]] = {
    "services": (
        NAME,
        Column("Type", text("spec", "type")),
        Column("Cluster-IP", text("spec", "clusterIP", absent=NONE)),
        Column("External-IP", _external_ip),
        Column("Port(s)", _service_ports),
        AGE,
        wide("Selector", pairs("spec", "selector")),
    ),
    "endpoints": (NAME, Column("Endpoints", _endpoints), AGE),
    "endpointslices.discovery.k8s.io": (
        NAME,
        Column("AddressType", text("addressType")),
        Column("Ports", _slice_ports),
        Column("Endpoints", _slice_addresses),
        AGE,
    ),
}
