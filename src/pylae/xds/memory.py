"""What Envoy accepted, remembered for as long as there may be a way back to it.

A version is of use while its name is wanted, and while another that is of use refers to it: an old route configuration
as long as the listener that names it may have to be kept.
"""

from collections import Counter
from collections.abc import Callable

from pylae.xds.resource import Key, Resource


class Memory:
    """`is_wanted` tells of a name whether it is to be served at all. To forget costs what is forgotten."""

    def __init__(self, is_wanted: Callable[[Key], bool]) -> None:
        self._is_wanted = is_wanted
        self._accepted: dict[Key, Resource] = {}
        self._referred: Counter[Key] = Counter()
        """How many of the accepted versions refer to a name."""

    def __len__(self) -> int:
        return len(self._accepted)

    def get(self, key: Key) -> Resource | None:
        """The version that was accepted last."""
        return self._accepted.get(key)

    def remember(self, resource: Resource) -> None:
        before = self._accepted.get(resource.key)
        self._accepted[resource.key] = resource
        self._referred.update(resource.needs)
        if before is not None:
            self._release(before)
        self.review(resource.key)

    def forget(self, key: Key) -> None:
        """Whatever it is of use for, there is no way back to it."""
        if gone := self._accepted.pop(key, None):
            self._release(gone)

    def review(self, key: Key) -> None:
        """Forget it unless it is of use."""
        if not self._is_wanted(key) and not self._referred[key]:
            self.forget(key)

    def _release(self, resource: Resource) -> None:
        self._referred.subtract(resource.needs)
        for key in resource.needs:
            if not self._referred[key]:
                del self._referred[key]
                self.review(key)
