"""Whether a status is ours to write, where others write statuses of the same kinds.

istiod writes conditions on Gateways and VirtualServices too, if it is told to. Two who write the same field take turns
for ever, each putting right what the other wrote; so whoever was there first is left alone.
"""

from collections.abc import Callable
from enum import StrEnum

from pylae.kube.client import FIELD_MANAGER
from pylae.kube.present import Present


class Conditions(StrEnum):
    """Conditions are written where nobody else writes the status, always, or never. Events are written in any case."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


Tact = Callable[[Present], bool]
"""Whether the status of an object that says this may be written."""


def whoever_else_does(_: Present) -> bool:
    return True


def where_nobody_else_does(present: Present) -> bool:
    return present.managers <= {FIELD_MANAGER}
