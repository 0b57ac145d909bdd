"""References from one object to another (Kubernetes, core/v1)."""

from typing import Annotated

from msgspec import Meta

from pylae.api.meta import Part


class ObjectReference(Part, frozen=True, kw_only=True):
    """Points at an object, or at a part of it."""

    kind: Annotated[str, Meta(description="Kind of the object.")] = ""
    namespace: Annotated[str, Meta(description="Namespace of the object.")] = ""
    name: Annotated[str, Meta(description="Name of the object.")] = ""
    uid: Annotated[str, Meta(description="Unique id of the object.")] = ""
    api_version: Annotated[str, Meta(description="Group and version of the object.")] = ""
    resource_version: Annotated[str, Meta(description="Version of the object that is meant.")] = ""
    field_path: Annotated[str, Meta(description="Part of the object that is meant, such as `spec.servers[0]`.")] = ""


class LocalObjectReference(Part, frozen=True, kw_only=True):
    """Points at an object of the same namespace."""

    name: Annotated[str, Meta(description="Name of the object.")] = ""
