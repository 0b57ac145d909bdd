"""HTTP over the Unix sockets of an instance's runtime directory: the control plane's and Envoy's admin.

The standard library's client is enough for a few GETs and costs a command 10 ms to import, where an asynchronous one
costs a quarter of a second.
"""

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any

PATIENCE = 10.0
"""Seconds until a process that took the connection and does not answer is given up."""


class UnreachedError(Exception):
    """Nobody answers behind the socket."""


class RefusedError(Exception):
    """Somebody answers, though not with what was asked for; the message holds the status and the answer."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        if self._path.parent.lstat().st_uid != os.getuid():
            raise PermissionError(f"{self._path.parent} is another user's")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(path: Path, target: str, method: str = "GET") -> bytes:
    """The body that `target` (such as `/status`) answers behind the socket at `path`.

    Raises `UnreachedError` when nobody answers and `RefusedError` for a status other than 200.
    """
    connection = _UnixConnection(path)
    try:
        connection.request(method, target)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise UnreachedError(f"{path} does not answer: {error}") from error
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise RefusedError(
            f"{path} answers {target} with {response.status}: {body[:200].decode(errors='replace').strip()}"
        )
    return body


def ask_json(path: Path, target: str) -> Any:
    """The same, decoded."""
    return json.loads(ask(path, target))
