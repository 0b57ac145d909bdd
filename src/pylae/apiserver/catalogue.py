"""What is served at this moment: Pylae's own kinds and those that users defined.

It listens to the definitions like a watch, so a kind is there, or gone, when whoever wrote its definition is answered.
Each change makes another `Registry`; a request goes on with the one it began with.
"""

import logging
from collections.abc import Callable
from typing import Final

from pylae.apimachinery.custom.definition_schema import DEFINITIONS
from pylae.apimachinery.custom.definition_status import is_established
from pylae.apimachinery.custom.resource import custom_resource
from pylae.apimachinery.document import Json
from pylae.apimachinery.registry import extended, is_own
from pylae.apimachinery.resource import Registry, Resource
from pylae.apiserver.cache import Cache
from pylae.apiserver.entry import Event, Verb

logger = logging.getLogger(__name__)


class Catalogue:
    """`registry` is what is served now. It is fed by `Cache.listen`."""

    def __init__(self, own: Registry, when_gone: Callable[[str], None] = lambda _: None) -> None:
        self.registry = own
        self._own: Final = own
        self._when_gone = when_gone
        self._custom: dict[str, Resource] = {}

    @classmethod
    def over(cls, own: Registry, cache: Cache) -> "Catalogue":
        """The catalogue of a store: with the definitions that are there, and every change of them from now on."""
        catalogue = cls(own, cache.end_watches_of)
        for entry in cache.walk(DEFINITIONS):
            catalogue._learn(entry.object)
        catalogue._remake()
        cache.listen(DEFINITIONS, catalogue)
        return catalogue

    def offer(self, event: Event) -> None:
        """Takes note of a change of a definition."""
        name = event.entry.key.name
        before = self._custom.pop(name, None)
        if event.verb is not Verb.DELETED:
            self._learn(event.entry.object)
        if before or name in self._custom:
            self._remake()
        if before and name not in self._custom:
            self._when_gone(name)

    def close(self) -> None:
        """A listener's end: nothing is left to do."""

    def _learn(self, definition: Json) -> None:
        """A definition that cannot be served, which none is that was checked, takes no other down with it."""
        name = definition["metadata"]["name"]
        if not is_established(definition) or is_own(self._own, name):
            return
        metadata = self._own.named(DEFINITIONS).schema["properties"]["metadata"]
        try:
            resource = custom_resource(definition, metadata)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            logger.exception("the definition %s cannot be served: this is a bug in Pylae", name)
            return
        if resource:
            self._custom[name] = resource

    def _remake(self) -> None:
        self.registry = extended(self._own, self._custom.values())
