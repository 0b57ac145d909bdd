"""A port of the gateway, and the port of this machine at which it is reached, as `-p` has it."""

from dataclasses import dataclass

from pylae.node.address import is_port


@dataclass(frozen=True, slots=True)
class PortMapping:
    """`-p 30443:443`: the gateway's port 443 is reached on this machine's port 30443."""

    host_port: int
    gateway_port: int

    @classmethod
    def parse(cls, text: str) -> "PortMapping":
        """Raises ValueError with a sentence for the user."""
        host, _, gateway = text.partition(":")
        if not (is_port(host) and is_port(gateway)):
            raise ValueError(f'"{text}" is not HOSTPORT:GATEWAYPORT, such as 30443:443')
        return cls(int(host), int(gateway))
