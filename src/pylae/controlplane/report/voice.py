"""A voice: one who finds things, and tells them anew when they changed.

Several kinds of gateways look at the same objects. Each speaks for itself, and what one has to say ends with it.
"""

from collections.abc import Callable, Hashable, Iterable

from pylae.model.finding import Finding

Heard = Callable[[Finding], None]


class Voice:
    """Who listens is told of each finding when a source comes to say it, and when it says it no more."""

    def __init__(self, came: Heard, went: Heard) -> None:
        self._hear = came
        self._miss = went
        self._said: dict[Hashable, tuple[Finding, ...]] = {}

    def tell(self, source: Hashable, findings: Iterable[Finding]) -> None:
        """This, and nothing else, is what the source finds now."""
        told = tuple(findings)
        before = self._said.get(source, ())
        if told == before:
            return
        if told:
            self._said[source] = told
        else:
            del self._said[source]
        known, now = set(before), set(told)
        for finding in dict.fromkeys(told):
            if finding not in known:
                self._hear(finding)
        for finding in dict.fromkeys(before):
            if finding not in now:
                self._miss(finding)

    def silence(self, source: Hashable) -> None:
        """The source finds nothing any more, or is gone."""
        self.tell(source, ())

    def fall_silent(self) -> None:
        """All of its sources are gone."""
        for source in tuple(self._said):
            self.silence(source)
