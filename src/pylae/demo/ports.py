"""Which ports of this machine the demo can have."""

import socket
from dataclasses import dataclass

HTTP, HTTPS = 30000, 30005


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the gateway's ports 80 and 443 are reached."""

    http: int = HTTP
    https: int = HTTPS

    @classmethod
    def choose(cls) -> "Ports":
        """The walkthrough's own, each replaced by a free one if another program holds it."""
        return cls(_free(HTTP), _free(HTTPS))

    def mappings(self) -> tuple[str, ...]:
        """The options by which `pylae up` publishes what is not the default."""
        moved = [(80, self.http, HTTP), (443, self.https, HTTPS)]
        return tuple(word for port, here, usual in moved if here != usual for word in ("-p", f"{here}:{port}"))

    def replacements(self) -> tuple[str, ...]:
        """One sentence for each port that could not be had."""
        pairs = ((HTTP, self.http), (HTTPS, self.https))
        return tuple(
            f"Port {usual} is taken on this machine: {here} stands for it." for usual, here in pairs if here != usual
        )


def _free(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise OSError("no port is free on 127.0.0.1")
