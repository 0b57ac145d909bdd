"""The kinds of gateways that hang on a control plane, in words."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def heading(kind: Json) -> str:
    """`edge.shop: 2 Envoys`."""
    words = f"{kind['name']}: {_envoys(kind['envoys'])}"
    return words if kind["ready"] else f"{words}, what it is to serve is still being put together"


def elsewhere(told: Json) -> Iterator[str]:
    """How many Envoys are connected in all, unless that is the one of this machine and no other can be."""
    if "envoy" not in told or len(told.get("gateways", ())) > 1:
        yield _envoys(connected(told)) + " connected"


def connected(told: Json) -> int:
    """How many Envoys are connected, of all kinds."""
    return sum(kind["envoys"] for kind in told.get("gateways", ()))


def _envoys(count: int) -> str:
    return f"{count} Envoy" if count == 1 else f"{count} Envoys"
