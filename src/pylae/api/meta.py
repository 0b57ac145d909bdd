"""What all objects have in common: identity, metadata, conditions (Kubernetes, meta/v1)."""

from dataclasses import dataclass
from sys import intern
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from pylae.api.scalars import Int64, Time


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A piece of an object: frozen, spelled in camelCase in JSON, without the fields that say nothing."""


class OwnerReference(Part, frozen=True, kw_only=True):
    """The object that this one belongs to, and with which it is deleted."""

    api_version: Annotated[str, Meta(description="Group and version of the owner.")] = ""
    kind: Annotated[str, Meta(description="Kind of the owner.")] = ""
    name: Annotated[str, Meta(description="Name of the owner.")] = ""
    uid: Annotated[str, Meta(description="Unique id of the owner.")] = ""
    controller: Annotated[bool | None, Meta(description="Whether the owner is the one that manages this object.")] = (
        None
    )
    block_owner_deletion: Annotated[
        bool | None, Meta(description="Whether the owner waits for this object when it is deleted in the foreground.")
    ] = None


class ObjectMeta(Part, frozen=True, kw_only=True):
    """Name, place, version and labels of an object."""

    name: Annotated[str, Meta(description="Name, unique among the objects of its kind in the namespace.")] = ""
    generate_name: Annotated[
        str, Meta(description="Beginning of the name that the server completes, for want of a name.")
    ] = ""
    namespace: Annotated[str, Meta(description="Namespace the object lives in; empty for kinds without one.")] = ""
    labels: Annotated[dict[str, str], Meta(description="Key and value pairs that selectors look at.")] = field(
        default_factory=dict
    )
    annotations: Annotated[
        dict[str, str], Meta(description="Key and value pairs for tools; selectors do not look at them.")
    ] = field(default_factory=dict)
    uid: Annotated[str, Meta(description="Unique id in space and time, given by the server.")] = ""
    resource_version: Annotated[
        str, Meta(description="Version of the stored object; an update that names an older one is refused.")
    ] = ""
    generation: Annotated[Int64, Meta(description="Counts the changes of what is wanted; status changes do not.")] = 0
    creation_timestamp: Annotated[
        Time, Meta(description="When the object was created, RFC 3339 in UTC; set by the server.")
    ] = ""
    deletion_timestamp: Annotated[
        Time | None, Meta(description="When deletion was asked for; set while finalizers remain.")
    ] = None
    deletion_grace_period_seconds: Annotated[
        Int64 | None, Meta(description="Seconds left to end gracefully once deletion was asked for.")
    ] = None
    finalizers: Annotated[
        tuple[str, ...], Meta(description="What has to be done before the object goes; it stays while any is listed.")
    ] = ()
    owner_references: Annotated[
        tuple[OwnerReference, ...], Meta(description="Objects this one belongs to; it goes when all of them have gone.")
    ] = ()
    managed_fields: Annotated[
        tuple[dict[str, Any], ...], Meta(description="Who set which field; kept for server-side apply.")
    ] = ()
    self_link: Annotated[str, Meta(description="Deprecated: no server fills it any more.")] = ""


class Condition(Part, frozen=True, kw_only=True):
    """One aspect of an object's state, as `kubectl wait --for=condition=…` reads it."""

    type: Annotated[str, Meta(description="Name of the aspect, such as Ready.")] = ""
    status: Annotated[str, Meta(description="True, False or Unknown.")] = ""
    reason: Annotated[str, Meta(description="Why, in one CamelCase word for programs.")] = ""
    message: Annotated[str, Meta(description="Why, in a sentence for people.")] = ""
    last_transition_time: Annotated[Time, Meta(description="When the status last changed.")] = ""
    observed_generation: Annotated[
        Int64 | None, Meta(description="Generation of the object that this condition speaks of.")
    ] = None


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """Names an object: `Gateway shop/old-gateway`, or `Node pylae` for a kind without namespaces."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


ApiVersion = Annotated[str, Meta(description="Group and version of the API that the object is written in.")]
KindName = Annotated[str, Meta(description="What kind of object this is.")]
Metadata = Annotated[ObjectMeta, Meta(description="Name, place, version and labels of the object.")]


class Object(Part, frozen=True, kw_only=True):
    """Anything that a user can apply: the base of Gateway, Secret and all other kinds."""

    api_version: ApiVersion = ""
    kind: KindName = ""
    metadata: Metadata = field(default_factory=ObjectMeta)

    @property
    def ref(self) -> ObjectRef:
        """The object's name in findings and messages."""
        return ObjectRef(intern(self.kind), intern(self.metadata.namespace), self.metadata.name)
