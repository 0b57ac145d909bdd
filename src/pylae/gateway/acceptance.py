"""What Envoy accepted on one stream, read off what the two sides say to each other, and kept in the stored
configuration.

A resource counts as soon as its response is acknowledged. Of a response that is refused Envoy keeps what it had, but
for listeners and clusters, which it takes one by one and of which it names those that it refuses.
"""

from collections.abc import Mapping
from typing import Protocol

from pylae.xds.absence import stand_in
from pylae.xds.attribution import attribute
from pylae.xds.message import Request, Response, with_initial_versions
from pylae.xds.resource import Key, Resource, Type
from pylae.xds.subscription import TOGETHER

LOST = "lost"
"""The version that a control plane is told of a resource of which only Envoy has the bytes: so it is sent once more."""


class Store(Protocol):
    """What is kept, by type and name."""

    @property
    def versions(self) -> Mapping[Type, Mapping[str, str]]: ...

    def put(self, resource: Resource) -> None: ...

    def drop(self, key: Key) -> None: ...


class Acceptance:
    """One stream's bookkeeping. What was stored and Envoy did not come with is *stale*: what of that it is not given
    within a while is not part of its configuration any more."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sent: dict[str, Response] = {}
        self._begun: set[Type] = set()
        self._stale: set[Key] = set()

    def sent(self, response: Response) -> None:
        """Envoy is told this."""
        self._sent[response.nonce] = response

    def heard(self, request: Request, body: bytes) -> bytes:
        """Envoy says this. Gives back what a control plane is to be told: the same bytes, but where Envoy has what was
        never stored."""
        if response := self._sent.pop(request.nonce, None):
            self._settle(response, request.error)
        for name in request.unsubscribe:
            self._store.drop((request.type, name))
        return body if request.type in self._begun else self._begin(request, body)

    def forget_stale(self) -> None:
        """All that this Envoy shall have has come."""
        for key in self._stale:
            self._store.drop(key)
        self._stale.clear()

    def _begin(self, request: Request, body: bytes) -> bytes:
        """The first request of a type says what Envoy has of it from an earlier stream."""
        self._begun.add(request.type)
        stored, has = self._store.versions[request.type], request.initial_versions
        self._stale.update((request.type, name) for name in stored if name not in has)
        told = {name: self._version(request.type, name, version) for name, version in has.items()}
        return body if told == has else with_initial_versions(body, told)

    def _version(self, type_: Type, name: str, version: str) -> str:
        """What stands in for something that does not exist can be made here as well as anywhere."""
        said_absent = stand_in(type_, name)
        if said_absent and said_absent.version == version:
            self._store.put(said_absent)
        return version if self._store.versions[type_].get(name) == version else LOST

    def _settle(self, response: Response, error: str | None) -> None:
        blamed = {} if error is None else attribute(error, tuple(each.name for each in response.resources))
        if error is not None and not (response.type in TOGETHER and blamed):
            return
        for resource in response.resources:
            if resource.name not in blamed:
                self._store.put(resource)
                self._stale.discard(resource.key)
        for name in response.removed:
            self._store.drop((response.type, name))
