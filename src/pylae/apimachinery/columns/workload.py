"""What `kubectl get` prints of nodes, pods and what makes pods, as a Kubernetes API server does."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from pylae.apimachinery.columns.column import (
    AGE,
    NAME,
    NONE,
    UNKNOWN,
    Column,
    Read,
    dig,
    objects,
    pairs,
    parse_time,
    since,
    text,
    wide,
)

ROLE_LABEL: Final = "node-role.kubernetes.io/"


def _statuses(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return objects(pod, "status", "containerStatuses")


def _ready(pod: Mapping[str, Any], _now: datetime) -> str:
    statuses = _statuses(pod)
    return (
        f"{sum(bool(s.get('ready')) for s in statuses)}/{max(len(statuses), len(objects(pod, 'spec', 'containers')))}"
    )


def _status(pod: Mapping[str, Any], _now: datetime) -> str:
    if dig(pod, "metadata", "deletionTimestamp"):
        return "Terminating"
    return str(next(_troubles(pod), None) or dig(pod, "status", "phase") or UNKNOWN)


def _troubles(pod: Mapping[str, Any]) -> Iterator[Any]:
    """Why the pod or a container of it does not run, the nearest reason first."""
    for status in _statuses(pod):
        for state in ("waiting", "terminated"):
            if reason := dig(status, "state", state, "reason"):
                yield reason
    if reason := dig(pod, "status", "reason"):
        yield reason


def _restarts(pod: Mapping[str, Any], now: datetime) -> str:
    counts = (status.get("restartCount") for status in _statuses(pod))
    restarts = sum(count for count in counts if isinstance(count, int))
    ends = [parse_time(dig(status, "lastState", "terminated", "finishedAt")) for status in _statuses(pod)]
    last = max((end for end in ends if end), default=None)
    return f"{restarts} ({since(last.isoformat(), now)} ago)" if restarts and last else str(restarts)


def _node_status(node: Mapping[str, Any], _now: datetime) -> str:
    ready = [c.get("status") for c in objects(node, "status", "conditions") if c.get("type") == "Ready"]
    words = ["Ready" if ready[0] == "True" else "NotReady"] if ready else ["Unknown"]
    return ",".join([*words, *(["SchedulingDisabled"] if dig(node, "spec", "unschedulable") else [])])


def _roles(node: Mapping[str, Any], _now: datetime) -> str:
    labels = dig(node, "metadata", "labels") or {}
    return ",".join(sorted(key.removeprefix(ROLE_LABEL) for key in labels if key.startswith(ROLE_LABEL))) or NONE


def _address(kind: str) -> Read:
    def read(node: Mapping[str, Any], _now: datetime) -> str:
        found = (a.get("address") for a in objects(node, "status", "addresses") if a.get("type") == kind)
        return str(next(found, NONE))

    return read


def _ready_replicas(obj: Mapping[str, Any], _now: datetime) -> str:
    return f"{dig(obj, 'status', 'readyReplicas') or 0}/{dig(obj, 'spec', 'replicas') or 0}"


def _images(obj: Mapping[str, Any], _now: datetime) -> str:
    containers = objects(obj, "spec", "template", "spec", "containers")
    return ",".join(str(container.get("image", "")) for container in containers) or NONE


WORKLOAD: Final[Mapping[str, tuple[Column, ...]]] = {
    "nodes": (
        NAME,
        Column("Status", _node_status),
        Column("Roles", _roles),
        AGE,
        Column("Version", text("status", "nodeInfo", "kubeletVersion")),
        wide("Internal-IP", _address("InternalIP")),
        wide("External-IP", _address("ExternalIP")),
        wide("OS-Image", text("status", "nodeInfo", "osImage", absent=UNKNOWN)),
        wide("Kernel-Version", text("status", "nodeInfo", "kernelVersion", absent=UNKNOWN)),
        wide("Container-Runtime", text("status", "nodeInfo", "containerRuntimeVersion", absent=UNKNOWN)),
    ),
    "pods": (
        NAME,
        Column("Ready", _ready),
        Column("Status", _status),
        Column("Restarts", _restarts),
        AGE,
        wide("IP", text("status", "podIP", absent=NONE)),
        wide("Node", text("spec", "nodeName", absent=NONE)),
    ),
    "deployments.apps": (
        NAME,
        Column("Ready", _ready_replicas),
        Column("Up-to-date", text("status", "updatedReplicas", absent="0")),
        Column("Available", text("status", "availableReplicas", absent="0")),
        AGE,
        wide("Images", _images),
        wide("Selector", pairs("spec", "selector", "matchLabels")),
    ),
    "statefulsets.apps": (NAME, Column("Ready", _ready_replicas), AGE, wide("Images", _images)),
}
