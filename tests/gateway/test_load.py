"""The load's clients themselves: what is lost is counted, with its reason, and what is not lost is not."""

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from load import Load
from world import pair

pytestmark = pytest.mark.real

HOST = "load.example"
ENOUGH = 30
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
MISSING = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
NOTHING = b""

Serving = Callable[..., AbstractContextManager["Server"]]


class Server(socketserver.ThreadingTCPServer):
    """Answers everything that comes with the same bytes, or ends the connection instead. `seen` is set when enough has
    come."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext, answer: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.tls, self.answer = tls, answer
        self.requests, self.seen = 0, threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def count(self) -> None:
        self.requests += 1
        if self.requests >= ENOUGH:
            self.seen.set()


class Conversation(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        try:
            with self.server.tls.wrap_socket(self.request, server_side=True) as connection:
                while connection.recv(65536):
                    self.server.count()
                    if not self.server.answer:
                        return
                    connection.sendall(self.server.answer)
        except OSError:
            pass  # the client was quicker


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    made = pair(HOST)
    (tmp_path / "pair.pem").write_text(made.chain + made.key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "pair.pem")

    @contextmanager
    def serve(answer: bytes, *protocols: str) -> Iterator[Server]:
        if protocols:
            tls.set_alpn_protocols(protocols)
        with Server(tls, answer) as server:
            threading.Thread(target=server.serve_forever, args=(0.05,)).start()
            try:
                yield server
            finally:
                server.shutdown()

    return serve


def test_a_connection_that_ends_before_the_answer_is_a_lost_request_of_each_client(serving: Serving) -> None:
    with serving(NOTHING, "h2") as server, Load(server.port, HOST) as load:
        assert server.seen.wait(20)
    for tally in (load.h2, load.http1, load.fresh):
        assert tally.requests == tally.failed > 0
        assert "closed before the answer" in tally.failures[0][2]
        assert tally.failures[0][1] == HOST


def test_an_answer_other_than_200_is_a_lost_request_with_its_status(serving: Serving) -> None:
    with serving(MISSING) as server, Load(server.port, HOST) as load:
        assert server.seen.wait(20)
    for tally in (load.http1, load.fresh):
        assert tally.requests == tally.failed > 0
        assert tally.failures[0][2] == "status 404"
    assert "no HTTP/2" in load.h2.failures[0][2]


def test_where_every_answer_is_200_nothing_is_lost_and_connections_are_kept(serving: Serving) -> None:
    with serving(GOOD) as server, Load(server.port, HOST) as load:
        assert server.seen.wait(20)
    assert load.http1.failed == load.fresh.failed == 0
    assert load.http1.connections < load.http1.requests
    assert load.fresh.connections == load.fresh.requests
