"""Whether a control plane without an Envoy of its own may be asked: all that was there at its start can be served.

A kind of gateway may be such that it never can be, for want of a right to read its namespace's Secrets. That must not
take the control plane from all others: so a start is waited for a while only, and who was ready once stays so.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pylae.controlplane.fleet.fleet import Fleet

PATIENCE = 20.0
"""Seconds, once all objects are known."""


@dataclass
class Readiness:
    """`is_open` says whether gateways can join."""

    fleet: Fleet
    is_open: Callable[[], bool]
    clock: Callable[[], float] = time.monotonic
    _synced_at: float | None = None
    _was_settled: bool = False

    def __call__(self) -> bool:
        if not self.fleet.store.is_synced or not self.is_open():
            return False
        now = self.clock()
        self._synced_at = now if self._synced_at is None else self._synced_at
        self._was_settled = self._was_settled or self.fleet.is_settled or now - self._synced_at >= PATIENCE
        return self._was_settled
