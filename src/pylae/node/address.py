"""An address of this machine, and a port of it, as somebody typed them."""

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen, and nowhere else."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """`0.0.0.0:15020` or `[::]:15020`. Raises ValueError with a sentence for the user."""
        host, _, port = text.rpartition(":")
        with suppress(ValueError):
            if is_port(port):
                return cls(str(ip_address(host.removeprefix("[").removesuffix("]"))), int(port))
        raise ValueError(f'"{text}" is not ADDRESS:PORT, such as 0.0.0.0:15020')

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_port(text: str) -> bool:
    return text.isdecimal() and 1 <= int(text) <= 65535
