"""When Envoy is started, started again and left alone, as a machine without processes or clock.

What happened goes in with the time, in seconds of any steady clock; what to do comes out.
"""

from dataclasses import dataclass
from enum import Enum, auto

FIRST_DELAY = 0.25
LONGEST_DELAY = 15.0
HEALTHY_AFTER = 60.0
"""An Envoy that ran for this long did not die of what it was started with: the next one starts without much delay."""


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start an Envoy."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """One runs already, from before our time: watch it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing until this time, then `tick`."""

    until: float


@dataclass(frozen=True, slots=True)
class Stop:
    """Drain the one that runs, and end it."""


@dataclass(frozen=True, slots=True)
class Rest:
    """There is nothing to do until something happens."""


Action = Spawn | Adopt | Wait | Stop | Rest


class _State(Enum):
    IDLE = auto()
    STARTING = auto()
    RUNNING = auto()
    WAITING = auto()
    STOPPING = auto()
    STOPPED = auto()


class Supervisor:
    """Keeps one Envoy running, never two. Delays double from 0.25 s to 15 s while it keeps dying early."""

    def __init__(self) -> None:
        self.restarts = 0
        """How often one was started again after an exit that nobody asked for."""
        self._state = _State.IDLE
        self._since = 0.0
        self._delay = FIRST_DELAY

    @property
    def running(self) -> bool:
        return self._state is _State.RUNNING

    def begin(self, *, already_running: bool) -> Action:
        """At the start: is there one that outlived the last control plane?"""
        self._state = _State.STARTING
        return Adopt() if already_running else Spawn()

    def started(self, now: float) -> Action:
        """It was spawned or adopted."""
        if self._state is _State.STOPPING:
            return Stop()
        self._state, self._since = _State.RUNNING, now
        return Rest()

    def exited(self, now: float) -> Action:
        """It is gone, or could not be started at all."""
        if self._state is _State.STOPPING:
            self._state = _State.STOPPED
            return Rest()
        if self._state is _State.RUNNING and now - self._since >= HEALTHY_AFTER:
            self._delay = FIRST_DELAY
        self._state, until = _State.WAITING, now + self._delay
        self._since, self._delay = until, min(self._delay * 2, LONGEST_DELAY)
        return Wait(until)

    def tick(self, now: float) -> Action:
        """Time has passed."""
        if self._state is not _State.WAITING:
            return Rest()
        if now < self._since:
            return Wait(self._since)
        self._state = _State.STARTING
        self.restarts += 1
        return Spawn()

    def stop(self) -> Action:
        """End it for good."""
        match self._state:
            case _State.RUNNING:
                self._state = _State.STOPPING
                return Stop()
            case _State.STARTING | _State.STOPPING:
                self._state = _State.STOPPING
                return Rest()
            case _State.IDLE | _State.WAITING | _State.STOPPED:
                self._state = _State.STOPPED
                return Rest()
