"""The collector leaves alone what is here to stay, and finds what comes after."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from pylae.node import collector


class Ring:
    """A cycle of one."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_is_there_is_not_looked_at_again() -> None:
    collector.settle()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == collector.THRESHOLDS


def test_cycles_that_are_made_later_are_still_found() -> None:
    collector.settle()
    found = weakref.ref(Ring())
    assert found()
    gc.collect()
    assert found() is None
