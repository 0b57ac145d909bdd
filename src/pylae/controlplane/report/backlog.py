"""The backlog of a start: every object whose status was written before this process began, looked at once.

Most of them are right. So they are read as lists, a page at a time, where one request each would be asked for to learn
nothing.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from pylae.api.scheme import Kind
from pylae.kube.client import Client
from pylae.kube.errors import Gone, NotFound
from pylae.kube.present import Present
from pylae.model.snapshot import Key

PAGE = 200
"""Objects that are asked for at a time: they are in memory until they were looked at."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An object, and what it says."""

    kind: Kind
    present: Present

    @property
    def key(self) -> Key:
        return self.present.key


class Backlog:
    """Objects of several kinds, one after the other."""

    def __init__(self, client: Client, kinds: Iterable[Kind]) -> None:
        self._client = client
        self._kinds = deque(kinds)
        self._token = ""
        self._page: deque[Seen] = deque()

    @property
    def is_empty(self) -> bool:
        return not self._page and not self._kinds

    async def next(self) -> Seen | None:
        """The next object; None if there is none, or none yet. Raises `ApiError`, `Unreachable`: ask again then."""
        if not self._page and self._kinds:
            await self._turn_page()
        return self._page.popleft() if self._page else None

    async def _turn_page(self) -> None:
        """A list that grew too old before its end is begun anew. A kind that the server does not have has no objects,
        and must not stand in the way of the others."""
        kind = self._kinds[0]
        try:
            page = await self._client.page(kind, "", self._token, limit=str(PAGE))
        except Gone:
            self._token = ""
            return
        except NotFound:
            if await self._client.serves(kind):
                raise
            self._kinds.popleft()
            return
        self._page.extend(Seen(kind, Present.read(body)) for body in page.items)
        self._token = page.continue_token
        if not self._token:
            self._kinds.popleft()
