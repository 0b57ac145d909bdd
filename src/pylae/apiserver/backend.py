"""What every verb stands on, and what it is asked: the two arguments that all handlers share."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from aiohttp import web

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, too_many_requests
from pylae.apimachinery.object import SUFFIX_ALPHABET, Birth
from pylae.apimachinery.resource import Registry, Resource
from pylae.apimachinery.review import User
from pylae.apiserver.cache import Cache
from pylae.apiserver.catalogue import Catalogue
from pylae.apiserver.entry import Key
from pylae.apiserver.journal import Journal
from pylae.apiserver.negotiation import Form, Spelling
from pylae.apiserver.query import Query
from pylae.apiserver.settings import Limits


@dataclass(frozen=True, slots=True)
class Admission:
    """What the rest of the program thinks of an object: `errors` refuse it, `warnings` go to the user with the
    answer."""

    errors: tuple[Cause, ...] = ()
    warnings: tuple[str, ...] = ()


Admit = Callable[[Resource, Json], Admission]
"""Judges an object that is structurally sound, before it is stored."""


def admit_all(resource: Resource, obj: Json) -> Admission:  # noqa: ARG001
    """No opinion."""
    return Admission()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which log of which pod, as `kubectl logs` asks for it. `tail_lines` None is all of it; `since_seconds` None is
    ever."""

    namespace: str
    pod: str
    container: str = ""
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since_seconds: int | None = None


class Logs(Protocol):
    """Gives the log of a pod in pieces; with `follow` it goes on until the reader leaves."""

    def __call__(self, query: LogQuery, /) -> AsyncIterator[bytes]: ...


class Places:
    """A bounded number of long-lived answers (watches, followed logs)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0

    @contextmanager
    def take(self) -> Iterator[None]:
        """Holds a place. Raises a 429 `Failure` when there is none."""
        if self._taken >= self._limit:
            raise too_many_requests(f"there are {self._limit} open watches already: close some, or try again later")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The parts that serve requests."""

    catalogue: Catalogue
    cache: Cache
    journal: Journal
    clock: Callable[[], datetime]
    limits: Limits
    places: Places
    admit: Admit = admit_all
    logs: Logs | None = None

    @property
    def registry(self) -> Registry:
        """What is served now."""
        return self.catalogue.registry

    def birth(self) -> Birth:
        """What a new object gets from outside."""
        entropy = secrets.token_bytes(21)
        suffix = "".join(SUFFIX_ALPHABET[byte % len(SUFFIX_ALPHABET)] for byte in entropy[16:])
        return Birth(str(UUID(bytes=entropy[:16], version=4)), self.clock(), suffix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to one resource: who asks, what about, and how it wants the answer."""

    request: web.Request
    user: User
    resource: Resource
    version: str
    namespace: str
    name: str
    subresource: str
    query: Query
    form: Form = field(default=Form.OBJECT)

    @property
    def key(self) -> Key:
        return Key(self.resource.storage_name, self.namespace, self.name)

    def spelling(self, now: datetime) -> Spelling:
        """How to write the answer."""
        return Spelling(
            resource=self.resource, version=self.version, form=self.form, now=now, include=self.query.include_object
        )
