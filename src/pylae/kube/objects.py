"""The objects of one kind: held as bytes, made into objects when somebody reads them.

Of a hundred thousand objects few are of interest at a time. A body takes a fraction of the memory of the object that
it describes; the last thousand or two that were read are kept made, so that who reads one twice gets the same one.
"""

from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import Generic, TypeVar

from pylae.api.decode import Malformed, decode
from pylae.api.meta import Object, ObjectRef
from pylae.api.scheme import Kind
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.model.snapshot import Key

T = TypeVar("T")

RECENT = 1024
"""Objects of a kind that are kept made, and up to as many again."""


class Recent(Generic[T]):
    """What was read last, in two generations: a full one takes the place of the one before it.

    So nothing is moved about when something is read again, as the list of an LRU cache would have it.
    """

    def __init__(self, size: int = RECENT) -> None:
        self._size = size
        self._young: dict[Key, T] = {}
        self._old: dict[Key, T] = {}

    def get(self, key: Key) -> T | None:
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.keep(key, found)
        return found

    def keep(self, key: Key, made: T) -> None:
        if len(self._young) >= self._size:
            self._young, self._old = {}, self._young
        self._young[key] = made

    def drop(self, key: Key) -> None:
        self._young.pop(key, None)
        self._old.pop(key, None)


class Objects(Mapping[Key, Object]):
    """A mapping whose objects are decoded as they are read. It is live, and nobody but the store writes to it.

    An object that is none of its kind is not in it. That is noticed when it is first read, and until then it is
    counted: `values` and `items` pass it over.
    """

    def __init__(self, kind: Kind, place: str = "") -> None:
        self.kind = kind
        self.place = place
        """Where they are found in the snapshot."""
        self.is_listed = False
        """Whether all objects of the first list are here. What comes after it is read at once."""
        self.malformed: dict[Key, Finding] = {}
        self._bodies: dict[Key, bytes] = {}
        self._recent: Recent[Object] = Recent()

    def __getitem__(self, key: Key) -> Object:
        made = self._recent.get(key)
        if made is None:
            made = self._make(key)
            self._recent.keep(key, made)
        return made

    def __contains__(self, key: object) -> bool:
        return key in self._bodies and key not in self.malformed

    def __iter__(self) -> Iterator[Key]:
        return (key for key in self._bodies if key not in self.malformed) if self.malformed else iter(self._bodies)

    def __len__(self) -> int:
        return len(self._bodies) - len(self.malformed)

    def values(self) -> ValuesView[Object]:
        return _Values(self)

    def items(self) -> ItemsView[Key, Object]:
        return _Items(self)

    def bodies(self) -> Iterable[bytes]:
        """The JSON of all of them."""
        return self._bodies.values()

    def body(self, key: Key) -> bytes | None:
        return self._bodies.get(key)

    def held(self, key: Key) -> Object | bytes | None:
        """The object if it was read of late, else its body; None also for what is known to be none of its kind."""
        return None if key in self.malformed else self._recent.get(key) or self._bodies.get(key)

    def put(self, key: Key, body: bytes | None) -> None:
        """The object is new or different, or (None) gone."""
        if key in self._bodies:
            self._recent.drop(key)
            self.malformed.pop(key, None)
        if body is not None:
            self._bodies[key] = body
        else:
            self._bodies.pop(key, None)

    def read(self, key: Key, body: bytes) -> Object | None:
        """The object that this body is of, or was: the very one that is here, if it still is. None if there is none."""
        if self._bodies.get(key) is body:
            return self.get(key)
        try:
            return decode(self.kind, body)
        except Malformed:
            return None

    def glance(self, key: Key, body: bytes) -> Object | None:
        """As `read`, for one of a great many that are read once: it is not kept made, and takes no other's place."""
        try:
            return decode(self.kind, body)
        except Malformed:
            return self.read(key, body)

    def walk(self) -> Iterator[tuple[Key, Object]]:
        """All of them. Where there are more than are kept made, each is made for the walk alone: it would only take
        the place of one that somebody reads again."""
        is_short = len(self._bodies) <= RECENT
        for key in self:
            try:
                yield key, self[key] if is_short else self._recent.get(key) or self._make(key)
            except KeyError:  # it is none of its kind, as it turns out
                continue

    def _make(self, key: Key) -> Object:
        """Raises KeyError for what is not there, or is none of its kind."""
        if key in self.malformed:
            raise KeyError(key)
        try:
            return decode(self.kind, self._bodies[key])
        except Malformed as error:
            self.malformed[key] = _finding(ObjectRef(self.kind.kind, *key), error)
            raise KeyError(key) from None


class _Values(ValuesView[Object]):
    _mapping: Objects

    def __iter__(self) -> Iterator[Object]:
        return (made for _, made in self._mapping.walk())


class _Items(ItemsView[Key, Object]):
    _mapping: Objects

    def __iter__(self) -> Iterator[tuple[Key, Object]]:
        return self._mapping.walk()


def _finding(about: ObjectRef, error: Malformed) -> Finding:
    where = f"{error.path}: " if error.path else ""
    message = f"{where}{error.message}, so that this is no {about.kind}."
    return Finding(codes.INVALID, about, error.path, message, "Correct the field and apply the object again.")
