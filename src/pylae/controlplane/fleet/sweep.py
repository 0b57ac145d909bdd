"""The sweep: letting go of hosts that nobody uses any more, without harm to whoever still might.

Envoy never says that a host went out of use. So its scopes are sent without their routes: a request that needs them has
Envoy ask, and so a host in use is told from one that is not, and no request notices. What did not ask until the next
round lets go of its certificate and clusters; the scopes follow when no connection from that time can be open any more.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from pylae.controlplane.fleet.on_demand import OnDemand, Use
from pylae.xds.resource import ASKED_ROUTES

AT_ONCE = 200
"""Hosts that are looked at in one go: some milliseconds."""


@dataclass
class Sweep:
    """Looks at every host in use once in a round. `now` are seconds of a steady clock."""

    on_demand: OnDemand
    _round: int = 0
    _ahead: deque[str] = field(default_factory=deque)
    _began: float = float("-inf")
    """When the last round did."""

    @property
    def is_over(self) -> bool:
        """Whether every host was looked at in this round."""
        return not self._ahead

    def work(self, now: float, idle_after: timedelta, connection_idle: timedelta) -> None:
        """A piece of a round, if it is time for one. `connection_idle` is how long a connection may be open without a
        request; of both durations zero means for ever."""
        if not idle_after:
            return
        if not self._ahead and now - self._began >= idle_after.total_seconds():
            self._round += 1
            self._began = now
            self._ahead.extend(self.on_demand.uses)
        for host in self._some():
            if use := self.on_demand.uses.get(host):
                self._look_at(use, now, connection_idle)

    def _some(self) -> Iterator[str]:
        for _ in range(min(AT_ONCE, len(self._ahead))):
            yield self._ahead.popleft()

    def _look_at(self, use: Use, now: float, connection_idle: timedelta) -> None:
        """A host in use is asked about anew. What may be open of one that rests is over when nothing was for as long as
        a connection may idle."""
        if use.used:
            self.on_demand.probe(use, f"{ASKED_ROUTES}{self._round}/")
        elif not use.rests:
            use.since = now
            self.on_demand.rest(use)
        elif connection_idle and now - use.since >= connection_idle.total_seconds():
            self.on_demand.close(use)
