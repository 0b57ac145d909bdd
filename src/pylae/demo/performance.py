"""Going through the steps: running each command, showing it, and keeping what was seen."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pylae.demo import paper
from pylae.demo.step import Command, Earlier, Expectation, Outcome, Section, Step

Run = Callable[[Command], Outcome]

PATIENCE, IMPATIENCE = 10.0, 1.0
"""Seconds until a change that does not reach Envoy is taken for one that never will: at first, and once something
failed.
"""

PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Seen:
    """What one expectation came to."""

    label: str
    seen: str
    holds: bool


@dataclass(slots=True)
class Performance:
    """Runs steps by `run`, waits by `sleep`, and remembers: what was seen, and what came of the steps that have a
    key.
    """

    run: Run
    sleep: Callable[[float], None] = time.sleep
    seen: list[Seen] = field(default_factory=list)
    _kept: dict[str, Outcome] = field(default_factory=dict)

    def play(self, number: int, section: Section) -> None:
        """Go through a section's steps. One that fails does not keep the next from being shown."""
        paper.headline(number, section)
        for step in section.steps:
            self.take(step)

    def take(self, step: Step) -> None:
        """Run one step and show it."""
        self.sleep(step.pause)
        paper.typed(step.command)
        outcome = self._outcome(step)
        self._kept[step.key] = outcome
        paper.answer(step.show(outcome))
        paper.reason(step.why)
        self.seen += [self._check(expected, outcome) for expected in step.expected]
        if outcome.code and not step.expected:
            self.seen.append(Seen(" ".join(step.command.words[:3]), f"exit {outcome.code}", holds=False))

    @property
    def succeeded(self) -> bool:
        """Whether all that was expected was seen."""
        return all(seen.holds for seen in self.seen)

    def _outcome(self, step: Step) -> Outcome:
        until = time.monotonic() + (PATIENCE if self.succeeded else IMPATIENCE)
        while True:
            outcome = self.run(step.command)
            as_wanted = all(self._check(expected, outcome).holds for expected in step.expected)
            if as_wanted or not step.patient or time.monotonic() > until:
                return outcome
            self.sleep(PAUSE)

    def _check(self, expected: Expectation, outcome: Outcome) -> Seen:
        wanted = expected.wanted
        if isinstance(wanted, Earlier):
            wanted = expected.see(self._kept[wanted.key])
        seen = expected.see(outcome)
        return Seen(expected.label, seen, seen == wanted)
