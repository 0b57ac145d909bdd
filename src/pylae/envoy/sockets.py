"""Who holds a TCP port, for the message that a port cannot be bound."""

import ipaddress
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pylae.envoy import proc

LISTENING = "0A"
"""The state TCP_LISTEN in /proc/net/tcp (include/net/tcp_states.h)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Holder:
    """`pid` is 0 where the process belongs to another user, whose files we may not see."""

    pid: int = 0
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name or 'a process'} (pid {self.pid})" if self.pid else "a process of another user"


def holder(host: str, port: int) -> Holder | None:
    """Who listens on the port so that `host` cannot be bound too; None if nobody does now."""
    inodes = {inode for address, inode in _listeners(port) if _overlap(ipaddress.ip_address(host), address)}
    if not inodes:
        return None
    return next((Holder(pid, proc.name(pid)) for pid in proc.pids() if _holds(pid, inodes)), Holder())


def _overlap(wanted: Address, held: Address) -> bool:
    return wanted == held or wanted.is_unspecified or held.is_unspecified


def _listeners(port: int) -> Iterator[tuple[Address, int]]:
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc.PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            address, _, hex_port = fields[1].partition(":")
            if fields[3] == LISTENING and int(hex_port, 16) == port:
                yield _address(address), int(fields[9])


def _address(text: str) -> Address:
    """Hexadecimal words of 32 bits in the machine's byte order; an IPv4 address in IPv6 is taken as what it is."""
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    if len(packed) == 4:
        return ipaddress.ip_address(socket.inet_ntop(socket.AF_INET, packed))
    address = ipaddress.IPv6Address(packed)
    return address.ipv4_mapped or address


def _holds(pid: int, inodes: set[int]) -> bool:
    links = {f"socket:[{inode}]" for inode in inodes}
    try:
        return any(_target(entry) in links for entry in (proc.PROC / str(pid) / "fd").iterdir())
    except OSError:
        return False


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return ""
