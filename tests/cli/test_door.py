"""Real Unix sockets, with a server of the standard library behind them."""

import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import click
import pytest

from pylae.cli import instance
from pylae.cli.door import RefusedError, UnreachedError, ask, ask_json
from pylae.node.directories import DataDirectory
from pylae.node.lock import InstanceLock

ANSWERS = {"/status": (200, b'{"version": "0.1.0"}'), "/ready": (503, b"not ready\n")}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = ANSWERS.get(self.path, (404, b"no such thing\n"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        del format, args


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory.at(tmp_path)
    directory.prepare()
    return directory


@pytest.fixture
def served(data: DataDirectory) -> Iterator[DataDirectory]:
    with socketserver.ThreadingUnixStreamServer(str(data.control_socket), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield data
        server.shutdown()


def test_a_document_is_read_through_the_socket(served: DataDirectory) -> None:
    assert ask_json(served.control_socket, "/status") == {"version": "0.1.0"}
    assert instance.status(served) == {"version": "0.1.0"}


def test_an_answer_that_is_no_is_told_with_its_words(served: DataDirectory) -> None:
    with pytest.raises(RefusedError, match="answers /nothing with 404: no such thing"):
        ask(served.control_socket, "/nothing")
    assert not instance.is_ready(served)


def test_nobody_behind_the_socket_is_an_error_of_its_own(data: DataDirectory) -> None:
    with pytest.raises(UnreachedError):
        ask(data.control_socket, "/status")
    assert not instance.is_ready(data)


def test_a_pylae_that_has_not_opened_its_door_yet_is_told_from_one_that_is_not_there(data: DataDirectory) -> None:
    lock = InstanceLock(data.lock)
    lock.acquire()
    try:
        with pytest.raises(click.ClickException, match=r"Pylae \(pid \d+\) holds .* and does not answer yet"):
            instance.status(data)
    finally:
        lock.release()
