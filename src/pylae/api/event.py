"""Event: something that happened to an object, as `kubectl describe` shows it (Kubernetes, core/v1)."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.meta import ApiVersion, KindName, Object, Part
from pylae.api.reference import ObjectReference
from pylae.api.scalars import Int32, Time


class EventSource(Part, frozen=True, kw_only=True):
    """Who tells of it."""

    component: Annotated[str, Meta(description="Program that tells of it.")] = ""
    host: Annotated[str, Meta(description="Node that the program runs on.")] = ""


class EventSeries(Part, frozen=True, kw_only=True):
    """How often it happened again."""

    count: Annotated[Int32, Meta(description="Times it happened so far.")] = 0
    last_observed_time: Annotated[Time | None, Meta(description="When it happened last.")] = None


class Event(Object, frozen=True, kw_only=True):
    """Something that happened to an object, and why."""

    api_version: ApiVersion = "v1"
    kind: KindName = "Event"
    involved_object: Annotated[ObjectReference, Meta(description="Object that it happened to.")] = field(
        default_factory=ObjectReference
    )
    reason: Annotated[str, Meta(description="Why, in one CamelCase word for programs.")] = ""
    message: Annotated[str, Meta(description="What happened, in a sentence for people.")] = ""
    source: Annotated[EventSource, Meta(description="Who tells of it.")] = field(default_factory=EventSource)
    first_timestamp: Annotated[Time | None, Meta(description="When it happened first.")] = None
    last_timestamp: Annotated[Time | None, Meta(description="When it happened last.")] = None
    count: Annotated[Int32, Meta(description="Times it happened.")] = 0
    type: Annotated[str, Meta(description="Normal or Warning.")] = ""
    event_time: Annotated[Time | None, Meta(description="When it happened first, to the microsecond.")] = None
    series: Annotated[EventSeries | None, Meta(description="How often it happened again.")] = None
    action: Annotated[str, Meta(description="What was being done to the object.")] = ""
    related: Annotated[ObjectReference | None, Meta(description="Another object that has to do with it.")] = None
    reporting_component: Annotated[str, Meta(description="Controller that tells of it.")] = ""
    reporting_instance: Annotated[str, Meta(description="Which instance of the controller.")] = ""
