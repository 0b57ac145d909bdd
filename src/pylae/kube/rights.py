"""What `pylae run` asks of a cluster, and nothing more: the table that its roles are made of, and the words for a right
that is missing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pylae.kube.errors import Forbidden, KubeError
from pylae.model.control_plane import AUTHORITY, MESH_CONFIG, ROLL, STATUS_LEASE

Json = dict[str, Any]

ISTIO = "networking.istio.io"


class Where(StrEnum):
    """Where a right is needed: everywhere, in the namespaces of gateways, or in the control plane's own."""

    CLUSTER = "cluster"
    GATEWAYS = "gateways"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Right:
    """One rule of a role (kubernetes.io, "Using RBAC Authorization"); `names` narrow it to objects of those names."""

    where: Where
    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    why: str
    names: tuple[str, ...] = ()

    def rule(self) -> Json:
        """As `rules` of a Role have it."""
        made: Json = {"apiGroups": [self.group], "resources": list(self.resources), "verbs": list(self.verbs)}
        return {**made, "resourceNames": list(self.names)} if self.names else made


FOLLOW = ("list", "watch")

RIGHTS = (
    Right(
        Where.CLUSTER,
        ISTIO,
        ("destinationrules", "gateways", "serviceentries", "virtualservices"),
        FOLLOW,
        "what is to be served",
    ),
    Right(Where.CLUSTER, ISTIO, ("gateways", "virtualservices"), ("get",), "a status is read before it is written"),
    Right(Where.CLUSTER, ISTIO, ("gateways/status", "virtualservices/status"), ("patch",), "what became of them"),
    Right(Where.CLUSTER, "", ("services",), FOLLOW, "hosts and ports that routes name"),
    Right(Where.CLUSTER, "discovery.k8s.io", ("endpointslices",), FOLLOW, "where the pods of Services are"),
    Right(Where.CLUSTER, "", ("events",), ("create", "get", "patch"), "findings on users' objects"),
    Right(
        Where.CLUSTER,
        "authentication.k8s.io",
        ("tokenreviews",),
        ("create",),
        "gateways that join by a service account's token",
    ),
    Right(Where.GATEWAYS, "", ("secrets",), FOLLOW, "certificates and keys that gateways of the namespace serve"),
    Right(Where.GATEWAYS, "", ("configmaps",), ("create",), "ConfigMap `pylae-ca`: whom gateways are to trust"),
    Right(Where.GATEWAYS, "", ("configmaps",), ("get", "patch"), "the same, when it changes", (AUTHORITY,)),
    Right(Where.OWN, "", ("configmaps",), FOLLOW, "the mesh configuration", (MESH_CONFIG,)),
    Right(Where.OWN, "", ("configmaps",), ("create",), "ConfigMap `pylae-gateways`: the kinds of gateways there are"),
    Right(Where.OWN, "", ("configmaps",), ("list", "patch", "watch"), "the same, of all replicas", (ROLL,)),
    Right(Where.OWN, "coordination.k8s.io", ("leases",), ("create",), "Lease `pylae-status`: who writes status"),
    Right(Where.OWN, "coordination.k8s.io", ("leases",), ("get", "update"), "the same, to hold it", (STATUS_LEASE,)),
    Right(Where.OWN, "", ("secrets",), ("create",), "Secret `pylae-ca`: the authority of gateways' certificates"),
    Right(Where.OWN, "", ("secrets",), ("get",), "the same, in every replica", (AUTHORITY,)),
)
"""`deploy` makes its roles of this table. A list or watch under a name is one by the field selector `metadata.name`."""


def rules(where: Where, rights: Iterable[Right] = RIGHTS) -> Iterator[Json]:
    """The rules of the role that is bound there."""
    return (right.rule() for right in rights if right.where is where)


_REFUSED = re.compile(r'cannot (?P<verb>[a-z]+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"')
"""How an API server words a right that is missing (k8s.io/apiserver, responsewriters)."""


def in_words(error: KubeError) -> str:
    """The error, and for a right that is missing what to do about it."""
    found = _REFUSED.search(str(error)) if isinstance(error, Forbidden) else None
    if not found:
        return str(error)
    what = f"{found['resource']}.{found['group']}" if found["group"] else found["resource"]
    return f'{error}. Allow the verb "{found["verb"]}" on {what} in the role of this user'
