"""The scheme: every kind that Pylae reads or writes, by Kubernetes' names. Adding a kind is adding a row."""

from dataclasses import dataclass

from pylae.api.core import ConfigMap, Endpoints, Event, Namespace, Node, Pod, Secret, Service, ServiceAccount
from pylae.api.destination_rule import DestinationRule
from pylae.api.discovery import EndpointSlice
from pylae.api.gateway import Gateway
from pylae.api.meta import Object
from pylae.api.service_entry import ServiceEntry
from pylae.api.virtual_service import VirtualService
from pylae.api.workload_entry import WorkloadEntry


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object, in every version it comes in; all of them are read by the same type.

    - `group`: "" for the core group
    - `versions`: preferred first
    """

    group: str
    versions: tuple[str, ...]
    kind: str
    plural: str
    singular: str
    type: type[Object]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    namespaced: bool = True

    def __hash__(self) -> int:
        return hash(self.plural)  # its plural tells a kind from nearly all others, and no other field need be looked at

    @property
    def api_version(self) -> str:
        """`networking.istio.io/v1`, or `v1` for the core group, in the preferred version."""
        return self.group_version(self.versions[0])

    def group_version(self, version: str) -> str:
        """A version of this kind as objects spell it in `apiVersion`."""
        return f"{self.group}/{version}" if self.group else version

    def __str__(self) -> str:
        return self.kind


def _core(type_: type[Object], plural: str, *short_names: str, all_: bool = False, namespaced: bool = True) -> Kind:
    name = type_.__name__
    categories = ("all",) if all_ else ()
    return Kind("", ("v1",), name, plural, name.lower(), type_, short_names, categories, namespaced)


def _istio(type_: type[Object], plural: str, *short_names: str) -> Kind:
    name = type_.__name__
    categories = ("istio-io", "networking-istio-io")
    versions = ("v1", "v1beta1", "v1alpha3")
    return Kind("networking.istio.io", versions, name, plural, name.lower(), type_, short_names, categories)


NAMESPACE = _core(Namespace, "namespaces", "ns", namespaced=False)
SECRET = _core(Secret, "secrets")
CONFIG_MAP = _core(ConfigMap, "configmaps", "cm")
SERVICE = _core(Service, "services", "svc", all_=True)
ENDPOINTS = _core(Endpoints, "endpoints", "ep")
EVENT = _core(Event, "events", "ev")
SERVICE_ACCOUNT = _core(ServiceAccount, "serviceaccounts", "sa")
NODE = _core(Node, "nodes", "no", namespaced=False)
POD = _core(Pod, "pods", "po", all_=True)
ENDPOINT_SLICE = Kind("discovery.k8s.io", ("v1",), "EndpointSlice", "endpointslices", "endpointslice", EndpointSlice)
GATEWAY = _istio(Gateway, "gateways", "gw")
VIRTUAL_SERVICE = _istio(VirtualService, "virtualservices", "vs")
DESTINATION_RULE = _istio(DestinationRule, "destinationrules", "dr")
SERVICE_ENTRY = _istio(ServiceEntry, "serviceentries", "se")
WORKLOAD_ENTRY = _istio(WorkloadEntry, "workloadentries", "we")

KINDS: tuple[Kind, ...] = (
    NAMESPACE,
    SECRET,
    CONFIG_MAP,
    SERVICE,
    ENDPOINTS,
    EVENT,
    SERVICE_ACCOUNT,
    NODE,
    POD,
    ENDPOINT_SLICE,
    GATEWAY,
    VIRTUAL_SERVICE,
    DESTINATION_RULE,
    SERVICE_ENTRY,
    WORKLOAD_ENTRY,
)

_BY_NAME = {(kind.group_version(version), kind.kind): kind for kind in KINDS for version in kind.versions}


def kind_of(group_version: str, kind: str) -> Kind | None:
    """The kind that an object's `apiVersion` and `kind` name, or None if Pylae does not know it."""
    return _BY_NAME.get((group_version, kind))
