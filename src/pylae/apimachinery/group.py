"""Groups and versions of the API: which groups are Kubernetes' own, and which of two versions is preferred."""

import re
from typing import Final, TypeAlias

BUILT_IN_GROUPS: Final = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    }
)

VersionOrder: TypeAlias = tuple[int, int, int, str]

_STABILITY: Final = {None: 0, "beta": 1, "alpha": 2}
_VERSION: Final = re.compile(r"v(?P<major>[1-9][0-9]*)(?:(?P<stability>alpha|beta)(?P<minor>[1-9][0-9]*))?")


def version_order(version: str) -> VersionOrder:
    """Sorts versions as Kubernetes prefers them: stable, then beta, then alpha, the higher first; then all others by
    their letters."""
    found = _VERSION.fullmatch(version)
    if not found:
        return (3, 0, 0, version)
    return (_STABILITY[found["stability"]], -int(found["major"]), -int(found["minor"] or 0), "")
