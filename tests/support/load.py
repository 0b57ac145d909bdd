"""Clients at a constant rate that lose nothing unnoticed: HTTP/2 and HTTP/1.1 on kept connections, and a new connection
each time. Every failure has its time, host and reason."""

import json
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import IO, Self

from load_client import Tally

CLIENT = Path(__file__).with_name("load_client.py")

RATE = 300
"""Requests a second of all clients together. The aim is stated for 1,000: ask for it where the test is about that."""

SHARES = {"h2": 0.45, "http1": 0.45, "fresh": 0.1}
"""Of the rate. A new connection costs the machine as much as ten requests on a kept one."""


class Load:
    """`with Load(port, host, …) as load: …change things…`, and then look at the tallies.

    The hosts take turns. Each must answer 200 all the time: name only those that nothing is to happen to.
    """

    def __init__(self, port: int, *hosts: str, rate: float = RATE, address: str = "127.0.0.1") -> None:
        rates = {kind: rate * share for kind, share in SHARES.items()}
        self._order = json.dumps({"address": address, "port": port, "hosts": hosts, "rates": rates})
        self.h2, self.http1, self.fresh = Tally(), Tally(), Tally()

    def __enter__(self) -> Self:
        command = [sys.executable, str(CLIENT), self._order]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._output().readline()  # it runs
        return self

    def __exit__(self, *_: object) -> None:
        told = self._process.communicate(timeout=60)[0]
        tallies = json.loads(told)
        self.h2, self.http1, self.fresh = (Tally(**tallies[kind]) for kind in SHARES)

    def _output(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def requests(self) -> int:
        return self.h2.requests + self.http1.requests + self.fresh.requests

    @property
    def failed(self) -> int:
        return self.h2.failed + self.http1.failed + self.fresh.failed

    def assert_nothing_failed(self) -> None:
        for name, tally in (("h2", self.h2), ("HTTP/1.1", self.http1), ("new connections", self.fresh)):
            assert tally.requests > 0, f"{name}: no request was made"
            assert tally.failed == 0, f"{name}: {tally.failed} of {tally.requests} failed: {tally.failures}"


def served_serial(port: int, host: str, address: str = "127.0.0.1") -> int:
    """The serial number of the certificate that a new connection is shown."""
    from cryptography import x509

    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((address, port), timeout=5) as plain,
        tls.wrap_socket(plain, server_hostname=host) as connection,
    ):
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"").serial_number


def shown_serial(port: int, host: str, address: str = "127.0.0.1") -> int:
    """The same; 0 while no handshake succeeds."""
    try:
        return served_serial(port, host, address)
    except OSError:
        return 0
