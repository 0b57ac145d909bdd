"""What the user asked of `pylae gateway`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pylae.gateway.credentials import CredentialFiles
from pylae.node.address import Address
from pylae.node.directories import DataDirectory
from pylae.node.port_mapping import PortMapping


@dataclass(frozen=True, slots=True)
class Settings:
    """`control_planes` are `HOST:PORT`; `name`, `namespace` and `labels` say which gateway this is. `ports` are bound
    whatever the Service says; with `node_ports` all others are the Service's node ports, else its target ports.
    `serve_stored_for` is how old the stored configuration may be for an Envoy to start with it, None for however old.
    The rest is as in `pylae up`."""

    data: DataDirectory
    control_planes: tuple[str, ...]
    files: CredentialFiles
    name: str
    namespace: str
    labels: Mapping[str, str]
    bind: str
    ports: tuple[PortMapping, ...] = ()
    node_ports: bool = False
    telemetry: Address | None = None
    serve_stored_for: timedelta | None = None
    envoy: Path | None = None
    max_heap: int | None = None
    max_connections: int | None = None
    foreground: bool = True

    @property
    def place(self) -> Mapping[str, Any]:
        """Where ports are bound, as the control plane is told in Envoy's node metadata."""
        publish = {str(port.gateway_port): port.host_port for port in self.ports}
        return {"bind": self.bind, "nodePorts": self.node_ports, "publish": publish}

    @property
    def workload(self) -> str:
        """Whose configuration it is: equal for all starts that are to have the same."""
        return json.dumps([self.namespace, dict(self.labels), self.place], sort_keys=True)
