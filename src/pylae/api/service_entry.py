"""ServiceEntry: a service that Kubernetes does not know, with its ports and endpoints (Istio, networking.istio.io)."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.honour import NOT_YET
from pylae.api.meta import ApiVersion, KindName, Object, Part
from pylae.api.scalars import Open, UInt32, at_most, one_of
from pylae.api.workload_entry import WorkloadEntrySpec

LOCATIONS = ("MESH_EXTERNAL", "MESH_INTERNAL")
RESOLUTIONS = ("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS")


class ServiceEntryPort(Part, frozen=True, kw_only=True):
    """A port of the service."""

    number: Annotated[UInt32, Meta(description="Port that routes name. Required.")] = 0
    protocol: Annotated[
        str,
        at_most(length=256),
        Meta(description="HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS or MYSQL."),
    ] = ""
    name: Annotated[
        str, at_most(length=256), Meta(description="Name of the port, unique within the service. Required.")
    ] = ""
    target_port: Annotated[UInt32, Meta(description="Port of the endpoints; the same number if left out.")] = 0


class WorkloadSelector(Part, frozen=True, kw_only=True):
    """Chooses workloads by their labels."""

    labels: Annotated[
        dict[str, Annotated[str, at_most(length=63)]],
        at_most(entries=256),
        Meta(description="Labels that a workload must carry, all of them."),
    ] = field(default_factory=dict)


class ServiceEntrySpec(Part, frozen=True, kw_only=True):
    """The service, its ports and where its endpoints come from."""

    hosts: Annotated[
        tuple[str, ...],
        Meta(
            description="Names that routes use for the service; where DNS resolves it and no endpoints are listed, "
            "also what is looked up. Required.",
            extra_json_schema={"minItems": 1, "maxItems": 256},
        ),
    ] = ()
    addresses: Annotated[
        tuple[Annotated[str, at_most(length=64)], ...],
        at_most(items=256),
        Meta(description="Virtual addresses of the service, IPs or CIDR blocks.", extra=NOT_YET),
    ] = ()
    ports: Annotated[tuple[ServiceEntryPort, ...], at_most(items=256), Meta(description="Ports of the service.")] = ()
    location: Annotated[
        str,
        one_of(*LOCATIONS),
        Meta(description="Whether the service is outside the mesh (MESH_EXTERNAL) or part of it.", extra=NOT_YET),
    ] = "MESH_EXTERNAL"
    resolution: Annotated[
        str,
        one_of(*RESOLUTIONS),
        Meta(
            description="How endpoints are found: STATIC takes those listed, DNS asks for all addresses, "
            "DNS_ROUND_ROBIN for the next one, DYNAMIC_DNS looks up the host of each request, NONE goes where "
            "the client went."
        ),
    ] = "NONE"
    endpoints: Annotated[
        tuple[WorkloadEntrySpec, ...], at_most(items=4096), Meta(description="Endpoints, listed by hand.")
    ] = ()
    workload_selector: Annotated[
        WorkloadSelector | None, Meta(description="Pods and WorkloadEntries to take as endpoints.", extra=NOT_YET)
    ] = None
    export_to: Annotated[
        tuple[str, ...], Meta(description="Namespaces that see the service: names, `.` (its own) or `*` (all).")
    ] = ()
    subject_alt_names: Annotated[
        tuple[str, ...],
        Meta(description="Names of which the service's certificate must carry one.", extra=NOT_YET),
    ] = ()


class ServiceEntry(Object, frozen=True, kw_only=True):
    """Makes a service known that Kubernetes does not know."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: KindName = "ServiceEntry"
    spec: Annotated[ServiceEntrySpec, Meta(description="The service that is wanted.")] = field(
        default_factory=ServiceEntrySpec
    )
    status: Annotated[Open, Meta(description="What became of it, as conditions.")] = field(default_factory=dict)
