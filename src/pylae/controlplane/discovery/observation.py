"""What is learned from Envoys: who came and went, and what was said."""

from dataclasses import dataclass

from pylae.model.workload import GatewayWorkload
from pylae.xds.event import Event
from pylae.xds.message import Node


@dataclass(frozen=True, slots=True)
class Joined:
    """The first Envoy of its kind is connected."""


@dataclass(frozen=True, slots=True)
class Parted:
    """The last Envoy of its kind is gone."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What was learned from one Envoy. `seconds` passed since the response was sent, None if it answers none."""

    workload: GatewayWorkload
    node: Node
    event: Event | Joined | Parted
    seconds: float | None = None
