"""A control plane and a gateway program of a test's own, ended and removed after it."""

from collections.abc import AsyncIterator, Callable

import pytest
from data_plane import free_port
from joined import ControlPlane, Program, new_authority
from picture import answering, certificate, listener, site, world

from pylae.certs.authority import Authority
from pylae.xds.resource import ResourceSet

Serve = Callable[..., ResourceSet]


@pytest.fixture
def issuer() -> Authority:
    return new_authority()


@pytest.fixture
def port() -> int:
    """Where the shop is served."""
    return free_port()


@pytest.fixture
def shop(port: int) -> Serve:
    """What a control plane serves: one host over TLS. `serial` is its certificate's."""

    def serve(text: str = "hello", serial: int = 1) -> ResourceSet:
        secret = "kubernetes://shop"
        return world(
            listener("https", port, site("shop.test", secret, "routes")),
            answering("routes", text),
            certificate(secret, "shop.test", serial),
        )

    return serve


@pytest.fixture
async def plane(issuer: Authority, shop: Serve) -> AsyncIterator[ControlPlane]:
    """It serves the shop."""
    made = ControlPlane(issuer, shop())
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def program(plane: ControlPlane, issuer: Authority) -> AsyncIterator[Program]:
    """Not started yet."""
    made = Program([plane.address], issuer)
    yield made
    await made.remove()
