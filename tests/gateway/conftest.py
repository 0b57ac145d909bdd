"""A gateway of a test's own, or of a module's."""

from collections.abc import Iterator

import pytest
from world import GOOD, World, a_world, good_host


@pytest.fixture
def world() -> Iterator[World]:
    """A gateway of the test's own, ended and removed after it."""
    with a_world() as made:
        yield made


@pytest.fixture(scope="module")
def shop() -> Iterator[World]:
    """A gateway that a module's tests share, with one good host on HTTPS."""
    with a_world() as made:
        made.apply(good_host())
        made.until(lambda: "hello from" in made.curl(f"https://{GOOD}/", "-k").body)
        yield made
