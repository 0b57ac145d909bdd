"""From what an Envoy says of itself to the kind of gateway that it is.

Its namespace is not its own to choose: it is that of its identity, and decides whose Secrets it is given. Labels are,
as they are for whoever may start a pod.
"""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import TypeVar

import grpc

from pylae.controlplane.discovery.identity import Identity, NotAdmittedError
from pylae.model.workload import GatewayWorkload
from pylae.xds.message import Node

T = TypeVar("T")

GATEWAY = "PYLAE_GATEWAY"
"""The metadata that says where ports are bound: `{"bind": "127.0.0.2", "nodePorts": false, "publish": {"443": 30443}}`.
What is left out is as in a pod: all addresses, and the port itself."""

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - a pod has its own
NAMES = ("app", "app.kubernetes.io/name")
NAMELESS = "gateway"

OF_ONE_POD = frozenset(
    {
        "apps.kubernetes.io/pod-index",
        "controller-revision-hash",
        "pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
    }
)
"""Labels that tell the pods of one kind apart. A rollout makes no new kind."""

LONGEST_LABEL, MOST_LABELS, MOST_PORTS = 512, 64, 1000
"""Far more than Kubernetes' limit for a label, and more labels and ports than anybody has: whoever joins may not fill
memory."""

LARGEST_SELF = 64 * 1024
"""Characters of all that an Envoy says of itself, which is kept for as long as it is here."""


def workload_of(node: Node, identity: Identity, cluster_domain: str = "cluster.local") -> GatewayWorkload:
    """Raises `NotAdmittedError`: PERMISSION_DENIED for another namespace than the identity's, else INVALID_ARGUMENT."""
    if len(node.id) + len(repr(node.metadata)) > LARGEST_SELF:
        raise _unfit("of this size", f"shorter than {LARGEST_SELF} characters")
    namespace = node.metadata.get("NAMESPACE")
    if namespace != identity.namespace:
        message = (
            f"The gateway says that its namespace is {str(namespace)[:63]!r}, but its identity is {identity}. "
            f"Start it with -n {identity.namespace}, or enrol it anew."
        )
        raise NotAdmittedError(grpc.StatusCode.PERMISSION_DENIED, message)
    labels, place = _labels(node.metadata.get("LABELS", {})), _mapping(GATEWAY, node.metadata.get(GATEWAY, {}))
    return GatewayWorkload(
        name=next((labels[name] for name in NAMES if labels.get(name)), NAMELESS),
        namespace=identity.namespace,
        labels=labels,
        cluster_domain=cluster_domain,
        bind_address=_address(place.get("bind", EVERY_ADDRESS)),
        node_ports=_flag(place.get("nodePorts", False)),
        publish=_ports(place.get("publish", {})),
    )


def _labels(value: object) -> dict[str, str]:
    found = _mapping("LABELS", value)
    labels = {name: text for name, text in found.items() if isinstance(text, str) and name not in OF_ONE_POD}
    is_fit = len(labels) <= MOST_LABELS and all(len(name) + len(text) <= LONGEST_LABEL for name, text in labels.items())
    if not is_fit or len(labels) < len(found.keys() - OF_ONE_POD):
        raise _unfit("LABELS", "a mapping of label names to label values")
    return labels


def _address(value: object) -> str:
    return _read(f"{GATEWAY}.bind", "an IP address", lambda: str(ip_address(str(value))))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _unfit(f"{GATEWAY}.nodePorts", "true or false")
    return value


def _ports(value: object) -> tuple[tuple[int, int], ...]:
    """Numbers come as Envoy's protobuf has them, with a fraction of nothing."""
    what, form = f"{GATEWAY}.publish", "a mapping of gateway ports to ports of the machine"
    pairs = _mapping(what, value).items()
    found = _read(what, form, lambda: sorted((int(gateway), int(float(str(host)))) for gateway, host in pairs))
    if len(found) > MOST_PORTS or not all(1 <= port <= 65535 for pair in found for port in pair):
        raise _unfit(what, form)
    return tuple(found)


def _mapping(what: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _unfit(what, "a mapping")
    return value


def _read(what: str, form: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (ValueError, OverflowError):
        raise _unfit(what, form) from None


def _unfit(what: str, form: str) -> NotAdmittedError:
    return NotAdmittedError(grpc.StatusCode.INVALID_ARGUMENT, f"The gateway's node metadata {what} is not {form}.")
