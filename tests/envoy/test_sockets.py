"""Who holds a port."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pylae.envoy import proc
from pylae.envoy.sockets import Holder, holder


@contextmanager
def listening(host: str, family: int = socket.AF_INET) -> Iterator[int]:
    with socket.socket(family) as server:
        server.bind((host, 0))
        server.listen()
        yield server.getsockname()[1]


def test_the_process_that_listens_is_named() -> None:
    with listening("127.0.0.1") as port:
        found = holder("127.0.0.1", port)
    assert found == Holder(os.getpid(), proc.name(os.getpid()))
    assert str(found) == f"{proc.name(os.getpid())} (pid {os.getpid()})"


def test_a_free_port_has_no_holder() -> None:
    with listening("127.0.0.1") as port:
        pass
    assert holder("127.0.0.1", port) is None


def test_whoever_listens_everywhere_holds_every_address() -> None:
    with listening("0.0.0.0") as port:
        assert holder("127.0.0.1", port) is not None
    with listening("127.0.0.1") as port:
        assert holder("0.0.0.0", port) is not None
        assert holder("127.0.0.2", port) is None


def test_ipv6_is_read_as_well() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 on this machine")
    with listening("::1", socket.AF_INET6) as port:
        assert holder("::1", port) == Holder(os.getpid(), proc.name(os.getpid()))


def test_a_process_that_we_may_not_look_at_is_said_to_be_another_users() -> None:
    assert str(Holder()) == "a process of another user"
