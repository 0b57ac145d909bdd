"""Ordinary processes' stand-ins behind the gateway: small servers on loopback that tell what reached them."""

import contextlib
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SLOW = 3.0
"""Seconds that `/slow…` takes, unless the backend ends before."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Told)
        self.name = name
        self.over = threading.Event()

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no news."""


class _Told(BaseHTTPRequestHandler):
    """Answers with what it was asked, as JSON. `/slow…` takes its time and `/status/N` answers N."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        told = {
            "backend": self.server.name,
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): ",".join(self.headers.get_all(name, ())) for name in self.headers},
            "body": self.rfile.read(length).decode(),
        }
        if self.path.startswith("/slow"):
            self.server.over.wait(SLOW)
        status = int(self.path.split("/")[2]) if self.path.startswith("/status/") else 200
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("x-backend", self.server.name)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextlib.contextmanager
def http_backend(name: str, certificate: Path | None = None) -> Iterator[str]:
    """Its address, `127.0.0.1:PORT`. With a certificate and key in one PEM file it speaks TLS."""
    server = _Server(name)
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with _serving(server) as address:
        yield address
        server.over.set()


class _Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(f"{self.server.name}: ".encode() + line)  # type: ignore[attr-defined]


class _EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.name = name


@contextlib.contextmanager
def tcp_backend(name: str) -> Iterator[str]:
    """Its address; it answers each line with `NAME: LINE`."""
    with _serving(_EchoServer(name)) as address:
        yield address


@contextlib.contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
