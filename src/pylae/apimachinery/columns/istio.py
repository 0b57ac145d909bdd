"""What `kubectl get` prints of Istio's kinds.

A Gateway shows what one wants to know of it: its hosts, its ports, and how many of its servers serve. The other kinds
print Istio's own columns, lists as JSON included.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from pylae.apimachinery.columns.column import AGE, NAME, Column, Read, dig, items, text
from pylae.apimachinery.document import encode

SERVING: Final = "serving"
"""The state of a server in a Gateway's `status.servers` that counts as ready."""


def _as_json(*path: str) -> Read:
    def read(obj: Mapping[str, Any], _now: datetime) -> str:
        found = dig(obj, *path)
        return "" if found is None else encode(found).decode()

    return read


def _unique(words: Iterable[Any]) -> str:
    return ",".join(dict.fromkeys(str(word) for word in words))


def _hosts(obj: Mapping[str, Any], _now: datetime) -> str:
    return _unique(host for server in items(obj, "spec", "servers") for host in items(server, "hosts"))


def _ports(obj: Mapping[str, Any], _now: datetime) -> str:
    numbers = (dig(server, "port", "number") for server in items(obj, "spec", "servers"))
    return _unique(number for number in numbers if number is not None)


def _ready(obj: Mapping[str, Any], _now: datetime) -> str:
    servers = dig(obj, "status", "servers")
    if not isinstance(servers, list):
        return "-"
    return f"{sum(dig(server, 'state') == SERVING for server in servers)}/{len(servers)}"


ISTIO: Final[Mapping[str, tuple[Column, ...]]] = {
    "gateways.networking.istio.io": (
        NAME,
        Column("Hosts", _hosts, description="Hosts served, in the order they are written"),
        Column("Ports", _ports, description="Ports of the gateway's Service"),
        Column("Ready", _ready, description="Servers that serve, of all servers; - before the first report"),
        AGE,
    ),
    "virtualservices.networking.istio.io": (
        NAME,
        Column("Gateways", _as_json("spec", "gateways")),
        Column("Hosts", _as_json("spec", "hosts")),
        AGE,
    ),
    "destinationrules.networking.istio.io": (NAME, Column("Host", text("spec", "host")), AGE),
    "serviceentries.networking.istio.io": (
        NAME,
        Column("Hosts", _as_json("spec", "hosts")),
        Column("Location", text("spec", "location")),
        Column("Resolution", text("spec", "resolution")),
        AGE,
    ),
    "workloadentries.networking.istio.io": (NAME, AGE, Column("Address", text("spec", "address"))),
}
