"""Which lists of the built-in kinds strategic merge patch merges, and by which key. Every other list is replaced whole.

A path leads from the object through lists without an index: `spec.template.spec.containers.env`. The key is a field of
the items, or `SET` for a list of plain values. Clients compute their patches by the same table, which OpenAPI hands to
them; for the kinds whose schema is open here kubectl uses the one it has built in. The facts are Kubernetes'
(`patchMergeKey` of its types).
"""

from collections.abc import Mapping
from typing import Any, Final

from pylae.apimachinery.document import Json

SET: Final = ""
"""The "key" of a list of plain values that is merged as a set."""

METADATA: Final = {"metadata.ownerReferences": "uid", "metadata.finalizers": SET}
CONDITIONS: Final = {"status.conditions": "type"}

CONTAINER: Final = {"ports": "containerPort", "env": "name", "volumeMounts": "mountPath", "volumeDevices": "devicePath"}
POD_SPEC: Final = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "volumes": "name",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "schedulingGates": "name",
    "resourceClaims": "name",
    **{
        f"{containers}.{field}": key
        for containers in ("containers", "initContainers", "ephemeralContainers")
        for field, key in CONTAINER.items()
    },
}


def _pod_spec_at(path: str) -> dict[str, str]:
    return {f"{path}.{field}": key for field, key in POD_SPEC.items()}


_TEMPLATE: Final = {**CONDITIONS, **_pod_spec_at("spec.template.spec")}

_KEYS: Final[Mapping[str, Mapping[str, str]]] = {
    "namespaces": CONDITIONS,
    "services": {"spec.ports": "port", **CONDITIONS},
    "serviceaccounts": {"secrets": "name"},
    "nodes": {"spec.podCIDRs": SET, "status.addresses": "type", **CONDITIONS},
    "pods": {"status.podIPs": "ip", "status.hostIPs": "ip", **CONDITIONS, **_pod_spec_at("spec")},
    "persistentvolumeclaims": CONDITIONS,
    "deployments.apps": _TEMPLATE,
    "daemonsets.apps": _TEMPLATE,
    "statefulsets.apps": _TEMPLATE,
    "replicasets.apps": _TEMPLATE,
    "jobs.batch": _TEMPLATE,
    "cronjobs.batch": _pod_spec_at("spec.jobTemplate.spec.template.spec"),
    "horizontalpodautoscalers.autoscaling": CONDITIONS,
    "poddisruptionbudgets.policy": CONDITIONS,
}


def merge_keys(qualified_name: str) -> Mapping[str, str]:
    """The merge keys of a resource, such as `services` or `deployments.apps`: path to key."""
    return {**METADATA, **_KEYS.get(qualified_name, {})}


def marked(schema: Mapping[str, Any], keys: Mapping[str, str], path: str = "") -> Json:
    """The schema with the extensions by which clients know how to compute a strategic merge patch."""
    result = dict(schema)
    if path in keys:
        result["x-kubernetes-patch-strategy"] = "merge"
        if keys[path] != SET:
            result["x-kubernetes-patch-merge-key"] = keys[path]
    if "properties" in schema:
        below = f"{path}." if path else ""
        result["properties"] = {
            name: marked(member, keys, below + name) for name, member in schema["properties"].items()
        }
    if "properties" in schema.get("items", {}):
        result["items"] = marked(schema["items"], {key: keys[key] for key in keys if key != path}, path)
    return result
