"""The built-in kinds that a gateway stands on (Kubernetes, core/v1). Of Node and Pod only the outline is described."""

from typing import Annotated

from msgspec import Meta, field
from msgspec.structs import force_setattr, replace

from pylae.api.event import Event, EventSeries, EventSource
from pylae.api.meta import ApiVersion, Condition, KindName, Object, Part
from pylae.api.reference import LocalObjectReference, ObjectReference
from pylae.api.scalars import Base64, Int32, Open, SecretBytes, SecretText
from pylae.api.service import Service, ServicePort, ServiceSpec, ServiceStatus

__all__ = [
    "ConfigMap",
    "EndpointAddress",
    "EndpointSubset",
    "Endpoints",
    "EndpointsPort",
    "Event",
    "EventSeries",
    "EventSource",
    "LocalObjectReference",
    "Namespace",
    "NamespaceSpec",
    "NamespaceStatus",
    "Node",
    "ObjectReference",
    "Pod",
    "Secret",
    "Service",
    "ServiceAccount",
    "ServicePort",
    "ServiceSpec",
    "ServiceStatus",
]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which `kubectl apply` keeps the whole manifest, the payload of a Secret included."""


class NamespaceSpec(Part, frozen=True, kw_only=True):
    """What a Namespace waits for."""

    finalizers: Annotated[tuple[str, ...], Meta(description="What has to be done before the Namespace goes.")] = ()


class NamespaceStatus(Part, frozen=True, kw_only=True):
    """What became of a Namespace."""

    phase: Annotated[str, Meta(description="Active or Terminating.")] = ""
    conditions: Annotated[tuple[Condition, ...], Meta(description="State, aspect by aspect.")] = ()


class Namespace(Object, frozen=True, kw_only=True):
    """A room for names: objects in different namespaces may share one."""

    api_version: ApiVersion = "v1"
    kind: KindName = "Namespace"
    spec: Annotated[NamespaceSpec, Meta(description="What the Namespace waits for.")] = field(
        default_factory=NamespaceSpec
    )
    status: Annotated[NamespaceStatus, Meta(description="What became of the Namespace.")] = field(
        default_factory=NamespaceStatus
    )


class Secret(Object, frozen=True, kw_only=True):
    """Certificates, keys and passwords.

    The payload prints redacted, and kubectl's last-applied annotation, which repeats it, is left out.
    """

    api_version: ApiVersion = "v1"
    kind: KindName = "Secret"
    type: Annotated[str, Meta(description="What the data are, such as kubernetes.io/tls; Opaque if left out.")] = ""
    data: Annotated[dict[str, SecretBytes], Meta(description="The payload by key, as base64.")] = field(
        default_factory=dict
    )
    string_data: Annotated[
        dict[str, SecretText], Meta(description="The payload by key as plain text: for writing only, becomes `data`.")
    ] = field(default_factory=dict)
    immutable: Annotated[bool | None, Meta(description="Whether the payload may never change.")] = None

    def __post_init__(self) -> None:
        if LAST_APPLIED in self.metadata.annotations:
            annotations = {key: text for key, text in self.metadata.annotations.items() if key != LAST_APPLIED}
            force_setattr(self, "metadata", replace(self.metadata, annotations=annotations))


class ConfigMap(Object, frozen=True, kw_only=True):
    """Configuration that is no secret."""

    api_version: ApiVersion = "v1"
    kind: KindName = "ConfigMap"
    data: Annotated[dict[str, str], Meta(description="The content by key, as text.")] = field(default_factory=dict)
    binary_data: Annotated[
        dict[str, Annotated[Base64, Meta(extra_json_schema={"format": "byte"})]],
        Meta(description="The content by key, as base64."),
    ] = field(default_factory=dict)
    immutable: Annotated[bool | None, Meta(description="Whether the content may never change.")] = None


class EndpointAddress(Part, frozen=True, kw_only=True):
    """The address of a backend."""

    ip: Annotated[str, Meta(description="IP address. Required.")] = ""
    hostname: Annotated[str, Meta(description="Name of the backend in the Service's DNS domain.")] = ""
    node_name: Annotated[str | None, Meta(description="Node the backend is on.")] = None
    target_ref: Annotated[ObjectReference | None, Meta(description="Object behind the address, such as a Pod.")] = None


class EndpointsPort(Part, frozen=True, kw_only=True):
    """A port that all addresses of a subset have."""

    name: Annotated[str, Meta(description="Name of the Service's port that this one serves.")] = ""
    port: Annotated[Int32, Meta(description="Port number. Required.")] = 0
    protocol: Annotated[str, Meta(description="Transport protocol; TCP if left out.")] = ""
    app_protocol: Annotated[str | None, Meta(description="Application protocol, such as http or grpc.")] = None


class EndpointSubset(Part, frozen=True, kw_only=True):
    """Addresses that have the same ports."""

    addresses: Annotated[tuple[EndpointAddress, ...], Meta(description="Addresses that take traffic.")] = ()
    not_ready_addresses: Annotated[
        tuple[EndpointAddress, ...], Meta(description="Addresses that are not ready for traffic.")
    ] = ()
    ports: Annotated[tuple[EndpointsPort, ...], Meta(description="Ports of the addresses.")] = ()


class Endpoints(Object, frozen=True, kw_only=True):
    """The addresses behind the Service of the same name; EndpointSlice is the newer form."""

    api_version: ApiVersion = "v1"
    kind: KindName = "Endpoints"
    subsets: Annotated[tuple[EndpointSubset, ...], Meta(description="Addresses, grouped by their ports.")] = ()


class ServiceAccount(Object, frozen=True, kw_only=True):
    """An identity for what runs in a namespace."""

    api_version: ApiVersion = "v1"
    kind: KindName = "ServiceAccount"
    secrets: Annotated[tuple[ObjectReference, ...], Meta(description="Secrets that the account may use.")] = ()
    image_pull_secrets: Annotated[
        tuple[LocalObjectReference, ...], Meta(description="Secrets for fetching images.")
    ] = ()
    automount_service_account_token: Annotated[
        bool | None, Meta(description="Whether pods get the account's token; the default is yes.")
    ] = None


class Pod(Object, frozen=True, kw_only=True):
    """A running workload; the gateway shows itself as one."""

    api_version: ApiVersion = "v1"
    kind: KindName = "Pod"
    spec: Annotated[Open, Meta(description="Containers and where they run.")] = field(default_factory=dict)
    status: Annotated[Open, Meta(description="What became of the containers.")] = field(default_factory=dict)


class Node(Object, frozen=True, kw_only=True):
    """A machine; the one that Pylae runs on shows itself as one."""

    api_version: ApiVersion = "v1"
    kind: KindName = "Node"
    spec: Annotated[Open, Meta(description="Addresses and properties of the machine.")] = field(default_factory=dict)
    status: Annotated[Open, Meta(description="State of the machine.")] = field(default_factory=dict)
