"""How the built-in kinds are put together, as far as it is not the rule: fields of a structure, lists of one piece.

A path leads from the object through lists without an index: `spec.template.spec.containers.env`. The facts are those
of Kubernetes' own types (`+listType`, `+listMapKey`, `+structType`, `+mapType`; client-go's applyconfigurations). They
are not the merge keys of strategic merge patch: there a Service's ports are told apart by `port` alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeAlias

from pylae.apimachinery.apply.topology import DEDUCED, OPEN, Topology


@dataclass(frozen=True, slots=True)
class Keyed:
    """A list whose items are told apart by these fields, each with the value that it has when it is left out."""

    keys: Mapping[str, Any]
    items_are_atomic: bool = False
    always: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A word for one of the other exceptions."""

    topology: Topology = field(repr=False)


Marks: TypeAlias = Mapping[str, Mark | Keyed]

MAP: Final = Mark(DEDUCED)
"""Members with names of the user's choice: labels, data, resources."""
ATOMIC: Final = Mark(Topology(others=OPEN, is_open=True, is_atomic=True))
SET: Final = Mark(Topology(others=OPEN, is_open=True, items=OPEN))
ALWAYS: Final = Mark(Topology(others=OPEN, is_open=True, always=True))
"""A structure that the type embeds, so that it is never added or removed."""
PLAIN: Final = Mark(OPEN)
"""The rule after all, where kinds like it have an exception."""


def _keyed(*names: str, **defaults: Any) -> Keyed:
    return Keyed({**dict.fromkeys(names, ""), **defaults})


def _at(path: str, marks: Marks) -> dict[str, Mark | Keyed]:
    return {f"{path}.{below}": mark for below, mark in marks.items()}


def _within(paths: Iterable[str], marks: Marks) -> dict[str, Mark | Keyed]:
    return {below: mark for path in paths for below, mark in _at(path, marks).items()}


BY_NAME: Final = _keyed("name")
REFERENCES: Final = Keyed({"name": ""}, items_are_atomic=True)

METADATA: Final[Marks] = {
    "annotations": MAP,
    "finalizers": SET,
    "labels": MAP,
    "ownerReferences": Keyed({"uid": ""}, items_are_atomic=True),
}
AMOUNTS: Final[Marks] = {"limits": MAP, "requests": MAP}
STATUS: Final[Marks] = {"status": ALWAYS, "status.conditions": _keyed("type")}
CLAIM_SPEC: Final[Marks] = {
    "dataSource": ATOMIC,
    "resources": ALWAYS,
    **_at("resources", AMOUNTS),
    "selector": ATOMIC,
}

CONTAINER: Final[Marks] = {
    "env": BY_NAME,
    **_within(
        ["env.valueFrom"],
        dict.fromkeys(("configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef"), ATOMIC),
    ),
    "ports": Keyed({"containerPort": 0, "protocol": "TCP"}),
    "resources": ALWAYS,
    "resources.claims": BY_NAME,
    **_at("resources", AMOUNTS),
    "volumeDevices": _keyed("devicePath"),
    "volumeMounts": _keyed("mountPath"),
    "volumeMounts.bindMountOptions": SET,
}

VOLUME: Final[Marks] = {
    **_within(
        ("cephfs", "cinder", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos"),
        {"secretRef": ATOMIC},
    ),
    "csi.nodePublishSecretRef": ATOMIC,
    "csi.volumeAttributes": MAP,
    "flexVolume.options": MAP,
    **_at("ephemeral.volumeClaimTemplate", {"metadata": ALWAYS, "spec": ALWAYS}),
    **_at("ephemeral.volumeClaimTemplate.metadata", METADATA),
    **_at("ephemeral.volumeClaimTemplate.spec", CLAIM_SPEC),
}

CONTAINERS: Final = ("containers", "initContainers", "ephemeralContainers")

POD_SPEC: Final[Marks] = {
    "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution": ATOMIC,
    **dict.fromkeys(CONTAINERS, BY_NAME),
    "containers": Keyed({"name": ""}, always=True),
    **_within(CONTAINERS, CONTAINER),
    "evictionResponders": REFERENCES,
    "hostAliases": _keyed("ip"),
    "imagePullSecrets": REFERENCES,
    "nodeSelector": ATOMIC,
    "overhead": MAP,
    "resourceClaims": BY_NAME,
    "resources.claims": BY_NAME,
    **_at("resources", AMOUNTS),
    "schedulingGates": BY_NAME,
    "topologySpreadConstraints": _keyed("topologyKey", "whenUnsatisfiable"),
    "topologySpreadConstraints.labelSelector": ATOMIC,
    "volumes": BY_NAME,
    **_at("volumes", VOLUME),
}

TEMPLATE: Final[Marks] = {
    "spec.selector": ATOMIC,
    "spec.template": ALWAYS,
    "spec.template.metadata": ALWAYS,
    **_at("spec.template.metadata", METADATA),
    "spec.template.spec": ALWAYS,
    **_at("spec.template.spec", POD_SPEC),
}

_MARKS: Final[Mapping[str, Marks]] = {
    "services": {
        "spec.ports": Keyed({"port": 0, "protocol": "TCP"}),
        "spec.selector": ATOMIC,
        "status.loadBalancer": ALWAYS,
    },
    "secrets": {"data": MAP, "stringData": MAP},
    "configmaps": {"data": MAP, "binaryData": MAP},
    "nodes": {
        "spec.podCIDRs": SET,
        "status.addresses": _keyed("type"),
        "status.allocatable": MAP,
        "status.capacity": MAP,
        "status.daemonEndpoints": ALWAYS,
        "status.daemonEndpoints.kubeletEndpoint": ALWAYS,
        "status.nodeInfo": ALWAYS,
    },
    "pods": {
        **_at("spec", POD_SPEC),
        "status.allocatedResources": MAP,
        "status.podIPs": _keyed("ip"),
        "status.resourceClaimStatuses": BY_NAME,
        "status.resources.claims": BY_NAME,
        **_at("status.resources", AMOUNTS),
    },
    "events": {"involvedObject": ATOMIC, "related": ATOMIC, "source": ALWAYS},
    "serviceaccounts": {"secrets": REFERENCES},
    "persistentvolumeclaims": {
        **_at("spec", CLAIM_SPEC),
        "status.allocatedResourceStatuses": MAP,
        "status.allocatedResources": MAP,
        "status.capacity": MAP,
    },
    "resourcequotas": {"spec.hard": MAP, "spec.scopeSelector": ATOMIC, "status.hard": MAP, "status.used": MAP},
    "deployments.apps": {**TEMPLATE, "spec.strategy": ALWAYS},
    "daemonsets.apps": {**TEMPLATE, "spec.updateStrategy": ALWAYS},
    "statefulsets.apps": {**TEMPLATE, "spec.updateStrategy": ALWAYS},
    "replicasets.apps": TEMPLATE,
    "jobs.batch": {
        **TEMPLATE,
        "status.conditions": PLAIN,
        "status.uncountedTerminatedPods.failed": SET,
        "status.uncountedTerminatedPods.succeeded": SET,
    },
    "cronjobs.batch": {
        "spec.jobTemplate": ALWAYS,
        "spec.jobTemplate.metadata": ALWAYS,
        "spec.jobTemplate.spec": ALWAYS,
        **_at("spec.jobTemplate.metadata", METADATA),
        **_at("spec.jobTemplate", TEMPLATE),
    },
    "horizontalpodautoscalers.autoscaling": {"spec.scaleTargetRef": ALWAYS},
    "poddisruptionbudgets.policy": {"spec.selector": ATOMIC, "status.disruptedPods": MAP},
    "ingresses.networking.k8s.io": {
        "spec.defaultBackend.resource": ATOMIC,
        "spec.defaultBackend.service.port": ATOMIC,
        "status.loadBalancer": ALWAYS,
    },
    "networkpolicies.networking.k8s.io": {"spec.podSelector": ATOMIC},
    "customresourcedefinitions.apiextensions.k8s.io": {"spec.names": ALWAYS, "status.acceptedNames": ALWAYS},
    "rolebindings.rbac.authorization.k8s.io": {"roleRef": ATOMIC},
    "clusterrolebindings.rbac.authorization.k8s.io": {"roleRef": ATOMIC},
}


@cache
def built_in(qualified_name: str) -> Topology:
    """The topology of a built-in kind, such as `services` or `deployments.apps`."""
    marks = {
        "metadata": ALWAYS,
        **_at("metadata", METADATA),
        "spec": ALWAYS,
        **STATUS,
        **_MARKS.get(qualified_name, {}),
    }
    return _grown(marks, "")


def _grown(marks: Marks, path: str) -> Topology:
    """The topology of one place, with all that is marked below it."""
    prefix = f"{path}." if path else ""
    names = {below[len(prefix) :].partition(".")[0] for below in marks if below.startswith(prefix)}
    fields = {name: _grown(marks, prefix + name) for name in sorted(names)}
    match marks.get(path):
        case Mark(topology) if not fields:
            return topology
        case Mark(topology):
            return Topology(fields=fields, others=OPEN, is_open=True, always=topology.always, items=topology.items)
        case Keyed(keys, items_are_atomic, always):
            items = Topology(fields=fields, others=OPEN, is_open=True, is_atomic=items_are_atomic)
            return Topology(others=OPEN, is_open=True, items=items, keys=keys, always=always)
        case None:
            return Topology(fields=fields, others=OPEN, is_open=True)
