"""The ledger: every finding that stands, by who says it and by what it is about.

Each part of the house tells what it found, and tells it anew when that changed; whoever reports asks what is new. So
a change costs what it touches, however many findings stand.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, islice
from types import MappingProxyType

from pylae.api.meta import ObjectRef
from pylae.controlplane.report.voice import Voice
from pylae.model.finding import Code, Finding, Level

SEVERITY = {level: place for place, level in enumerate(Level)}
"""What is worst comes first."""

NUMBERS = re.compile(r"(\d+)")

CodeKey = tuple[str, str]
"""A code's number and reason."""


@dataclass(frozen=True, slots=True)
class News:
    """What stands now and did not before, and the other way round. What came and went in between is no news."""

    came: tuple[Finding, ...] = ()
    went: tuple[Finding, ...] = ()

    @property
    def about(self) -> frozenset[ObjectRef]:
        """The objects of which something else is found now."""
        return frozenset(finding.about for finding in (*self.came, *self.went))


class Ledger(Voice):
    """`tell`, `silence` and the voices write, all else reads. What two sources say counts once, and stands until both
    fell silent."""

    def __init__(self) -> None:
        super().__init__(self._add, self._drop)
        self._sources: Counter[Finding] = Counter()
        """How many say a finding."""
        self._about: dict[ObjectRef, Finding | set[Finding]] = {}
        """Nearly always it is one, and a set takes as much memory as the finding."""
        self._counts: Counter[CodeKey] = Counter()
        self._came: dict[Finding, None] = {}
        self._went: dict[Finding, None] = {}

    def __len__(self) -> int:
        return len(self._sources)

    def __contains__(self, finding: Finding) -> bool:
        return finding in self._sources

    @property
    def counts(self) -> Mapping[CodeKey, int]:
        """How many findings stand, by the number and reason of their codes; those of which none stands are absent."""
        return MappingProxyType(self._counts)

    def voice(self) -> Voice:
        """One more who tells what it finds. What several say counts once."""
        return Voice(self._add, self._drop)

    def about(self, ref: ObjectRef) -> tuple[Finding, ...]:
        """What is found on one object, in the order of `all`."""
        found = self._about.get(ref, ())
        return (found,) if isinstance(found, Finding) else tuple(sorted(found, key=_place))

    def all(self) -> tuple[Finding, ...]:
        """Every finding that stands, once: by level with the worst first, then by object, path and words."""
        return tuple(sorted(self._sources, key=_place))

    def worst(self, count: int) -> tuple[Finding, ...]:
        """So many of the findings that stand, of the worst levels, in the order of `all`. Only they are sorted."""
        by_level: dict[Level, list[Finding]] = {level: [] for level in Level}
        for finding in self._sources:
            by_level[finding.code.level].append(finding)
        return tuple(sorted(islice(chain.from_iterable(by_level.values()), count), key=_place))

    def news(self) -> News:
        """What changed since this was last asked."""
        news = News(tuple(self._came), tuple(self._went))
        self._came, self._went = {}, {}
        return news

    def _add(self, finding: Finding) -> None:
        self._sources[finding] += 1
        if self._sources[finding] > 1:
            return
        found = self._about.setdefault(finding.about, finding)
        if isinstance(found, set):
            found.add(finding)
        elif found is not finding:
            self._about[finding.about] = {found, finding}
        self._counts[code_key(finding.code)] += 1
        if finding in self._went:
            del self._went[finding]
        else:
            self._came[finding] = None

    def _drop(self, finding: Finding) -> None:
        self._sources[finding] -= 1
        if self._sources[finding]:
            return
        del self._sources[finding]
        self._withdraw(finding)
        if finding in self._came:
            del self._came[finding]
        else:
            self._went[finding] = None

    def _withdraw(self, finding: Finding) -> None:
        """From its object and its code."""
        code, found = code_key(finding.code), self._about[finding.about]
        if isinstance(found, set):
            found.remove(finding)
        if found == finding or not found:
            del self._about[finding.about]
        self._counts[code] -= 1
        if not self._counts[code]:
            del self._counts[code]


def code_key(code: Code) -> CodeKey:
    return code.number, code.reason


def _place(finding: Finding) -> tuple[object, ...]:
    """Where it stands in order. Numbers in a path count as such: `servers[2]` comes before `servers[10]`."""
    about, code = finding.about, finding.code
    parts = NUMBERS.split(finding.path)
    path = tuple(int(part) if place % 2 else part for place, part in enumerate(parts))
    where = (about.kind, about.namespace, about.name)
    return SEVERITY[finding.level], where, path, code.number, finding.message, finding.cure
