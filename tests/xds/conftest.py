"""A real Envoy for the tests that ask one."""

from collections.abc import AsyncIterator

import pytest
from lab import Lab


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    """A control plane and an Envoy of the test's own, ended after it."""
    async with Lab() as made:
        yield made
