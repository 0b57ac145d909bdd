"""The fleet: every kind of gateway that hangs on this control plane.

There is one store for all, and one ledger. A kind is known from the moment that its first Envoy joins, and for a while
after its last one parted: whoever comes back finds everything as it is now.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from pylae.api.scheme import SECRET, Kind
from pylae.controlplane.fleet.configuration import Configuration
from pylae.controlplane.fleet.serving import SLICE, Serving
from pylae.controlplane.metrics import Metrics
from pylae.controlplane.report.ledger import Ledger
from pylae.kube.store import Change, Store
from pylae.model.snapshot import Key
from pylae.model.translation import ServerPlan
from pylae.model.workload import GatewayWorkload
from pylae.xds.resource import Key as Name
from pylae.xds.world import Served

logger = logging.getLogger(__name__)

KEPT = 600.0
"""Seconds that a kind is kept after its last Envoy parted: longer than a machine takes to start anew."""

GRACE = 5.0
"""Seconds that Envoys have to come back to a control plane that started anew, before it is said of a Gateway that no
kind has its labels. Envoy waits for a second at most between two attempts."""


class Audience(Protocol):
    """The connected Envoys."""

    def publish(self, workload: GatewayWorkload, served: Served, touched: Iterable[Name]) -> None: ...

    def forget(self, workload: GatewayWorkload) -> None: ...


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(eq=False)
class Fleet:
    """`home` is the kind that is always there, on this machine; None where there is none.

    `report` is called with each object whose status may be another, `joined` and `parted` with each kind that is new
    or let go of, and `examined` when all that is there was looked into for every kind, also for one that is new.
    """

    store: Store
    metrics: Metrics
    audience: Audience
    home: GatewayWorkload | None = None
    clock: Callable[[], datetime] = _now
    report: Callable[[Kind, Key], None] = lambda _kind, _key: None
    joined: Callable[[GatewayWorkload], None] = lambda _: None
    parted: Callable[[GatewayWorkload], None] = lambda _: None
    examined: Callable[[], None] = lambda: None
    wake: Callable[[], None] = lambda: None
    ledger: Ledger = field(default_factory=Ledger)
    slice: float = SLICE
    """Seconds that a kind which comes late takes in objects, at a time."""

    _servings: dict[GatewayWorkload, Serving] = field(default_factory=dict)
    _synced_at: float | None = None
    _is_other: bool = True
    """Whether the kinds are others than those for which it was said that all was looked into."""

    def __post_init__(self) -> None:
        if self.home is not None:
            self._servings[self.home] = self._make(self.home)

    def __iter__(self) -> Iterator[Serving]:
        """By age."""
        return iter(tuple(self._servings.values()))

    def __len__(self) -> int:
        return len(self._servings)

    def get(self, workload: GatewayWorkload) -> Serving | None:
        """What a kind is served; None for one that is not known."""
        return self._servings.get(workload)

    @property
    def is_settled(self) -> bool:
        """Whether all that was there at the start can be served to every kind that is known."""
        return self.store.is_synced and all(serving.began for serving in self)

    @property
    def is_asked(self) -> bool:
        """Whether an Envoy waits for an answer."""
        return any(serving.questions for serving in self._servings.values())

    @property
    def is_gathered(self) -> bool:
        """Whether there is no kind for which objects still have to be taken in."""
        return all(serving.is_gathered for serving in self._servings.values())

    @property
    def is_urgent(self) -> bool:
        """Whether something changed that was not looked into yet."""
        return any(serving.configuration.examination.is_urgent for serving in self._servings.values())

    @property
    def is_examined(self) -> bool:
        """Whether nothing is left to look into; a kind that did not begin has not come to that."""
        return all(serving.configuration.examination.is_over for serving in self._servings.values())

    def join(self, workload: GatewayWorkload) -> None:
        """An Envoy of this kind came, and there was none."""
        serving = self._servings.get(workload)
        if serving is None:
            self._servings[workload] = serving = self._make(workload)
            self._is_other = True
            logger.info("A new kind of gateway: %s, labels %s", workload, workload.selected_by)
            self.joined(workload)
        serving.parted_at = None

    def part(self, workload: GatewayWorkload) -> None:
        """The last Envoy of this kind is gone."""
        if (serving := self._servings.get(workload)) and workload != self.home:
            serving.parted_at = time.monotonic()

    def look(self, moment: float) -> None:
        """At the monotonic clock: let go of the kinds of which no Envoy has been there for long, and say when all was
        looked into."""
        for serving in self:
            if serving.parted_at is not None and moment - serving.parted_at >= KEPT:
                self._end(serving)
        if self._is_other and self._is_known(moment):
            self._is_other = False
            self.examined()

    def _is_known(self, moment: float) -> bool:
        """Whether every kind is there that will come by itself, and was looked into."""
        if not self.is_settled:
            return False
        self._synced_at = moment if self._synced_at is None else self._synced_at
        has_waited = self.home is not None or moment - self._synced_at >= GRACE
        return has_waited and self.is_examined

    def note(self, change: Change) -> None:
        for serving in self._servings.values():
            serving.note(change)

    def ready(self) -> Iterator[Serving]:
        """Those that know all that there is to know."""
        if self.store.is_synced:
            for serving in self:
                if serving.is_gathered and self.store.is_listed(SECRET, serving.workload.namespace):
                    yield serving

    def gather(self) -> None:
        """Let one of those that do not know all yet take in a piece."""
        for serving in self._servings.values():
            if not serving.is_gathered:
                serving.gather(self.slice)
                return

    def examine(self) -> bool:
        """Look into one thing, of what changed first; whether there was one."""
        by_urgency = sorted(self, key=lambda serving: not serving.configuration.examination.is_urgent)
        return any(serving.configuration.examination.examine() for serving in by_urgency if serving.began)

    def plans(self, gateway: Key) -> tuple[ServerPlan, ...]:
        """What became of each server of a Gateway, in its order; nothing for one that chooses no kind that is known.
        Where a kind does not serve it, that is what is told."""
        found: dict[int, ServerPlan] = {}
        for serving in self._servings.values():
            for plan in serving.configuration.translator.plans(gateway):
                known = found.get(plan.index)
                if known is None or (plan.rejected and not known.rejected):
                    found[plan.index] = plan
        return tuple(found[index] for index in sorted(found))

    def _make(self, workload: GatewayWorkload) -> Serving:
        configuration = Configuration(
            workload,
            self.store.snapshot,
            self.clock,
            self.ledger.voice(),
            report=self._report,
            expiry=partial(self._expires, workload),
        )
        return Serving(configuration, self.store.everything(), self.metrics, self.audience.publish, wake=self._wake)

    def _report(self, kind: Kind, key: Key) -> None:
        self.report(kind, key)

    def _wake(self) -> None:
        self.wake()

    def _end(self, serving: Serving) -> None:
        del self._servings[serving.workload]
        serving.end()
        self.audience.forget(serving.workload)
        logger.info("No gateway of the kind %s is there any more", serving.workload)
        self.parted(serving.workload)
        self._is_other = True

    def _expires(self, workload: GatewayWorkload, name: str, not_after: datetime | None) -> None:
        """Another kind of the same namespace may serve it still."""
        if not_after is None:
            others = (other for other in self if other.workload != workload)
            near = (other for other in others if other.workload.namespace == workload.namespace)
            ends = (other.configuration.credentials.expires(name) for other in near)
            not_after = next(filter(None, ends), None)
        self.metrics.expiry(workload.namespace, name, not_after)
