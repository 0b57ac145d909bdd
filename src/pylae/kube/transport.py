"""The connections to an API server, and what went wrong with one in words that a user can act on."""

import os
import socket
import ssl
from typing import Final

import aiohttp
from aiohttp.connector import AddrInfoType

from pylae.kube.connection import Connection

IDLE, EVERY, TIMES = 15, 5, 3
"""Seconds of silence after which the kernel asks whether the other side lives, and how often, and how many times: a
watch is silent for minutes, and so is one whose way is cut."""

UNACKNOWLEDGED: Final = 1000 * (IDLE + EVERY * TIMES)
"""Milliseconds after which what was sent and not acknowledged ends a connection (tcp(7))."""

OPTIONS: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, EVERY),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, TIMES),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED),
)


def connector(connection: Connection) -> aiohttp.BaseConnector:
    """Without a limit: every watch holds a connection."""
    if connection.socket is not None:
        return aiohttp.UnixConnector(str(connection.socket), limit=0)
    return aiohttp.TCPConnector(limit=0, socket_factory=_tcp_socket)


def _tcp_socket(address: AddrInfoType) -> socket.socket:
    family, kind, protocol, *_ = address
    made = socket.socket(family=family, type=kind, proto=protocol)
    for level, option, value in OPTIONS:
        made.setsockopt(level, option, value)
    return made


def why(error: Exception) -> str:
    """`asyncio` and `aiohttp` leave some of their errors without any words."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"its certificate is not trusted ({error.certificate_error})"
        case aiohttp.ClientProxyConnectionError():
            return f"its proxy cannot be reached ({error.os_error.strerror})"
        case aiohttp.ClientHttpProxyError():
            return f"its proxy refuses ({error.status})"
        case aiohttp.ClientConnectorError():
            return os.strerror(error.os_error.errno) if error.os_error.errno else str(error.os_error)
        case TimeoutError():
            return "it does not answer"
        case ssl.SSLError():
            return error.reason or str(error)
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError():
            return "it closed the connection"
        case _:
            return str(error) or type(error).__name__
