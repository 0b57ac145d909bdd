"""When a control plane may be asked, and that no kind of gateway can take it from the others."""

from dataclasses import dataclass, field
from typing import Any, cast

from pylae.controlplane.introspection.readiness import PATIENCE, Readiness


@dataclass
class Fleet:
    is_synced: bool = False
    is_settled: bool = False

    @property
    def store(self) -> "Fleet":
        return self


@dataclass
class Stage:
    fleet: Fleet = field(default_factory=Fleet)
    is_open: bool = False
    now: float = 0.0

    def __post_init__(self) -> None:
        self.ready = Readiness(cast("Any", self.fleet), lambda: self.is_open, lambda: self.now)


def test_it_is_ready_when_gateways_can_join_and_all_that_is_there_can_be_served() -> None:
    stage = Stage()
    for name, of in (("is_synced", stage.fleet), ("is_settled", stage.fleet), ("is_open", stage)):
        assert not stage.ready()
        setattr(of, name, True)
    assert stage.ready()


def test_a_kind_that_cannot_be_served_holds_up_a_start_for_a_while_only() -> None:
    stage = Stage(Fleet(is_synced=True), is_open=True, now=100.0)
    assert not stage.ready()
    stage.now += PATIENCE
    assert stage.ready()


def test_a_kind_that_comes_later_does_not_make_it_unready() -> None:
    stage = Stage(Fleet(is_synced=True, is_settled=True), is_open=True)
    assert stage.ready()
    stage.fleet.is_settled = False
    assert stage.ready()
