"""Clients that others wrote, in processes of their own, on a server that does not spare them."""

from collections.abc import Iterator

import pytest
from engine import Engine, an_embedded_server

from cluster import a_cluster

ENGINES = ["embedded", pytest.param("kubernetes", marks=pytest.mark.cluster)]


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A server for this module alone: it is killed and made to forget."""
    with an_embedded_server() if request.param == "embedded" else a_cluster() as server:
        yield server
