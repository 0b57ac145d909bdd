"""Names that Envoys ask about, until they are answered: clients first, and not more of them than can be served.

What an Envoy asks when a client comes is a question of the moment. Whoever sends names that nobody has could ask any
number of them, so they are bounded. What an Envoy had before it came here, as after a restart of ours, is another
matter: it is in use, Envoy serves it meanwhile, and an answer that there is nothing would end that. Such names are
never too many, and come when there is time for them.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from pylae.xds.resource import Key, Type

AT_ONCE = 10_000
"""Names that clients may wait for at the same time; one more is answered as absent, so that its client hears no at once
and not nothing for long."""

RESUMED = (Type.SECRET, Type.SCOPE, Type.ROUTE)
"""In this order: certificates say which hosts are in use. Hosts of which nothing but old connections is left are known
by their scopes alone, and those say which routes are needed."""


class Questions:
    """`ask` and `leave` as Envoys do, `take` to answer."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self.at_once = at_once
        self._waiting: OrderedDict[Key, None] = OrderedDict()
        self._resumed: dict[Type, OrderedDict[Key, None]] = {type_: OrderedDict() for type_ in RESUMED}

    def __len__(self) -> int:
        return sum(map(len, self._all()))

    def ask(self, keys: Iterable[Key]) -> Iterator[Key]:
        """Clients wait for these; gives back those for which there is no room any more."""
        for key in keys:
            if len(self._waiting) < self.at_once:
                self._waiting[key] = None
            elif key not in self._waiting:
                yield key

    def resume(self, keys: Iterable[Key]) -> None:
        """An Envoy came with these."""
        for key in keys:
            self._resumed[key[0]][key] = None

    def leave(self, key: Key) -> None:
        """Nobody wants to know any more."""
        for questions in self._all():
            questions.pop(key, None)

    def take(self) -> Key | None:
        """What to answer next; the one who has waited longest is first."""
        for questions in self._all():
            if questions:
                return questions.popitem(last=False)[0]
        return None

    def _all(self) -> tuple[OrderedDict[Key, None], ...]:
        return self._waiting, *self._resumed.values()
