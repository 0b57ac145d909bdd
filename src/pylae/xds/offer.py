"""What a client was offered, and what it has: of one name, and of one response."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pylae.xds.resource import Key, Resource


@dataclass(frozen=True, slots=True)
class Held:
    """A version that the client has. `needs` is None where nobody knows what the version refers to: another control
    plane sent it, or it is one of two. With `absent` the client was told that there is nothing."""

    version: str
    needs: tuple[Key, ...] | None = None
    absent: bool = False


UNKNOWN = Held("?")


@dataclass(frozen=True, slots=True)
class Offer:
    """A response that was not answered yet. `stand_ins` say that a name does not exist, for some types `removed` do."""

    nonce: str
    resources: Mapping[str, Resource] = field(default_factory=dict)
    stand_ins: Mapping[str, Resource] = field(default_factory=dict)
    removed: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all resources that it carries."""
        return (*self.resources, *self.stand_ins)

    @property
    def said(self) -> tuple[str, ...]:
        """All names that it says something about."""
        return (*self.names, *self.removed)
