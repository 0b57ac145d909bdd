"""Destination: the service that traffic goes to, as routes of every protocol and destination policies name it."""

from typing import Annotated

from msgspec import Meta

from pylae.api.meta import Part
from pylae.api.scalars import Double, Int32, UInt32


class PortSelector(Part, frozen=True, kw_only=True):
    """A port of a service, by number."""

    number: Annotated[UInt32, Meta(description="Number of the service's port.")] = 0


class Destination(Part, frozen=True, kw_only=True):
    """A service, and which of its ports and subsets."""

    host: Annotated[
        str, Meta(description="Name of the service; a short one is taken in the namespace of the object. Required.")
    ] = ""
    subset: Annotated[str, Meta(description="Subset that a DestinationRule defines for the host.")] = ""
    port: Annotated[
        PortSelector | None, Meta(description="Port of the service; may be left out where it has only one.")
    ] = None


class RouteDestination(Part, frozen=True, kw_only=True):
    """Where a TCP or TLS connection goes, and how often."""

    destination: Annotated[Destination | None, Meta(description="Service that is connected to. Required.")] = None
    weight: Annotated[Int32, Meta(description="Share of the connections, relative to the other destinations.")] = 0


class Percent(Part, frozen=True, kw_only=True):
    """A share of the requests."""

    value: Annotated[Double, Meta(description="Percent, from 0 to 100; fractions such as 0.1 are fine.")] = 0.0
