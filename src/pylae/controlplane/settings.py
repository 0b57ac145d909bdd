"""What the user asked of `pylae up`, and the ports that this data directory keeps from one start to the next."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from pylae.model.control_plane import TELEMETRY_PORT
from pylae.node.address import Address
from pylae.node.directories import DataDirectory
from pylae.node.port_mapping import PortMapping

API_PORT = 16443


@dataclass(frozen=True, slots=True)
class Settings:
    """`files` are applied and watched; `bind` is the address of the gateway's ports alone; `envoy` names another
    binary; `max_heap` (bytes) and `max_connections` are what Envoy may take, None for what the machine has room for;
    `foreground` means that somebody reads standard error. At `xds` gateways elsewhere may join."""

    data: DataDirectory
    files: tuple[Path, ...] = ()
    ports: tuple[PortMapping, ...] = ()
    bind: str = "127.0.0.1"
    envoy: Path | None = None
    max_heap: int | None = None
    max_connections: int | None = None
    foreground: bool = True
    xds: Address | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """Loopback ports of a data directory. They stay the same, since kubectl caches what it learns by host and port."""

    api_port: int = API_PORT
    telemetry_port: int = TELEMETRY_PORT


def kept_ports(data: DataDirectory) -> Instance:
    """The ports of the last start, or those to try first."""
    kept: dict[str, int] = {}
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(data.instance.read_text())
    return Instance(kept.get("apiPort", API_PORT), kept.get("telemetryPort", TELEMETRY_PORT))


def keep_ports(data: DataDirectory, chosen: Instance) -> None:
    """Remember what was bound, for the next start."""
    if chosen == kept_ports(data) and data.instance.exists():
        return
    temporary = data.instance.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps({"apiPort": chosen.api_port, "telemetryPort": chosen.telemetry_port}) + "\n")
    temporary.replace(data.instance)
