"""A gRPC server of the aggregated discovery service, and the Unix socket where this machine's Envoy finds it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc

from pylae.node.unix_socket import remove_stale
from pylae.xds.message import METHOD, SERVICE

UNLIMITED = -1
"""The size of a message: one that lists ten thousand versions is larger than gRPC's usual 4 MB."""

ON_THIS_MACHINE = (("grpc.max_receive_message_length", UNLIMITED), ("grpc.max_send_message_length", UNLIMITED))
"""Options for an Envoy that we started ourselves."""

Converse = Callable[[AsyncIterator[bytes], Any], Awaitable[None]]
"""Holds one stream, by its messages and its gRPC context."""


def discovery_server(converse: Converse, options: tuple[tuple[str, int], ...] = ON_THIS_MACHINE) -> Any:
    """A server that is not bound and not started yet; messages are bytes."""
    server = grpc.aio.server(options=options)
    handler = grpc.stream_stream_rpc_method_handler(converse)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),))
    return server


def bind(server: Any, socket: Path) -> None:
    """Bind a socket that its owner alone can open, in place of one that a dead process left. Raises OSError if it
    cannot be bound."""
    remove_stale(socket)
    try:
        server.add_insecure_port(f"unix:{socket}")
    except RuntimeError as error:
        raise OSError(f"{socket} cannot be bound: {error}") from error
    socket.chmod(0o600)
