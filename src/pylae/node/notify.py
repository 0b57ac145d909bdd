"""What systemd is told of a service of `Type=notify`: that it serves, what it does, that it lives, that it ends.

The protocol is sd_notify(3): lines of `NAME=value` in one datagram to the Unix socket that `NOTIFY_SOCKET` names. Where
nobody asks there is nothing to tell, and a notification that cannot be sent never harms who sends it.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"

ABSTRACT = "@"
"""How an address in the abstract namespace begins, where its first byte is zero (unix(7))."""


def notify(*lines: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send the lines in one datagram; whether somebody took them."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", ABSTRACT)):
        return False
    target = "\0" + address[1:] if address.startswith(ABSTRACT) else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)  # a full queue of systemd's is no reason to stop serving
        sender.sendto("\n".join(lines).encode(), target)
        return True
    return False


def status(text: str) -> str:
    """The line that `systemctl status` shows; a line break would begin another assignment."""
    return f"STATUS={' '.join(text.split())}"


def watchdog(environment: Mapping[str, str] = os.environ) -> float | None:
    """Seconds between two signs of life, half of what systemd waits for; None if it waits for none from this process
    (sd_watchdog_enabled(3))."""
    microseconds, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not (microseconds.isdecimal() and int(microseconds)):
        return None
    return int(microseconds) / 2e6 if pid in ("", str(os.getpid())) else None


async def stay_alive(environment: Mapping[str, str] = os.environ) -> None:
    """Give signs of life from the event loop, so that one that hangs gives none. Runs until it is cancelled."""
    interval = watchdog(environment)
    if interval is None:
        await asyncio.Event().wait()
        return
    while True:
        notify(ALIVE, environment=environment)
        await asyncio.sleep(interval)
