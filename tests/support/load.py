"""Clients at a constant rate that count what failed: h2 and HTTP/1.1 on kept connections (h2load), and a new
connection each time."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field

import pytest

STRETCH = 4
"""Seconds of one h2load. Stretches follow each other until the load ends, so connections are made anew as well."""

RATE = 100
"""Requests a second of each kind of client."""

COUNTS = re.compile(
    r"(\d+) total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout"
)
STATUSES = re.compile(r"status codes: (\d+) 2xx")


@dataclass
class Tally:
    """What a client saw. `failures` holds the first few, in words."""

    requests: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)

    def fail(self, what: str) -> None:
        self.failed += 1
        if len(self.failures) < 5:
            self.failures.append(what)


class Load:
    """`with Load(port, host) as load: …change things…` and then look at the tallies."""

    def __init__(self, port: int, host: str) -> None:
        if shutil.which("h2load") is None:
            pytest.skip("h2load is absent: install nghttp2-client")
        self._port = port
        self._host = host
        self._over = threading.Event()
        self.h2, self.http1, self.fresh = Tally(), Tally(), Tally()
        self._threads = [
            threading.Thread(target=self._kept, args=(self.h2,)),
            threading.Thread(target=self._kept, args=(self.http1, "--h1")),
            threading.Thread(target=self._anew),
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def assert_nothing_failed(self) -> None:
        for name, tally in (("h2", self.h2), ("HTTP/1.1", self.http1), ("new connections", self.fresh)):
            assert tally.requests > 0, f"{name}: no request was made"
            assert tally.failed == 0, f"{name}: {tally.failed} of {tally.requests} failed: {tally.failures}"

    def _kept(self, tally: Tally, *options: str) -> None:
        command = ("h2load", "-c", "2", "--rps", str(RATE // 2), "-D", str(STRETCH), *options)
        target = ("--connect-to", f"127.0.0.1:{self._port}", f"https://{self._host}/")
        while not self._over.is_set():
            told = subprocess.run([*command, *target], capture_output=True, text=True, check=False).stdout
            counts, statuses = COUNTS.search(told), STATUSES.search(told)
            if not counts or not statuses:
                tally.fail(told)
                continue
            done, failed, errored, late = (int(counts[n]) for n in (2, 4, 5, 6))
            tally.requests += done
            if bad := failed + errored + late + (done - int(statuses[1])):
                tally.failed += bad
                tally.failures.append(told)

    def _anew(self) -> None:
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        due = time.monotonic()
        while not self._over.is_set():
            self.fresh.requests += 1
            try:
                self._ask(tls)
            except (OSError, AssertionError) as error:
                self.fresh.fail(repr(error))
            due += 1 / RATE
            time.sleep(max(0, due - time.monotonic()))

    def _ask(self, tls: ssl.SSLContext) -> None:
        with (
            socket.create_connection(("127.0.0.1", self._port), timeout=5) as plain,
            tls.wrap_socket(plain, server_hostname=self._host) as connection,
        ):
            connection.sendall(f"GET / HTTP/1.1\r\nhost: {self._host}\r\nconnection: close\r\n\r\n".encode())
            answer = connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200"), answer[:100]


def served_serial(port: int, host: str) -> int:
    """The serial number of the certificate that a new connection is shown."""
    from cryptography import x509

    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        tls.wrap_socket(plain, server_hostname=host) as connection,
    ):
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"").serial_number
