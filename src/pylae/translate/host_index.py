"""Values by host, for hosts that may be wildcards: what has a host, what covers it, and what it covers.

A host means here what it means in `rules.hosts.covers`: the rest of a wildcard ends every name that it covers. Asking
costs as much as the name is long and as there is to tell, however many hosts there are.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class HostIndex(Generic[Value]):
    """The values of a host are sorted by `order`, which no two of them have in common. Values are no lists."""

    def __init__(self, order: Callable[[Value], Any]) -> None:
        self._order = order
        self._values: dict[str, Value | list[Value]] = {}
        self._wildcards = 0
        self._backwards: list[str] | None = None
        """All hosts, each spelled from its end and sorted: names with a common ending are neighbours. Made when
        somebody asks for the first time, and kept from then on."""

    def __len__(self) -> int:
        """How many hosts there are."""
        return len(self._values)

    def add(self, host: str, value: Value) -> None:
        known = self._values.get(host)
        if known is None:
            self._values[host] = value
            self._enter(host)
        elif isinstance(known, list):
            insort(known, value, key=self._order)
        else:
            self._values[host] = sorted((known, value), key=self._order)

    def drop(self, host: str, value: Value) -> None:
        """Takes back what was added; the value may be an equal one."""
        known = self._values[host]
        if isinstance(known, list):
            del known[bisect_left(known, self._order(value), key=self._order)]
            if len(known) == 1:
                self._values[host] = known[0]
        else:
            del self._values[host]
            self._leave(host)

    def at(self, host: str) -> Sequence[Value]:
        """The values of this very host, in order."""
        known = self._values.get(host)
        if isinstance(known, list):
            return known
        return () if known is None else (known,)

    def over(self, host: str) -> Iterator[Sequence[Value]]:
        """The values of each wildcard that covers the host and is not the same, the most specific one's first."""
        if not self._wildcards:
            return
        for start in range(len(host) + 1):
            wildcard = f"*{host[start:]}"
            if wildcard in self._values and wildcard != host:
                yield self.at(wildcard)

    def under(self, host: str) -> Iterator[Sequence[Value]]:
        """The values of each host that this one covers and that is not the same; none unless it is a wildcard."""
        if not host.startswith("*"):
            return
        if self._backwards is None:
            self._backwards = sorted(name[::-1] for name in self._values)
        ending = host[:0:-1]
        place = bisect_left(self._backwards, ending)
        while place < len(self._backwards) and self._backwards[place].startswith(ending):
            if (name := self._backwards[place][::-1]) != host:
                yield self.at(name)
            place += 1

    def _enter(self, host: str) -> None:
        self._wildcards += host.startswith("*")
        if self._backwards is not None:
            insort(self._backwards, host[::-1])

    def _leave(self, host: str) -> None:
        self._wildcards -= host.startswith("*")
        if self._backwards is not None:
            del self._backwards[bisect_left(self._backwards, host[::-1])]
