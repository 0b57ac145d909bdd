"""How this gateway stands with its control planes: which one it hangs on, since when, and what is wrong with the rest.

A reason is logged when it is new, and not with each attempt.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pylae.gateway.control_plane import Failure

logger = logging.getLogger(__name__)


@dataclass
class Link:
    """`address` is None while none has taken us; `since` is when that began, by the monotonic clock. Each failure is
    told to `count`."""

    address: str | None = None
    since: float = field(default_factory=time.monotonic)
    reasons: dict[str, str] = field(default_factory=dict)
    count: Callable[[], None] = lambda: None
    _streams: int = 0

    @property
    def seconds(self) -> float:
        """How long it has been so."""
        return time.monotonic() - self.since

    def joined(self, address: str) -> None:
        """It has taken a stream; `left` follows for each."""
        self._streams += 1
        self.reasons.clear()
        self._become(address)
        logger.info("Control plane %s has taken this gateway", address)

    def left(self, failure: Failure | None = None) -> None:
        """A stream has ended, by a failure of the control plane or by Envoy."""
        self._streams -= 1
        if failure is not None:
            logger.warning("Control plane %s is gone: %s. Envoy serves on", self.address, failure.message)
        if not self._streams:
            self._become(None)

    def failed(self, address: str, failure: Failure) -> None:
        """This one could not be had."""
        self.count()
        if self.reasons.get(address) != failure.message:
            self.reasons[address] = failure.message
            logger.warning("Control plane %s: %s", address, failure.message)

    def _become(self, address: str | None) -> None:
        if (address is None) != (self.address is None):
            self.since = time.monotonic()
        self.address = address
