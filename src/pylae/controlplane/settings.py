"""What the user asked of `pylae up`, and the ports that this data directory keeps from one start to the next."""

import contextlib
import json
import socket
from dataclasses import dataclass
from pathlib import Path

from pylae.controlplane.directories import DataDirectory

API_PORT = 16443
TELEMETRY_PORT = 15020
"""Where Istio's agent serves its merged metrics (istio.io, "Ports used by Istio")."""


@dataclass(frozen=True, slots=True)
class PortMapping:
    """`-p 30443:443`: the gateway's port 443 is reached on this machine's port 30443."""

    host_port: int
    gateway_port: int

    @classmethod
    def parse(cls, text: str) -> "PortMapping":
        """Raises ValueError with a sentence for the user."""
        host, _, gateway = text.partition(":")
        if not (_is_port(host) and _is_port(gateway)):
            raise ValueError(f'"{text}" is not HOSTPORT:GATEWAYPORT, such as 30443:443')
        return cls(int(host), int(gateway))


def _is_port(text: str) -> bool:
    return text.isdecimal() and 1 <= int(text) <= 65535


@dataclass(frozen=True, slots=True)
class Settings:
    """`files` are applied and watched; `bind` is the address of the gateway's ports alone; `envoy` names another
    binary; `foreground` means that somebody reads standard error."""

    data: DataDirectory
    files: tuple[Path, ...] = ()
    ports: tuple[PortMapping, ...] = ()
    bind: str = "127.0.0.1"
    envoy: Path | None = None
    foreground: bool = True


@dataclass(frozen=True, slots=True)
class Instance:
    """Loopback ports of this data directory. They stay the same, since kubectl caches what it learns by host and
    port."""

    api_port: int
    telemetry_port: int


def instance(data: DataDirectory) -> Instance:
    """The ports chosen at the first start; where one has been taken since, another is chosen and kept."""
    kept: dict[str, int] = {}
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(data.instance.read_text())
    chosen = Instance(_free_port(kept.get("apiPort", API_PORT)), _free_port(kept.get("telemetryPort", TELEMETRY_PORT)))
    wanted = {"apiPort": chosen.api_port, "telemetryPort": chosen.telemetry_port}
    if wanted != kept:
        temporary = data.instance.with_suffix(".new")
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(wanted) + "\n")
        temporary.replace(data.instance)
    return chosen


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
