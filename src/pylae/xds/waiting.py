"""Who waits for whom: what cannot be said yet is looked at again only when what it waits for was stirred."""

from collections.abc import Mapping

from pylae.xds.resource import Key, Type


class Waiting:
    """Each name waits for one other at a time; whatever else it needs is found when that one has come."""

    def __init__(self) -> None:
        self._for: dict[Type, dict[str, Key]] = {type_: {} for type_ in Type}
        self._who: dict[Key, dict[Key, None]] = {}

    def names(self, type_: Type) -> Mapping[str, Key]:
        """The names of one type that wait, and what each waits for."""
        return self._for[type_]

    def wait(self, who: Key, reason: Key) -> None:
        """`who` is not to be looked at before `reason` was stirred."""
        self.forget(who)
        self._for[who[0]][who[1]] = reason
        self._who.setdefault(reason, {})[who] = None

    def forget(self, who: Key) -> None:
        reason = self._for[who[0]].pop(who[1], None)
        if reason is not None:
            waiting = self._who[reason]
            del waiting[who]
            if not waiting:
                del self._who[reason]

    def wake(self, reason: Key) -> tuple[Key, ...]:
        """Those that waited for it, in the order in which they came."""
        woken = tuple(self._who.get(reason, ()))
        for who in woken:
            self.forget(who)
        return woken
