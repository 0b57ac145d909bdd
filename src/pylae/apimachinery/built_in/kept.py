"""Kinds that are kept and given back though nothing here acts on them: what tutorials apply beside what matters.

A file with a Deployment must apply whole, or its Service would not be stored either. So the object is taken as it is,
with a warning that says what will not happen. Leases are quiet: who takes one wants only that it is kept.
"""

from dataclasses import dataclass
from typing import Final

RUNS_NOTHING: Final = "nothing runs it here: start the process yourself, then `pylae expose` its Service"
GRANTS_NOTHING: Final = "nothing enforces it here: whoever holds the kubeconfig may do everything"
ROUTES_NOTHING: Final = "nothing routes by it here: use a Gateway and a VirtualService"
DOES_NOTHING: Final = "nothing acts on it here"
CALLS_NOTHING: Final = "nothing calls it here: objects are judged by Pylae alone"
STORES_NOTHING: Final = "nothing makes volumes here"
QUIET: Final = ""

SPEC_AND_STATUS: Final = ("spec", "status")
SCALED: Final = ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A kind with an open schema: `fields` beside the metadata may be anything. `why` completes the warning."""

    group: str
    version: str = "v1"
    kind: str
    plural: str
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    namespaced: bool = True
    fields: tuple[str, ...] = SPEC_AND_STATUS
    why: str = DOES_NOTHING
    scales: bool = False

    @property
    def notice(self) -> str:
        """The warning for who creates or changes one; "" for none."""
        return f"{self.kind} is stored, but {self.why}" if self.why else ""


def _workload(group: str, kind: str, *short_names: str) -> Kept:
    return Kept(
        group=group,
        kind=kind,
        plural=f"{kind.lower()}s",
        short_names=short_names,
        categories=("all",),
        why=RUNS_NOTHING,
        scales=kind in SCALED,
    )


def _rbac(kind: str, *fields: str) -> Kept:
    namespaced = not kind.startswith("Cluster")
    return Kept(
        group="rbac.authorization.k8s.io",
        kind=kind,
        plural=f"{kind.lower()}s",
        namespaced=namespaced,
        fields=fields,
        why=GRANTS_NOTHING,
    )


def _cluster(group: str, kind: str, *fields: str, short_names: tuple[str, ...] = (), why: str = DOES_NOTHING) -> Kept:
    """A kind whose objects live in no namespace."""
    plural = f"{kind.lower()}es" if kind.endswith("ss") else f"{kind.lower()}s"
    if kind.endswith("Policy"):
        plural = f"{kind.lower()[:-1]}ies"
    return Kept(
        group=group, kind=kind, plural=plural, short_names=short_names, namespaced=False, fields=fields, why=why
    )


STORAGE_CLASS: Final = (
    "provisioner",
    "parameters",
    "reclaimPolicy",
    "volumeBindingMode",
    "allowVolumeExpansion",
    "mountOptions",
    "allowedTopologies",
)

KEPT: Final[tuple[Kept, ...]] = (
    Kept(group="", kind="PersistentVolumeClaim", plural="persistentvolumeclaims", short_names=("pvc",)),
    Kept(group="", kind="LimitRange", plural="limitranges", short_names=("limits",), fields=("spec",)),
    Kept(group="", kind="ResourceQuota", plural="resourcequotas", short_names=("quota",)),
    Kept(group="", kind="PodTemplate", plural="podtemplates", fields=("template",), why=RUNS_NOTHING),
    _workload("", "ReplicationController", "rc"),
    _cluster("", "PersistentVolume", *SPEC_AND_STATUS, short_names=("pv",), why=STORES_NOTHING),
    _workload("apps", "Deployment", "deploy"),
    _workload("apps", "DaemonSet", "ds"),
    _workload("apps", "StatefulSet", "sts"),
    _workload("apps", "ReplicaSet", "rs"),
    Kept(group="apps", kind="ControllerRevision", plural="controllerrevisions", fields=("data", "revision")),
    _workload("batch", "Job"),
    _workload("batch", "CronJob", "cj"),
    Kept(
        group="autoscaling",
        version="v2",
        kind="HorizontalPodAutoscaler",
        plural="horizontalpodautoscalers",
        short_names=("hpa",),
        categories=("all",),
    ),
    Kept(group="policy", kind="PodDisruptionBudget", plural="poddisruptionbudgets", short_names=("pdb",)),
    Kept(group="networking.k8s.io", kind="Ingress", plural="ingresses", short_names=("ing",), why=ROUTES_NOTHING),
    Kept(
        group="networking.k8s.io",
        kind="IngressClass",
        plural="ingressclasses",
        namespaced=False,
        fields=("spec",),
        why=ROUTES_NOTHING,
    ),
    Kept(
        group="networking.k8s.io",
        kind="NetworkPolicy",
        plural="networkpolicies",
        short_names=("netpol",),
        fields=("spec",),
    ),
    _rbac("Role", "rules"),
    _rbac("RoleBinding", "subjects", "roleRef"),
    _rbac("ClusterRole", "rules", "aggregationRule"),
    _rbac("ClusterRoleBinding", "subjects", "roleRef"),
    _cluster("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "webhooks", why=CALLS_NOTHING),
    _cluster("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "webhooks", why=CALLS_NOTHING),
    _cluster("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", *SPEC_AND_STATUS, why=CALLS_NOTHING),
    _cluster("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "spec", why=CALLS_NOTHING),
    _cluster("apiregistration.k8s.io", "APIService", *SPEC_AND_STATUS, why=CALLS_NOTHING),
    _cluster("certificates.k8s.io", "CertificateSigningRequest", *SPEC_AND_STATUS, short_names=("csr",)),
    _cluster("node.k8s.io", "RuntimeClass", "handler", "overhead", "scheduling"),
    _cluster(
        "scheduling.k8s.io",
        "PriorityClass",
        *("value", "globalDefault", "description", "preemptionPolicy"),
        short_names=("pc",),
    ),
    _cluster("storage.k8s.io", "StorageClass", *STORAGE_CLASS, short_names=("sc",), why=STORES_NOTHING),
    Kept(group="coordination.k8s.io", kind="Lease", plural="leases", fields=("spec",), why=QUIET),
)
