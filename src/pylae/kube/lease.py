"""A Lease: who of several may write, without two ever believing it at once.

A machine without clock or network. The numbers and the way are client-go's (tools/leaderelection): whoever waits trusts
no other's clock, but counts for himself how long the record has not changed; whoever holds it stops some seconds before
the others may take it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pylae.api.meta import Object
from pylae.api.scheme import Kind

Json = dict[str, Any]

LEASE = Kind("coordination.k8s.io", ("v1",), "Lease", "leases", "lease", Object)

DURATION = 15
"""Seconds after which a lease that was not renewed may be taken."""

DEADLINE = 10.0
"""Seconds after its last renewal in which its holder may act."""

RETRY = 2.0
"""Seconds between two attempts to renew it, or to take it."""

RELEASED = 1
"""Seconds that a lease lasts which nobody holds."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a Lease says (coordination.k8s.io/v1, LeaseSpec); times as they are written."""

    holder: str = ""
    seconds: int = DURATION
    acquired: str = ""
    renewed: str = ""
    transitions: int = 0

    @classmethod
    def read(cls, lease: Mapping[str, Any]) -> "Record":
        spec = lease.get("spec") or {}
        return cls(
            holder=spec.get("holderIdentity") or "",
            seconds=spec.get("leaseDurationSeconds") or DURATION,
            acquired=spec.get("acquireTime") or "",
            renewed=spec.get("renewTime") or "",
            transitions=spec.get("leaseTransitions") or 0,
        )

    def spec(self) -> Json:
        return {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": self.seconds,
            "acquireTime": self.acquired,
            "renewTime": self.renewed,
            "leaseTransitions": self.transitions,
        }


class Candidate:
    """One who wants a lease. `moment` is a steady clock in seconds; `now` is only written down, for people."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self._seen: Record | None = None
        self._changed = float("-inf")
        """When the record was seen to be another one than before."""
        self._renewed = float("-inf")
        """When the renewal that succeeded last was begun."""

    def leads(self, moment: float) -> bool:
        """Whether this one may act at that moment."""
        return moment < self._renewed + DEADLINE

    @property
    def holder(self) -> str:
        """Who held it when it was last seen."""
        return self._seen.holder if self._seen else ""

    def see(self, record: Record | None, moment: float) -> None:
        """The lease as it is; None if there is none."""
        if record != self._seen:
            self._seen, self._changed = record, moment
        if record is None or record.holder != self.identity:
            self._renewed = float("-inf")

    def bid(self, moment: float, now: datetime) -> Record | None:
        """The record to write, to take the lease or to keep it; None as long as it is another's."""
        seen, at = self._seen, micro_time(now)
        if seen is None:
            return Record(self.identity, acquired=at, renewed=at)
        if seen.holder == self.identity:
            return Record(self.identity, DURATION, seen.acquired, at, seen.transitions)
        if seen.holder and moment < self._changed + seen.seconds:
            return None
        return Record(self.identity, DURATION, at, at, seen.transitions + 1)

    def won(self, record: Record, begun: float) -> None:
        """The bid was accepted. The lease counts from when it was made, not from when the answer came."""
        self._seen, self._changed, self._renewed = record, begun, begun

    def resign(self, now: datetime) -> Record | None:
        """The record that lets another take it at once; None if it is not ours to give."""
        self._renewed = float("-inf")
        if self._seen is None or self._seen.holder != self.identity:
            return None
        at = micro_time(now)
        self._seen = Record("", RELEASED, at, at, self._seen.transitions)
        return self._seen


def micro_time(now: datetime) -> str:
    """As `MicroTime` is written (meta/v1): RFC 3339 with six digits."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
