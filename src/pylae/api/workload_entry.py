"""WorkloadEntry: an endpoint outside Kubernetes, such as a virtual machine (Istio, networking.istio.io)."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.honour import NOT_YET
from pylae.api.meta import ApiVersion, KindName, Object, Part
from pylae.api.scalars import Open, UInt32, at_most


class WorkloadEntrySpec(Part, frozen=True, kw_only=True):
    """An endpoint: an object of its own, or an item of a ServiceEntry's `endpoints`."""

    address: Annotated[
        str,
        at_most(length=256),
        Meta(description="IP address, or a host name where the ServiceEntry resolves by DNS; no port."),
    ] = ""
    ports: Annotated[
        dict[str, UInt32],
        at_most(entries=128),
        Meta(description="Ports of the endpoint, by the name of the service's port, where they differ."),
    ] = field(default_factory=dict)
    labels: Annotated[
        dict[str, str], at_most(entries=256), Meta(description="Labels, which subsets and selectors look at.")
    ] = field(default_factory=dict)
    network: Annotated[
        str,
        at_most(length=2048),
        Meta(description="Network the endpoint is in; those of one reach each other directly."),
    ] = ""
    locality: Annotated[
        str, at_most(length=2048), Meta(description="Where the endpoint stands, as region/zone/subzone.")
    ] = ""
    weight: Annotated[UInt32, Meta(description="Share of the traffic, relative to the other endpoints.")] = 0
    service_account: Annotated[str, at_most(length=253), Meta(description="Identity of the workload in the mesh.")] = ""


class WorkloadEntry(Object, frozen=True, kw_only=True):
    """Describes one endpoint outside Kubernetes."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: KindName = "WorkloadEntry"
    spec: Annotated[WorkloadEntrySpec, Meta(description="The endpoint.", extra=NOT_YET)] = field(
        default_factory=WorkloadEntrySpec
    )
    status: Annotated[Open, Meta(description="What became of it, as conditions.")] = field(default_factory=dict)
