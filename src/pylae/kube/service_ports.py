"""A Service's ports, when a document that names some of them meets a Service that the server has completed.

The server gives a node port to each port that needs one. A merge patch replaces the list, and would have new ones
given at every change; so a port that the document has again keeps what it was given. Ports are the same if number and
protocol are, which is how kubectl's strategic merge knows them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]
PortKey = tuple[Any, str]


def with_given_ports(last_applied: Json, current: Json, wanted: Json) -> Json:
    """The wanted Service, its ports completed; what was applied last time and is wanted no more is not brought back."""
    given, mentioned = dict(_ports(current)), dict(_ports(last_applied))
    merged = []
    for key, port in _ports(wanted):
        kept = {name: value for name, value in given.get(key, {}).items() if name not in mentioned.get(key, {})}
        merged.append({**kept, **port})
    return {**wanted, "spec": {**wanted["spec"], "ports": merged}} if merged else wanted


def _ports(service: Json) -> Iterator[tuple[PortKey, Json]]:
    """Each port by its number and protocol. What is no list of ports is left for the server to refuse."""
    spec = service.get("spec")
    ports = spec.get("ports") if isinstance(spec, Mapping) else None
    for port in ports if isinstance(ports, list) else ():
        if not isinstance(port, dict):
            return
        yield (port.get("port"), port.get("protocol") or "TCP"), port
